// What FreeBSD's calls put on the wire, as far as sockets show it: the SYN and its options, closed
// ports that keep silent. Source: the public tcp-testsuite and its READMEs.
#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// The SYN: window 65535, MSS 1460, window scale 6, SACK-permitted, timestamps.
DRYWIRE_TEST(FreeBsdSegments, SynOptions) {
  Host& client = world.AddHost("client", "freebsd", "10.0.0.1/24");
  world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.Spawn(client, "client",
              [] { EXPECT_THAT(Connect(Tcp(), "10.0.0.2", 80), FailsWith(ECONNREFUSED)); });
  world.Run();
  const std::vector<std::string> sent = PacketsFrom(world, client);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_THAT(sent[0], AllOf(HasSubstr("win 65535"), HasSubstr("mss 1460"), HasSubstr("wscale 6"),
                             HasSubstr("sackOK"), HasSubstr("TS val")));
}

// net.inet.tcp.rexmit_drop_options=1: the third retransmission has the MSS alone.
DRYWIRE_TEST(FreeBsdSegments, RetransmissionsDropOptions) {
  Host& client = world.AddHost("client", "freebsd", "10.0.0.1/24");
  world.SetSysctl(client, "net.inet.tcp.rexmit_drop_options", "1");
  Host& server = world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.AddFirewallRule(server, "input tcp dport 80 drop");
  world.Spawn(client, "client",
              [] { EXPECT_THAT(Connect(Tcp(), "10.0.0.2", 80), FailsWith(ETIMEDOUT)); });
  world.Run();
  const std::vector<std::string> sent = PacketsFrom(world, client);
  ASSERT_THAT(sent, SizeIs(7));
  EXPECT_THAT(sent, Each(HasSubstr("mss 1460")));
  for (size_t i = 0; i < sent.size(); ++i) {
    if (i < 3) {
      EXPECT_THAT(sent[i], AllOf(HasSubstr("wscale"), HasSubstr("sackOK"), HasSubstr("TS val")));
    } else {
      EXPECT_THAT(sent[i], Not(HasSubstr("wscale"))) << i;
      EXPECT_THAT(sent[i], Not(HasSubstr("sackOK"))) << i;
      EXPECT_THAT(sent[i], Not(HasSubstr("TS val"))) << i;
    }
  }
}

// The blackhole sysctls: closed ports say nothing.
DRYWIRE_TEST(FreeBsdSegments, BlackholesAreSilent) {
  Host& client = world.AddHost("client", "freebsd", "10.0.0.1/24");
  Host& server = world.AddHost("server", "freebsd", "10.0.0.2/24");
  world.SetSysctl(server, "net.inet.tcp.blackhole", "1");
  world.SetSysctl(server, "net.inet.udp.blackhole", "1");
  world.Spawn(client, "client", [] {
    const int udp = Udp();
    EXPECT_THAT(Connect(udp, "10.0.0.2", 9), Succeeds());
    EXPECT_EQ(Send(udp, "x"), 1);
    EXPECT_THAT(Connect(Tcp(), "10.0.0.2", 80), FailsWith(ETIMEDOUT));
    EXPECT_EQ(SoError(udp), 0);
  });
  world.Run();
  EXPECT_THAT(PacketsFrom(world, server), IsEmpty());
}

// A connection to oneself: SYN meets SYN (simultaneous open). It works as a pipe.
DRYWIRE_TEST(FreeBsdSegments, ConnectionToOneself) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    const int fd = Tcp();
    EXPECT_THAT(Bind(fd, "127.0.0.1", 5000), Succeeds());
    EXPECT_THAT(Connect(fd, "127.0.0.1", 5000), Succeeds());
    EXPECT_EQ(Send(fd, "echo"), 4);
    EXPECT_EQ(Recv(fd), "echo");
    EXPECT_THAT(Connect(fd, "127.0.0.1", 5000), FailsWith(EISCONN));
  });
  world.Run();
}

}  // namespace
}  // namespace drywire::freebsd
