// UDP sockets on two hosts. The Linux sequences were observed on Linux 6.18, call by call;
// FreeBSD's are facts observed on 13.0.
#include "stack/socket/udp_socket.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/stack/socket/two_hosts.h"

namespace drywire {
namespace {

constexpr uint32_t kOut = kPollOut | kPollWrNorm | kPollWrBand;  // 0x304
constexpr uint32_t kIn = kPollIn | kPollRdNorm;                  // 0x041

class LinuxUdp : public testing::Test, public TwoHosts {
 protected:
  LinuxUdp() : TwoHosts(LinuxProfile()) {}
};
class FreeBsdUdp : public testing::Test, public TwoHosts {
 protected:
  FreeBsdUdp() : TwoHosts(FreeBsdProfile()) {}
};

// --- Linux ---

TEST_F(LinuxUdp, AFreshSocket) {
  Sock s(a);
  EXPECT_EQ(s.Poll(), kOut);
  EXPECT_EQ(s.Local(), "0.0.0.0:0");
  EXPECT_EQ(s.Peer(), "kNotConnected");
  EXPECT_EQ(s.Send(), "kDestinationRequired");
  EXPECT_NE(s.Local(), "0.0.0.0:0");  // the failed send took a port
  EXPECT_EQ(s.Recv(), "kWouldBlock");
  EXPECT_EQ(s.Shutdown(SHUT_WR), "kNotConnected");  // and does it all the same:
  EXPECT_EQ(s.Send(), "kDestinationRequired");
  EXPECT_EQ(s.SendTo("127.0.0.1", 7001), "kSendShutDown");
  EXPECT_EQ(s.Poll(), kOut);
  EXPECT_EQ(s.Shutdown(SHUT_RD), "kNotConnected");
  EXPECT_EQ(s.Poll(), kOut | kIn | kPollHup | kPollRdHup);
  EXPECT_EQ(s.Recv(), "kWouldBlock");
  EXPECT_FALSE(s.socket().Listen(1, Credentials()).ok());
  EXPECT_FALSE(s.socket().Accept().ok());
}

TEST_F(LinuxUdp, DatagramsArriveWithTheirSource) {
  Sock s(a), t(b);
  ASSERT_EQ(t.Bind("10.0.0.2", 53), "0");
  ASSERT_EQ(s.Bind("0.0.0.0", 4000), "0");
  EXPECT_EQ(s.SendTo("10.0.0.2", 53, "hello"), "5");
  EXPECT_EQ(t.Recv(), "kWouldBlock");
  Settle();
  EXPECT_EQ(t.Poll(), kOut | kIn);
  EXPECT_EQ(t.Recv(MSG_PEEK), "'hello'");
  EXPECT_EQ(t.Recv(MSG_PEEK, 2), "'he'");
  EXPECT_EQ(t.last.flags, MSG_TRUNC);
  EXPECT_EQ(t.Recv(MSG_PEEK | MSG_TRUNC, 2), "'he'");
  EXPECT_EQ(t.last.bytes, 5u);
  EXPECT_EQ(t.Recv(), "'hello'");
  EXPECT_EQ(t.From(), "10.0.0.1:4000");
  EXPECT_EQ(t.Recv(), "kWouldBlock");
  EXPECT_EQ(s.SendTo("10.0.0.2", 53, ""), "0");
  Settle();
  EXPECT_EQ(t.Poll(), kOut | kIn);
  EXPECT_EQ(*t.socket().Readable(), 0u);
  EXPECT_EQ(t.Recv(), "''");
}

// Facts, Linux 30.
TEST_F(LinuxUdp, RefusedIsToldOnceToAConnectedSocket) {
  Sock s(a);
  EXPECT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Poll(), kOut | kPollErr);
  EXPECT_EQ(s.Send(), "kIcmpPortUnreachable");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Recv(), "kIcmpPortUnreachable");
  EXPECT_EQ(s.Recv(), "kWouldBlock");
  EXPECT_EQ(s.Poll(), kOut);
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Error(), "kIcmpPortUnreachable");
  EXPECT_EQ(s.Error(), "kNone");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.SendTo("10.0.0.2", 7001), "kIcmpPortUnreachable");
  EXPECT_EQ(s.SendTo("10.0.0.2", 7001), "3");
  Settle();
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Connect("10.0.0.2", 10), "0");  // does not discard it
  EXPECT_EQ(s.Error(), "kIcmpPortUnreachable");
}

