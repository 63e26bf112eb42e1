// TCP sockets of FreeBSD on two hosts, from facts "FreeBSD, system calls" (observed on 13.0), by
// paragraph.
#include <netinet/tcp.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "stack/socket/tcp_socket.h"
#include "tests/stack/socket/two_hosts.h"

namespace drywire {
namespace {

constexpr char kServer[] = "10.0.0.2";

class FreeBsdTcp : public testing::Test, public TwoHosts {
 protected:
  FreeBsdTcp() : TwoHosts(FreeBsdProfile()) {}

  struct Pair {
    std::unique_ptr<Sock> listener;
    std::unique_ptr<Sock> client;
    std::unique_ptr<Sock> server;
  };
  Pair Connected() {
    Pair pair;
    pair.listener = std::make_unique<Sock>(b, AF_INET, SOCK_STREAM);
    EXPECT_EQ(pair.listener->Bind("0.0.0.0", 80), "0");
    EXPECT_EQ(pair.listener->Listen(5), "0");
    pair.client = New();
    EXPECT_EQ(pair.client->Connect(kServer, 80), "0");
    Run();
    pair.server = pair.listener->Accept();
    EXPECT_NE(pair.server, nullptr);
    return pair;
  }
  void Run(Duration time = Duration::Millis(100)) { ASSERT_TRUE(scheduler.RunFor(time).ok()); }
  static void ResetBy(std::unique_ptr<Sock>& sock) {
    sock->Linger(0);
    sock->Close();
  }
  std::unique_ptr<Sock> New() { return std::make_unique<Sock>(a, AF_INET, SOCK_STREAM); }
};

TEST_F(FreeBsdTcp, Fresh) {  // Readiness; Afterwards
  auto s = New();
  EXPECT_EQ(s->Ready(), "0");
  EXPECT_EQ(s->Send(), "kNotConnected");
  EXPECT_EQ(s->Recv(), "kNotConnected");
  EXPECT_EQ(s->Peer(), "kNotConnected");
  EXPECT_EQ(s->Shutdown(SHUT_RDWR), "kNotConnected");
  EXPECT_EQ(s->Ready(), "0");
}

TEST_F(FreeBsdTcp, RefusedNonBlocking) {  // Refused
  auto s = New();
  EXPECT_EQ(s->Connect(kServer, 80), "0");
  EXPECT_EQ(s->Connect(kServer, 80), "kConnectAlreadyPending");
  Run();
  EXPECT_EQ(s->Ready(), "IN|HUP");
  EXPECT_EQ(s->Error(), "kRstInSynSent");
  EXPECT_EQ(s->Error(), "kNone");
  const int sent = ab.count;
  EXPECT_EQ(s->Connect(kServer, 80), "kSocketDead");
  EXPECT_EQ(s->Connect(kServer, 80), "kSocketDead");
  EXPECT_EQ(ab.count, sent);
}

TEST_F(FreeBsdTcp, RefusedBlocking) {  // Refused
  auto s = New();
  s->Connect(kServer, 80);
  const std::string name = s->Local();
  Run();
  EXPECT_EQ(s->Outcome(), "kRstInSynSent");
  EXPECT_EQ(s->Error(), "kNone");
  EXPECT_EQ(s->Local(), name);  // the port is kept
  EXPECT_TRUE(
      a.net().tcp_ports().InUse(static_cast<uint16_t>(std::stoi(name.substr(name.find(':') + 1)))));
}

TEST_F(FreeBsdTcp, ADeadSocket) {  // Refused
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Send(), "kSocketDead");
  EXPECT_EQ(s->Recv(), "kRstInSynSent");
  EXPECT_EQ(s->Recv(), "''");
  EXPECT_EQ(s->Shutdown(SHUT_WR), "kSocketDead");
  EXPECT_EQ(s->Peer(), "kSocketDead");
  EXPECT_EQ(s->Bind("10.0.0.1", 0), "kSocketDead");
  EXPECT_EQ(s->Listen(1), "kSocketDead");
  EXPECT_EQ(s->Set(IPPROTO_TCP, TCP_NODELAY, 1), "kSocketDead");
  EXPECT_EQ(s->Get(IPPROTO_TCP, TCP_NODELAY), "kSocketDead");
}

TEST_F(FreeBsdTcp, TheSecondConnectDiscardsTheError) {  // Refused
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  EXPECT_EQ(s->Connect(kServer, 80), "kSocketDead");
  EXPECT_EQ(s->Error(), "kNone");
}

TEST_F(FreeBsdTcp, DeadAfterATimeoutToo) {  // Refused; SYN times
  ab.cut = true;
  auto s = New();
  s->Connect(kServer, 80);
  Run(Duration::Millis(74900));
  EXPECT_EQ(s->Ready(), "0");
  Run();
  EXPECT_EQ(s->Ready(), "IN|HUP");
  EXPECT_EQ(s->Outcome(), "kSynTimeout");
  EXPECT_EQ(s->Connect(kServer, 80), "kSocketDead");
  EXPECT_EQ(ab.count, 7);
}

TEST_F(FreeBsdTcp, InProgress) {  // In progress
  ab.cut = true;
  auto s = New();
  s->Connect(kServer, 80);
  EXPECT_EQ(s->Ready(), "0");
  EXPECT_EQ(s->Send(), "kNotConnected");
  EXPECT_EQ(s->Recv(), "kWouldBlock");
  EXPECT_EQ(s->Peer(), "kNotConnected");
  EXPECT_EQ(s->Bind("10.0.0.1", 0), "kAlreadyBound");
  EXPECT_EQ(s->Listen(1), "kInvalidArgument");
  EXPECT_EQ(s->Accept(), nullptr);
  EXPECT_EQ(s->refused, "kNotListening");
  EXPECT_EQ(s->Shutdown(SHUT_RD), "0");
  EXPECT_EQ(s->Recv(), "''");
  const int sent = ab.count;
  s->Linger(0);
  s->Close();
  EXPECT_EQ(ab.count, sent);
}

TEST_F(FreeBsdTcp, ShutdownInProgressSendsFinAfterTheHandshake) {  // In progress
  Sock listener(b, AF_INET, SOCK_STREAM);
  listener.Bind("0.0.0.0", 80);
  listener.Listen(1);
  auto s = New();
  s->Connect(kServer, 80);
  EXPECT_EQ(s->Shutdown(SHUT_WR), "0");
  Run();
  auto server = listener.Accept();
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->Recv(), "''");
  EXPECT_EQ(s->Send(), "kSendShutDown");
}

