// What a RST is to a program depends on the state that it finds the connection in: Linux's
// tcp_reset() and FreeBSD's tcp_do_segment() on TH_RST.
#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

using ::testing::ElementsAre;

struct Row {
  const char* state;
  bool server_closes;
  bool client_shuts;
  int linux_error;
  int freebsd_error;
};

constexpr Row kRows[] = {
    {"ESTAB", false, false, ECONNRESET, ECONNRESET},
    {"CLOSE-WAIT", true, false, EPIPE, ECONNRESET},
    {"LAST-ACK", true, true, ECONNRESET, ECONNRESET},
};

// The server's power fails; what the client sends then draws the RST.
void CheckResets(World& world, const char* system, int Row::*expected) {
  Host& client = world.AddHost("client", system);
  Host& server = world.AddHost("server", "linux");
  LinkConfig link;
  link.latency = Duration::Millis(5);
  world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", link);
  for (size_t i = 0; i < std::size(kRows); ++i) {
    const Row& row = kRows[i];
    const Duration start = Duration::Seconds(static_cast<int64_t>(i));
    world.At(start, [&world, &server, &row] {
      world.Spawn(server, "server", [&row] {
        const int listener = Listen("10.0.0.2", 80);
        const int fd = Accept(listener);
        if (row.server_closes) posix::close(fd);
        SleepMs(10'000);
      });
    });
    world.At(start + Duration::Millis(100), [&world, &server] { world.Crash(server); });
    world.At(start + Duration::Millis(150), [&world, &server] { world.Restart(server); });
  }
  world.Spawn(client, "client", [&client, expected] {
    for (size_t i = 0; i < std::size(kRows); ++i) {
      const Row& row = kRows[i];
      SleepMs(static_cast<int64_t>(i) * 1000 + 10 - NowMs());
      const int fd = Tcp();
      EXPECT_THAT(Connect(fd, "10.0.0.2", 80), Succeeds());
      SleepMs(200);
      if (row.client_shuts) {
        EXPECT_THAT(posix::shutdown(fd, SHUT_WR), Succeeds());
      } else {
        EXPECT_EQ(Send(fd, "x"), 1);
      }
      EXPECT_THAT(TcpStates(client), ElementsAre(row.state));
      SleepMs(20);
      EXPECT_EQ(ErrnoName(SoError(fd)), ErrnoName(row.*expected)) << row.state;
      posix::close(fd);
    }
  });
  world.Run();
}

DRYWIRE_TEST(ResetErrors, OnLinux) { CheckResets(world, "linux", &Row::linux_error); }
DRYWIRE_TEST(ResetErrors, OnFreeBsd) { CheckResets(world, "freebsd", &Row::freebsd_error); }

// Both ends open at once, no SYN-ACK arrives, and one of them gives up with a RST.
void CheckSimultaneousOpen(World& world, const char* system, int error) {
  Host& client = world.AddHost("client", system);
  Host& server = world.AddHost("server", "linux");
  LinkConfig link;
  link.latency = Duration::Millis(5);
  world.Connect(client, "10.0.0.1/24", server, "10.0.0.2/24", link);
  world.fabric().rules().Drop("lose the SYN-ACKs", match::Flags("S."));
  const auto open = [](const char* from, const char* to) {
    const int fd = TcpNonblocking();
    EXPECT_THAT(Bind(fd, from, 5000), Succeeds());
    EXPECT_THAT(Connect(fd, to, 5000), FailsWith(EINPROGRESS));
    SleepMs(50);
    return fd;
  };
  world.Spawn(server, "server", [&] {
    const int fd = open("10.0.0.2", "10.0.0.1");
    EXPECT_THAT(SetLinger(fd, 0), Succeeds());
    posix::close(fd);
  });
  world.Spawn(client, "client", [&] {
    const int fd = open("10.0.0.1", "10.0.0.2");
    EXPECT_THAT(TcpStates(client), ElementsAre("SYN-RECV"));
    SleepMs(20);
    EXPECT_EQ(ErrnoName(SoError(fd)), ErrnoName(error));
  });
  world.Run();
}

DRYWIRE_TEST(ResetErrors, InSynReceivedOnLinux) {
  CheckSimultaneousOpen(world, "linux", ECONNRESET);
}
DRYWIRE_TEST(ResetErrors, InSynReceivedOnFreeBsd) {
  CheckSimultaneousOpen(world, "freebsd", ECONNREFUSED);
}

}  // namespace
}  // namespace drywire::freebsd