TEST_F(LinuxUdp, RefusedIsNeverToldToAnUnconnectedSocket) {
  Sock s(a);
  EXPECT_EQ(s.SendTo("10.0.0.2", 9), "3");
  Settle();
  EXPECT_EQ(s.Poll(), kOut);
  EXPECT_EQ(s.Error(), "kNone");
  EXPECT_EQ(s.SendTo("10.0.0.2", 9), "3");
}

TEST_F(LinuxUdp, APendingErrorComesBeforeData) {
  Sock s(a), t(b);
  ASSERT_EQ(t.Bind("10.0.0.2", 53), "0");
  ASSERT_EQ(s.Bind("10.0.0.1", 4000), "0");
  ASSERT_EQ(s.Connect("10.0.0.2", 53), "0");
  EXPECT_EQ(t.SendTo("10.0.0.1", 4000, "xyz"), "3");
  Settle();
  t.Close();
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Poll(), kOut | kIn | kPollErr);
  EXPECT_EQ(s.Recv(MSG_PEEK), "kIcmpPortUnreachable");
  EXPECT_EQ(s.Recv(), "'xyz'");
}

TEST_F(LinuxUdp, PortZero) {
  Sock s(a);
  EXPECT_EQ(s.SendTo("10.0.0.2", 0), "kDestinationPortZero");
  EXPECT_EQ(s.Connect("10.0.0.2", 0), "0");
  EXPECT_EQ(s.Peer(), "kNotConnected");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Error(), "kIcmpPortUnreachable");
  EXPECT_EQ(s.Shutdown(SHUT_WR), "0");
}

TEST_F(LinuxUdp, WildcardDestinationIsLoopback) {
  Sock s(a), v6(a, AF_INET6);
  EXPECT_EQ(s.Connect("0.0.0.0", 9), "0");
  EXPECT_EQ(s.Peer(), "127.0.0.1:9");
  EXPECT_EQ(v6.Connect("::", 9), "0");
  EXPECT_EQ(v6.Peer(), "[::1]:9");
}

struct DissolveCase {
  const char* bound;  // null: not bound
  uint16_t port;
  const char* after;  // getsockname after connect and AF_UNSPEC
};

TEST_F(LinuxUdp, DissolvingKeepsWhatBindNamed) {
  const DissolveCase cases[] = {
      {nullptr, 0, "0.0.0.0:0"},
      {"0.0.0.0", 7003, "0.0.0.0:7003"},
      {"127.0.0.1", 7003, "127.0.0.1:7003"},
      {"127.0.0.1", 0, "127.0.0.1:0"},
      {"0.0.0.0", 0, "0.0.0.0:0"},
  };
  for (const DissolveCase& c : cases) {
    Sock s(a);
    if (c.bound != nullptr) {
      ASSERT_EQ(s.Bind(c.bound, c.port), "0");
    }
    ASSERT_EQ(s.Connect("127.0.0.1", 7001), "0");
    EXPECT_EQ(s.Unspec(), "0");
    EXPECT_EQ(s.Local(), c.after);
    EXPECT_EQ(s.Peer(), "kNotConnected");
    EXPECT_EQ(s.Unspec(), "0");  // again is fine
    if (c.port == 0) {
      EXPECT_EQ(s.Bind("127.0.0.1", 7004), "0");
    }
  }
}

TEST_F(LinuxUdp, ReconnectingKeepsTheFirstSource) {
  Sock s(a);
  ASSERT_EQ(s.Connect("127.0.0.1", 7001), "0");
  const std::string local = s.Local();
  EXPECT_EQ(s.Connect("127.0.0.2", 7005), "0");
  EXPECT_EQ(s.Local(), local);
  EXPECT_EQ(s.Peer(), "127.0.0.2:7005");
  EXPECT_EQ(s.Connect("10.0.0.1", 7), "0");
  EXPECT_EQ(s.Local(), local);
  EXPECT_EQ(s.Connect("192.0.2.1", 7), "kNoRoute");
  EXPECT_EQ(s.Peer(), "10.0.0.1:7");  // a failed one changes nothing
}