TEST_F(FreeBsdTcp, Connected) {  // In progress
  Pair p = Connected();
  EXPECT_EQ(p.client->Ready(), "OUT");
  EXPECT_EQ(p.client->Connect(kServer, 80), "kAlreadyConnected");  // at once, never 0
  EXPECT_EQ(p.client->Unspec(), "kAlreadyConnected");
  EXPECT_EQ(p.client->Peer(), "10.0.0.2:80");
}

TEST_F(FreeBsdTcp, SendToConnects) {  // Afterwards
  Sock listener(b, AF_INET, SOCK_STREAM);
  listener.Bind("0.0.0.0", 80);
  listener.Listen(1);
  auto s = New();
  EXPECT_EQ(s->SendTo(kServer, 80, "hello"), "5");
  Run();
  auto server = listener.Accept();
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->Recv(), "'hello'");
}

TEST_F(FreeBsdTcp, Reset) {  // Afterwards
  Pair p = Connected();
  p.server->Send("abc");
  Run();
  ResetBy(p.server);
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|HUP");
  EXPECT_EQ(p.client->Send("x"), "kSocketDead");  // EPIPE first
  EXPECT_EQ(p.client->Recv(), "'abc'");
  EXPECT_EQ(p.client->Recv(), "kRstInEstablished");
  EXPECT_EQ(p.client->Recv(), "''");
}

TEST_F(FreeBsdTcp, PeersFin) {  // Afterwards; Readiness
  Pair p = Connected();
  p.server->Close();
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|OUT");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send("x"), "1");
  Run();
  EXPECT_EQ(p.client->Send("x"), "kSocketDead");  // EPIPE, after its RST
}

TEST_F(FreeBsdTcp, CloseWithUnreadData) {  // Afterwards
  Pair p = Connected();
  p.client->Send("abc");
  Run();
  p.server->Close();
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|OUT");  // a FIN, not a RST
  p.client->Send("x");
  Run();
  EXPECT_EQ(p.client->Ready(), "IN|HUP");
}

TEST_F(FreeBsdTcp, BothDirectionsShut) {  // Readiness
  Pair p = Connected();
  EXPECT_EQ(p.client->Shutdown(SHUT_RDWR), "0");
  EXPECT_EQ(p.client->Ready(), "IN|HUP");
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.client->Send(), "kSendShutDown");
}