TEST_F(LinuxUdp, FilteringByPeer) {
  Sock s(a), peer(b), other(b);
  ASSERT_EQ(s.Bind("10.0.0.1", 7006), "0");
  ASSERT_EQ(peer.Bind("10.0.0.2", 7007), "0");
  ASSERT_EQ(other.Bind("10.0.0.2", 7008), "0");
  EXPECT_EQ(other.SendTo("10.0.0.1", 7006, "before"), "6");
  Settle();
  ASSERT_EQ(s.Connect("10.0.0.2", 7007), "0");
  EXPECT_EQ(s.Recv(), "'before'");
  EXPECT_EQ(other.SendTo("10.0.0.1", 7006), "3");
  Settle();
  EXPECT_EQ(s.Recv(), "kWouldBlock");
  ASSERT_EQ(other.Connect("10.0.0.1", 7006), "0");
  EXPECT_EQ(other.Send(), "3");
  Settle();
  EXPECT_EQ(other.Error(), "kIcmpPortUnreachable");  // nobody there for this sender
  EXPECT_EQ(peer.SendTo("10.0.0.1", 7006), "3");
  Settle();
  EXPECT_EQ(s.Recv(), "'abc'");
}

TEST_F(LinuxUdp, ShutdownReceive) {
  Sock s(a), t(b);
  ASSERT_EQ(s.Bind("10.0.0.1", 7006), "0");
  ASSERT_EQ(t.Bind("10.0.0.2", 7007), "0");
  ASSERT_EQ(s.Connect("10.0.0.2", 7007), "0");
  EXPECT_EQ(s.Shutdown(SHUT_RD), "0");
  EXPECT_EQ(s.Poll(), kOut | kIn | kPollRdHup);
  EXPECT_EQ(s.Recv(), "kWouldBlock");
  s.socket().set_nonblocking(false);
  EXPECT_EQ(s.Recv(), "''");  // who would wait reads the end
  EXPECT_EQ(t.SendTo("10.0.0.1", 7006), "3");
  Settle();
  EXPECT_EQ(s.Recv(), "'abc'");  // data still comes in
  EXPECT_EQ(s.Shutdown(7), "kInvalidArgument");
  EXPECT_EQ(s.Send(), "3");
  EXPECT_EQ(s.Shutdown(SHUT_RDWR), "0");
  EXPECT_EQ(s.Poll(), kOut | kIn | kPollRdHup | kPollHup);
  EXPECT_EQ(s.Send(), "kSendShutDown");
  EXPECT_EQ(s.SendTo("10.0.0.2", 9), "kSendShutDown");
}

TEST_F(LinuxUdp, Sizes) {
  struct Row {
    int domain;
    const char* to;
    size_t size;
    bool fits;
  };
  for (const Row& row : {Row{AF_INET, "127.0.0.1", 65507, true},
                         {AF_INET, "127.0.0.1", 65508, false},
                         {AF_INET, "127.0.0.1", 65536, false},
                         {AF_INET6, "::1", 65527, true},
                         {AF_INET6, "::1", 65528, false},
                         {AF_INET6, "::1", 65536, false}}) {
    Sock s(a, row.domain);
    EXPECT_EQ(s.SendTo(row.to, 7001, std::string(row.size, 'x')),
              row.fits ? std::to_string(row.size) : "kMessageTooLong")
        << row.size;
    EXPECT_EQ(s.Send("x", MSG_OOB), "kOutOfBandUnsupported");
  }
  Sock s(a);
  EXPECT_EQ(s.Get(IPPROTO_IP, IP_MTU), "kNotConnected");
  ASSERT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.Get(IPPROTO_IP, IP_MTU), "1500");
  EXPECT_EQ(s.Set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO), "0");
  EXPECT_EQ(s.Send(std::string(1472, 'x')), "1472");
  EXPECT_EQ(s.Send(std::string(1473, 'x')), "kMessageTooLong");
}

TEST_F(LinuxUdp, BroadcastNeedsPermission) {
  Sock s(a), t(b);
  ASSERT_EQ(t.Bind("0.0.0.0", 53), "0");
  EXPECT_EQ(s.Connect("10.0.0.255", 53), "kBroadcastNotPermitted");
  EXPECT_EQ(s.SendTo("10.0.0.255", 53), "kBroadcastNotPermitted");
  EXPECT_EQ(s.SendTo("255.255.255.255", 53), "kNoRoute");  // no default route: that comes first
  EXPECT_EQ(s.Set(SOL_SOCKET, SO_BROADCAST, 1), "0");
  EXPECT_EQ(s.Connect("10.0.0.255", 53), "0");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(t.Recv(), "'abc'");
  EXPECT_EQ(s.Set(SOL_SOCKET, SO_BROADCAST, 0), "0");
  EXPECT_EQ(s.Send(), "3");  // the route was judged at connect
}

TEST_F(LinuxUdp, SourceOfTheWrongKind) {
  Sock s(a);
  ASSERT_EQ(s.Bind("127.0.0.1", 0), "0");
  EXPECT_EQ(s.Connect("10.0.0.2", 9), "kSourceNotUsable");
  EXPECT_EQ(s.SendTo("10.0.0.2", 9), "kSourceNotUsable");
}

TEST_F(LinuxUdp, V4OnV6Sockets) {
  Sock s(a, AF_INET6), t(b, AF_INET6);
  ASSERT_EQ(t.Bind("::", 53), "0");
  EXPECT_EQ(s.Connect("::ffff:10.0.0.2", 53), "0");
  EXPECT_EQ(s.Local().substr(0, 18), "[::ffff:10.0.0.1]:");
  EXPECT_EQ(s.Peer(), "[::ffff:10.0.0.2]:53");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(t.Recv(), "'abc'");
  EXPECT_EQ(t.From().substr(0, 18), "[::ffff:10.0.0.1]:");
  EXPECT_EQ(s.Connect("2001:db8::2", 53), "kAddressFamilyMismatch");
  EXPECT_EQ(s.Unspec(), "0");
  EXPECT_EQ(s.Local(), "[::]:0");
  EXPECT_EQ(s.Connect("10.0.0.2", 53), "0");  // AF_INET address on the AF_INET6 socket
  EXPECT_EQ(s.Peer(), "[::ffff:10.0.0.2]:53");
}

TEST_F(LinuxUdp, BoundInOneFamilyOnly) {
  Sock s(a, AF_INET6);
  ASSERT_EQ(s.Bind("::1", 0), "0");
  EXPECT_EQ(s.Connect("::ffff:127.0.0.1", 7001), "kV6OnlyMapped");
  EXPECT_EQ(s.SendTo("::ffff:127.0.0.1", 7001), "kV6OnlyMapped");
  Sock m(a, AF_INET6);
  ASSERT_EQ(m.Bind("::ffff:127.0.0.1", 0), "0");
  EXPECT_EQ(m.Connect("::1", 7001), "kAddressFamilyMismatch");
  EXPECT_EQ(m.Connect("::", 7001), "0");
  EXPECT_EQ(m.Peer(), "[::ffff:127.0.0.1]:7001");
  Sock only(a, AF_INET6);
  ASSERT_EQ(only.Set(IPPROTO_IPV6, IPV6_V6ONLY, 1), "0");
  EXPECT_EQ(only.Connect("127.0.0.1", 7001), "kAddressFamilyMismatch");
  EXPECT_EQ(only.Connect("::ffff:127.0.0.1", 7001), "kV6OnlyMapped");
  EXPECT_EQ(only.SendTo("127.0.0.1", 7001), "kV6OnlyMapped");
  EXPECT_EQ(only.Bind("::ffff:127.0.0.1", 7010), "kV6OnlyMapped");
  EXPECT_EQ(only.Set(IPPROTO_IPV6, IPV6_V6ONLY, 0), "kAlreadyBound");
}