TEST_F(FreeBsdTcp, ShutdownReadDiscards) {  // Afterwards
  Pair p = Connected();
  EXPECT_EQ(p.client->Shutdown(SHUT_RD), "0");
  EXPECT_EQ(p.server->Send("abc"), "3");
  Run();
  EXPECT_EQ(p.client->Recv(), "''");
  EXPECT_EQ(p.server->Ready(), "OUT");
}

TEST_F(FreeBsdTcp, Listener) {  // Listeners
  Pair p = Connected();
  EXPECT_EQ(p.listener->Connect(kServer, 80), "kSocketListening");
  EXPECT_EQ(p.listener->Shutdown(SHUT_WR), "kNotConnected");
  EXPECT_EQ(p.listener->Ready(), "0");
  auto queued = New();
  queued->Connect(kServer, 80);
  Run();
  p.listener->Close();
  Run();
  EXPECT_EQ(queued->Ready(), "IN|HUP");
  EXPECT_EQ(queued->Error(), "kRstInEstablished");
}

TEST_F(FreeBsdTcp, ResetWhileQueued) {  // Listeners
  Pair p = Connected();
  auto s = New();
  s->Connect(kServer, 80);
  Run();
  ResetBy(s);
  Run();
  EXPECT_EQ(p.listener->Ready(), "IN");
  EXPECT_EQ(p.listener->Accept(), nullptr);
  EXPECT_EQ(p.listener->refused, "kAbortedBeforeAccept");
  EXPECT_EQ(p.listener->Accept(), nullptr);
  EXPECT_EQ(p.listener->refused, "kWouldBlock");
}

TEST_F(FreeBsdTcp, Overflow) {  // Listeners
  Sock listener(b, AF_INET, SOCK_STREAM);
  listener.Bind("0.0.0.0", 80);
  listener.Listen(0);
  auto first = New(), second = New();
  first->Connect(kServer, 80);
  Run();
  second->Connect(kServer, 80);
  Run();
  EXPECT_EQ(first->Ready(), "OUT");
  EXPECT_EQ(second->Ready(), "IN|HUP");  // the handshake completes, then RST
  EXPECT_EQ(second->Error(), "kRstInEstablished");
}

TEST_F(FreeBsdTcp, SpecialDestinations) {  // Special destinations
  auto s = New();
  EXPECT_EQ(s->Connect(kServer, 0), "kDestinationPortZero");
  EXPECT_EQ(s->Connect("224.0.0.1", 80), "kMulticastDestination");
  EXPECT_EQ(s->Connect("255.255.255.255", 80), "kBroadcastDestination");
  EXPECT_EQ(s->Connect("10.0.0.255", 80), "kBroadcastDestination");
}

TEST_F(FreeBsdTcp, OptionsAreItsOwn) {  // tcp(4)
  auto s = New();
  EXPECT_EQ(s->Set(IPPROTO_TCP, TCP_NODELAY, 1), "0");
  EXPECT_EQ(s->Set(IPPROTO_TCP, 128, 3), "0");  // TCP_KEEPINIT
  EXPECT_EQ(s->Get(IPPROTO_TCP, 128), "3");
  EXPECT_EQ(s->Set(IPPROTO_TCP, 8, 1), "0");  // TCP_NOOPT
  EXPECT_EQ(s->Get(IPPROTO_TCP, 8), "1");
  for (int option :
       {TCP_SYNCNT, TCP_USER_TIMEOUT, TCP_DEFER_ACCEPT, TCP_QUICKACK, TCP_WINDOW_CLAMP}) {
    EXPECT_EQ(s->Set(IPPROTO_TCP, option, 1), "kOptionUnknown") << option;
    EXPECT_EQ(s->Get(IPPROTO_TCP, option), "kOptionUnknown") << option;
  }
  ab.cut = true;
  s->Connect(kServer, 80);
  Run(Duration::Seconds(4));
  EXPECT_EQ(s->Outcome(), "kSynTimeout");
}

TEST_F(FreeBsdTcp, NothingIsLeftAfterTimeWait) {
  Pair p = Connected();
  p.client->Close();
  Run();
  p.server->Close();
  p.listener->Close();
  Run();
  EXPECT_EQ(a.net().demux().connections(), 1u);
  Run(Duration::Seconds(60));
  EXPECT_EQ(a.net().demux().connections(), 0u);
  EXPECT_EQ(a.net().tcp_ports().ports_in_use(), 0u);
  EXPECT_EQ(b.net().tcp_ports().ports_in_use(), 0u);
  Settle();
  EXPECT_EQ(pool.live(), 0u);
}

}  // namespace
}  // namespace drywire