TEST_F(LinuxUdp, BindChecksInLinuxOrder) {
  struct Row {
    int domain;
    const char* first;  // bound before; null: not
    const char* address;
    uint16_t port;
    uint32_t uid;
    const char* expected;
  };
  const Row rows[] = {
      {AF_INET, nullptr, "10.0.0.255", 7020, 0, "0"},
      {AF_INET, nullptr, "255.255.255.255", 7020, 0, "0"},
      {AF_INET, nullptr, "224.0.0.1", 7020, 0, "0"},
      {AF_INET, nullptr, "10.9.9.9", 7020, 0, "kAddressNotLocal"},
      {AF_INET, nullptr, "127.9.9.9", 7020, 0, "0"},
      {AF_INET, nullptr, "10.9.9.9", 80, 1000, "kAddressNotLocal"},
      {AF_INET, nullptr, "127.0.0.1", 80, 1000, "kPortPrivileged"},
      {AF_INET, "127.0.0.1", "127.0.0.1", 80, 1000, "kPortPrivileged"},
      {AF_INET, "127.0.0.1", "10.9.9.9", 7021, 0, "kAddressNotLocal"},
      {AF_INET, "127.0.0.1", "127.0.0.1", 7021, 0, "kAlreadyBound"},
      {AF_INET6, nullptr, "2001:db8::9", 80, 1000, "kPortPrivileged"},
      {AF_INET6, nullptr, "2001:db8::9", 7020, 0, "kAddressNotLocal"},
      {AF_INET6, "::1", "::1", 80, 1000, "kPortPrivileged"},
      {AF_INET6, "::1", "2001:db8::9", 7021, 0, "kAlreadyBound"},
      {AF_INET6, nullptr, "fe80::1", 7020, 0, "kScopeMissing"},
  };
  for (const Row& row : rows) {
    Sock s(a, row.domain);
    if (row.first != nullptr) {
      ASSERT_EQ(s.Bind(row.first, 7050), "0");
    }
    s.who.uid = row.uid;
    EXPECT_EQ(s.Bind(row.address, row.port), row.expected) << row.address << " " << row.port;
  }
}

TEST_F(LinuxUdp, ExhaustedPorts) {
  ASSERT_TRUE(a.profile().Set("net.ipv4.ip_local_port_range", "40000 40001").ok());
  Sock one(a), two(a), none(a);
  EXPECT_EQ(one.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(two.Connect("10.0.0.2", 10), "0");
  EXPECT_EQ(none.Connect("10.0.0.2", 11), "kPortsExhaustedOnDatagram");
  EXPECT_EQ(none.SendTo("10.0.0.2", 11), "kPortsExhaustedOnDatagram");
  EXPECT_EQ(none.Bind("0.0.0.0", 0), "kPortsExhaustedOnBind");
  one.Close();
  EXPECT_EQ(none.Connect("10.0.0.2", 11), "0");
}

TEST_F(LinuxUdp, AFullReceiveBufferDropsTheNewest) {
  Sock s(a), t(b);
  ASSERT_EQ(t.Bind("10.0.0.2", 53), "0");
  ASSERT_EQ(t.Set(SOL_SOCKET, SO_RCVBUF, 0), "0");
  for (const char* data : {"1", "2", "3"}) ASSERT_EQ(s.SendTo("10.0.0.2", 53, data), "1");
  Settle();
  EXPECT_EQ(t.Recv(), "'1'");
  EXPECT_EQ(t.Recv(), "'2'");
  EXPECT_EQ(t.Recv(), "kWouldBlock");
}

TEST_F(LinuxUdp, CloseGivesThePortBack) {
  {
    Sock s(a);
    ASSERT_EQ(s.Bind("0.0.0.0", 53), "0");
    EXPECT_TRUE(a.net().udp_ports().InUse(53));
  }
  EXPECT_FALSE(a.net().udp_ports().InUse(53));
  EXPECT_EQ(a.DescribeSockets(), "");
}

TEST_F(LinuxUdp, StateDump) {
  Sock s(a), t(a);
  ASSERT_EQ(s.Bind("10.0.0.1", 53), "0");
  ASSERT_EQ(t.Bind("10.0.0.1", 54), "0");
  ASSERT_EQ(t.Connect("10.0.0.2", 99), "0");
  EXPECT_EQ(a.DescribeSockets(),
            "udp UNCONN 0 0 10.0.0.1:53 *:*\nudp ESTAB 0 0 10.0.0.1:54 10.0.0.2:99\n");
}

// --- FreeBSD ---

TEST_F(FreeBsdUdp, UnconnectedAndConnectedSends) {
  Sock s(a);
  EXPECT_EQ(s.Send(), "kDestinationRequired");
  EXPECT_EQ(s.SendTo("10.0.0.2", 0), "kDestinationPortZero");
  EXPECT_EQ(s.Connect("10.0.0.2", 0), "kDestinationPortZero");
  EXPECT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.SendTo("10.0.0.2", 9), "kAlreadyConnected");
  EXPECT_EQ(s.Send(std::string(9216, 'x')), "9216");
  EXPECT_EQ(s.Send(std::string(9217, 'x')), "kMessageTooLong");
}

TEST_F(FreeBsdUdp, DissolvingForgetsTheAddressAndKeepsThePort) {
  Sock s(a);
  ASSERT_EQ(s.Bind("10.0.0.1", 7003), "0");
  ASSERT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.Unspec(), "kAddressFamilyMismatch");
  EXPECT_EQ(s.Local(), "0.0.0.0:7003");
  EXPECT_EQ(s.Peer(), "kNotConnected");
  ASSERT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_NE(s.Connect("192.0.2.1", 9), "0");  // a failed reconnect dissolves too
  EXPECT_EQ(s.Peer(), "kNotConnected");
}

TEST_F(FreeBsdUdp, ErrorsAreToldOnceAndANewConnectDiscardsThem) {
  Sock s(a);
  ASSERT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Poll(), kOut | kIn);  // IN RDNORM OUT
  EXPECT_EQ(s.Recv(), "kIcmpPortUnreachable");
  EXPECT_EQ(s.Recv(), "kWouldBlock");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.Error(), "kNone");
}

TEST_F(FreeBsdUdp, TheSameTupleIsInUse) {
  Sock s(a), t(a);
  for (Sock* sock : {&s, &t}) {
    ASSERT_EQ(sock->Set(SOL_SOCKET, SO_REUSEPORT, 1), "0");
    ASSERT_EQ(sock->Bind("10.0.0.1", 7003), "0");
  }
  EXPECT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(t.Connect("10.0.0.2", 9), "kTupleInUse");
  EXPECT_EQ(t.Connect("10.0.0.2", 10), "0");
}

TEST_F(FreeBsdUdp, ConnectToABroadcastIsFineAndSendIsNot) {
  Sock s(a);
  EXPECT_EQ(s.Connect("10.0.0.255", 9), "0");
  EXPECT_EQ(s.Send(), "kBroadcastNotPermitted");
  EXPECT_EQ(s.Set(SOL_SOCKET, SO_BROADCAST, 1), "0");
  EXPECT_EQ(s.Send(), "3");
}

TEST_F(FreeBsdUdp, BlackholeSilencesClosedPorts) {
  ASSERT_TRUE(b.profile().Set("net.inet.udp.blackhole", "1").ok());
  Sock s(a);
  ASSERT_EQ(s.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(s.Send(), "3");
  Settle();
  EXPECT_EQ(s.Error(), "kNone");
}

TEST_F(FreeBsdUdp, ExhaustedPortsPerTuple) {
  a.profile().socket.port_range = {40000, 40001};
  Sock one(a), two(a), three(a), elsewhere(a);
  EXPECT_EQ(one.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(two.Connect("10.0.0.2", 9), "0");
  EXPECT_EQ(three.Connect("10.0.0.2", 9), "kPortsExhaustedOnDatagram");
  EXPECT_EQ(elsewhere.Connect("10.0.0.2", 10), "0");
  EXPECT_EQ(three.Bind("0.0.0.0", 0), "kPortsExhaustedOnBind");
  a.profile().socket.exhaustion_is_try_again = true;
  EXPECT_EQ(three.Connect("10.0.0.2", 9), "kPortsExhaustedTryAgain");
}

}  // namespace
}  // namespace drywire
