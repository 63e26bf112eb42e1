// Listeners, and what is left of connections afterwards, on FreeBSD. Observed on a FreeBSD 13.0
// stack; where 15-CURRENT's sources differ the test says so.
#include <signal.h>
#include <sys/time.h>

#include "tests/conformance/freebsd_calls.h"

namespace drywire::freebsd {
namespace {

using ::testing::Contains;

using ::testing::Not;
using ::testing::StartsWith;

constexpr char kServer[] = "10.0.0.2";

// A server that accepts one connection and does something with it.
void ServeOne(World& world, Host& host, void (*serve)(int fd)) {
  world.Spawn(host, "server", [serve] {
    const int listener = Listen("0.0.0.0", 80);
    const int fd = Accept(listener);
    EXPECT_THAT(fd, Succeeds());
    serve(fd);
    SleepMs(200'000);
  });
}

int Connected() {
  SleepMs(10);
  const int fd = Tcp();
  EXPECT_THAT(Connect(fd, kServer, 80), Succeeds());
  return fd;
}

// --- Listeners

DRYWIRE_TEST(FreeBsdListeners, ConnectAndShutdownOnAListener) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "server", [] {
    const int fd = Listen("127.0.0.1", 80);
    EXPECT_THAT(Connect(fd, "127.0.0.1", 81), FailsWith(EOPNOTSUPP));
    EXPECT_THAT(posix::shutdown(fd, SHUT_WR), FailsWith(ENOTCONN));
    EXPECT_THAT(PeerName(fd), FailsWith(ENOTCONN));
    EXPECT_THAT(Send(fd, "x"), FailsWith(ENOTCONN));
    EXPECT_EQ(Recv(fd), "ENOTCONN");
    EXPECT_EQ(PollBits(fd), "");
    EXPECT_THAT(posix::listen(fd, 7), Succeeds());
    EXPECT_THAT(Accept(Tcp()), FailsWith(EINVAL));
  });
  world.Run();
}

// shutdown() of a listener is ENOTCONN; before 15 the next accept() is ECONNABORTED, once.
void CheckShutdownOfAListener(World& world, const Personality& personality, bool aborts) {
  Host& host = world.AddHost("host", personality);
  world.Spawn(host, "server", [aborts] {
    const int fd = Listen("127.0.0.1", 80);
    posix::fcntl(fd, F_SETFL, O_NONBLOCK);
    EXPECT_THAT(posix::shutdown(fd, SHUT_RDWR), FailsWith(ENOTCONN));
    EXPECT_EQ(PollBits(fd), aborts ? "IN RDNORM" : "");
    if (aborts) {
      EXPECT_THAT(Accept(fd), FailsWith(ECONNABORTED));
    }
    EXPECT_THAT(Accept(fd), FailsWith(EAGAIN));
    EXPECT_THAT(Connect(Tcp(), "127.0.0.1", 80), Succeeds()) << "it listens on";
    EXPECT_THAT(Accept(fd), Succeeds());
  });
  world.Run();
}

DRYWIRE_TEST(FreeBsdListeners, ShutdownAbortsOneAccept) {
  CheckShutdownOfAListener(world, FreeBsdPersonality(), true);
}

DRYWIRE_TEST(FreeBsdListeners, ShutdownDoesNotAbortAcceptOn15) {
  Personality current = FreeBsdPersonality();
  current.profile.stream.listener_shutdown_aborts_accept = false;
  CheckShutdownOfAListener(world, current, false);
}

DRYWIRE_TEST(FreeBsdListeners, ShutdownWakesAWaitingAccept) {
  Host& host = world.AddHost("host", "freebsd");
  static int listener = -1;
  world.Spawn(host, "server", [] {
    struct sigaction action = {};
    action.sa_handler = [](int) { posix::shutdown(listener, SHUT_RD); };
    action.sa_flags = SA_RESTART;
    posix::sigaction(SIGALRM, &action, nullptr);
    listener = Listen("127.0.0.1", 80);
    itimerval timer = {};
    timer.it_value.tv_usec = 50'000;
    posix::setitimer(ITIMER_REAL, &timer, nullptr);
    EXPECT_THAT(Accept(listener), FailsWith(ECONNABORTED));
  });
  world.Run();
}

// A backlog of n admits 3n/2 + 1; beyond that the handshake completes and a RST follows. Negative
// or too large is kern.ipc.soacceptqueue (128).
DRYWIRE_TEST(FreeBsdListeners, BacklogAndOverflow) {
  const Hosts hosts = MakeHosts(world);
  static const struct {
    int backlog;
    int admitted;
  } kCases[] = {{0, 1}, {1, 2}, {2, 4}, {3, 5}, {4, 7}, {5, 8}, {6, 10}, {-1, 193}, {1000, 193}};
  world.Spawn(hosts.server, "server", [] {
    for (size_t i = 0; i < std::size(kCases); ++i) {
      Listen("0.0.0.0", static_cast<uint16_t>(80 + i), kCases[i].backlog);
    }
    SleepMs(10'000);
  });
  world.Spawn(hosts.client, "client", [] {
    SleepMs(10);
    for (size_t i = 0; i < std::size(kCases); ++i) {
      const int admitted = kCases[i].admitted;
      for (int n = 0; n <= admitted; ++n) {
        const int fd = TcpNonblocking();
        Connect(fd, kServer, static_cast<uint16_t>(80 + i));
        EXPECT_TRUE(WaitFor(fd, POLLOUT));
        SleepMs(3);
        EXPECT_EQ(PollBits(fd), n < admitted ? "OUT" : "IN RDNORM HUP")
            << "backlog " << kCases[i].backlog << ", connection " << n + 1;
        EXPECT_EQ(SoError(fd), n < admitted ? 0 : ECONNRESET);
      }
    }
  });
  world.Run();
}

// net.inet.tcp.syncache.rst_on_sock_fail=0: the client stays established until it sends.
DRYWIRE_TEST(FreeBsdListeners, OverflowWithoutRst) {
  const Hosts hosts = MakeHosts(world);
  world.SetSysctl(hosts.server, "net.inet.tcp.syncache.rst_on_sock_fail", "0");
  world.Spawn(hosts.server, "server", [] {
    Listen("0.0.0.0", 80, 0);
    SleepMs(60'000);
  });
  world.Spawn(hosts.client, "client", [] {
    const int first = Connected();
    const int second = Connected();
    SleepMs(20'000);
    EXPECT_EQ(PollBits(first), "OUT");
    EXPECT_EQ(PollBits(second), "OUT");
    EXPECT_EQ(Send(second, "x"), 1);
    SleepMs(10);
    EXPECT_EQ(SoError(second), ECONNRESET);
  });
  world.Run();
}

// A connection that is reset while queued: accept() says so once.
DRYWIRE_TEST(FreeBsdListeners, ResetWhileQueued) {
  const Hosts hosts = MakeHosts(world);
  world.Spawn(hosts.server, "server", [] {
    const int listener = Listen("0.0.0.0", 80);
    SleepMs(100);
    EXPECT_EQ(PollBits(listener), "IN RDNORM");
    EXPECT_THAT(Accept(listener), FailsWith(ECONNABORTED));
    posix::fcntl(listener, F_SETFL, O_NONBLOCK);
    EXPECT_THAT(Accept(listener), FailsWith(EAGAIN));
  });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    SetLinger(fd, 0);
    posix::close(fd);
  });
  world.Run();
}

DRYWIRE_TEST(FreeBsdListeners, ClosedWithQueuedConnections) {
  const Hosts hosts = MakeHosts(world);
  world.Spawn(hosts.server, "server", [] {
    const int listener = Listen("0.0.0.0", 80);
    SleepMs(100);
    posix::close(listener);
  });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    EXPECT_EQ(Recv(fd), "ECONNRESET");
    EXPECT_EQ(NowMs(), 101);
  });
  world.Run();
}

// accept() inherits O_NONBLOCK, accept4(0) does not.
DRYWIRE_TEST(FreeBsdListeners, AcceptInheritsNonBlocking) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "server", [] {
    const int listener = Listen("127.0.0.1", 80);
    posix::fcntl(listener, F_SETFL, O_NONBLOCK);
    const int clients[] = {Tcp(), Tcp(), Tcp()};
    for (const int fd : clients) EXPECT_THAT(Connect(fd, "127.0.0.1", 80), Succeeds());
    const auto nonblocking = [](int fd) { return (posix::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; };
    EXPECT_TRUE(nonblocking(Accept(listener)));
    EXPECT_FALSE(nonblocking(posix::accept4(listener, nullptr, nullptr, 0)));
    posix::fcntl(listener, F_SETFL, 0);
    EXPECT_TRUE(nonblocking(posix::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)));
  });
  world.Run();
}

// --- Afterwards

// A reset: the data first, then ECONNRESET once, then the end; send() says EPIPE from the start.
DRYWIRE_TEST(FreeBsdAfterwards, Reset) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int fd) {
    EXPECT_EQ(Send(fd, "data"), 4);
    SetLinger(fd, 0);
    SleepMs(5);
    posix::close(fd);
  });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    SleepMs(100);
    EXPECT_EQ(PollBits(fd), "IN RDNORM HUP");
    EXPECT_EQ(SelectBits(fd), "RW");
    EXPECT_THAT(Send(fd, "x"), FailsWith(EPIPE));
    EXPECT_EQ(Recv(fd), "data");
    EXPECT_EQ(Recv(fd), "ECONNRESET");
    EXPECT_EQ(Recv(fd), "");
    EXPECT_EQ(Recv(fd), "");
    EXPECT_EQ(SoError(fd), 0);
    EXPECT_EQ(PollBits(fd), "IN RDNORM HUP");
    EXPECT_THAT(PeerName(fd), FailsWith(ENOTCONN));
  });
  world.Run();
}

// The peer's FIN: a first send goes out, and its RST makes the next one EPIPE.
DRYWIRE_TEST(FreeBsdAfterwards, PeersFin) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int fd) { posix::close(fd); });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    SleepMs(10);
    EXPECT_EQ(PollBits(fd), "IN RDNORM OUT");
    EXPECT_EQ(SelectBits(fd), "RW");
    EXPECT_EQ(Recv(fd), "");
    EXPECT_EQ(Send(fd, "x"), 1);
    SleepMs(10);
    EXPECT_THAT(Send(fd, "x"), FailsWith(EPIPE));
    EXPECT_EQ(Recv(fd), "ECONNRESET");
    EXPECT_EQ(Recv(fd), "");
  });
  world.Run();
}

// connect() on a socket in TIME-WAIT: EADDRINUSE on 13.0, EISCONN on 15.
void CheckConnectInTimeWait(World& world, const Personality& personality, int error) {
  Host& host = world.AddHost("host", personality);
  world.SetSysctl(host, "net.inet.tcp.nolocaltimewait", "0");
  world.Spawn(host, "server", [error] {
    const int listener = Listen("127.0.0.1", 80);
    const int fd = Tcp();
    EXPECT_THAT(Connect(fd, "127.0.0.1", 80), Succeeds());
    EXPECT_THAT(posix::shutdown(fd, SHUT_WR), Succeeds());
    posix::close(Accept(listener));
    SleepMs(10);
    EXPECT_THAT(Connect(fd, "127.0.0.1", 80), FailsWith(error));
    EXPECT_EQ(PollBits(fd), "IN RDNORM HUP");
  });
  world.Run();
}

DRYWIRE_TEST(FreeBsdAfterwards, ConnectInTimeWait) {
  CheckConnectInTimeWait(world, FreeBsdPersonality(), EISCONN);
}

DRYWIRE_TEST(FreeBsdAfterwards, ConnectInTimeWaitOn13) {
  Personality old = FreeBsdPersonality();
  old.profile.stream.time_wait_is_in_use = true;
  CheckConnectInTimeWait(world, old, EADDRINUSE);
}

// close() with unread data sends FIN, not RST; the peer's next segment draws the RST.
DRYWIRE_TEST(FreeBsdAfterwards, CloseWithUnreadData) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int fd) {
    SleepMs(20);
    posix::close(fd);
  });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    EXPECT_EQ(Send(fd, "unread"), 6);
    SleepMs(50);
    EXPECT_EQ(PollBits(fd), "IN RDNORM OUT");
    EXPECT_EQ(Recv(fd), "");
    EXPECT_EQ(SoError(fd), 0);
    EXPECT_EQ(Send(fd, "more"), 4);
    SleepMs(10);
    EXPECT_EQ(SoError(fd), ECONNRESET);
  });
  world.RunFor(Duration::Millis(60));
  EXPECT_THAT(PacketsFrom(world, hosts.server), Contains(StartsWith("F.")));
  EXPECT_THAT(PacketsFrom(world, hosts.server), Not(Contains(StartsWith("R"))));
  world.Run();
}

// Linger 0 resets. Linger n with unacknowledged data: EAGAIN after n s when blocking, else 0.
DRYWIRE_TEST(FreeBsdAfterwards, Linger) {
  const Hosts hosts = MakeHosts(world);
  world.At(Duration::Millis(100),
           [&world, hosts] { world.AddFirewallRule(hosts.server, "input tcp dport 80 drop"); });
  world.Spawn(hosts.server, "server", [] {
    const int listener = Listen("0.0.0.0", 80);
    for (int i = 0; i < 3; ++i) Accept(listener);
    SleepMs(200'000);
  });
  world.Spawn(hosts.client, "client", [] {
    const int blocking = Connected();
    const int nonblocking = Connected();
    const int zero = Connected();
    SetLinger(zero, 0);
    EXPECT_THAT(posix::close(zero), Succeeds());
    SleepMs(200);
    const int64_t start = NowMs();
    for (const int fd : {blocking, nonblocking}) {
      SetLinger(fd, 3);
      EXPECT_EQ(Send(fd, "x"), 1);
    }
    posix::fcntl(nonblocking, F_SETFL, O_NONBLOCK);
    EXPECT_THAT(posix::close(nonblocking), Succeeds());
    EXPECT_EQ(NowMs() - start, 0);
    EXPECT_THAT(posix::close(blocking), FailsWith(EAGAIN));
    EXPECT_EQ(NowMs() - start, 3000);
    EXPECT_THAT(posix::close(blocking), FailsWith(EBADF));
  });
  world.RunFor(Duration::Millis(150));
  EXPECT_THAT(PacketsFrom(world, hosts.client), Contains(StartsWith("R")));
  world.Run();
}

// Linger n ends as soon as the data is acknowledged.
DRYWIRE_TEST(FreeBsdAfterwards, LingerUntilAcknowledged) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int) {});
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    SetLinger(fd, 60);
    EXPECT_EQ(Send(fd, "x"), 1);
    const int64_t start = NowMs();
    EXPECT_THAT(posix::close(fd), Succeeds());
    EXPECT_LE(NowMs() - start, 150);
  });
  world.Run();
}

// shutdown(RD): what arrives later is acknowledged and thrown away.
DRYWIRE_TEST(FreeBsdAfterwards, ShutdownOfReading) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int fd) {
    SleepMs(50);
    EXPECT_EQ(Send(fd, "late"), 4);
    SleepMs(200);
    EXPECT_EQ(SoError(fd), 0);
    EXPECT_EQ(Recv(fd), "reply");
  });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    EXPECT_THAT(posix::shutdown(fd, SHUT_RD), Succeeds());
    EXPECT_EQ(Recv(fd), "");
    SleepMs(100);
    EXPECT_EQ(Recv(fd), "");
    EXPECT_EQ(PollBits(fd), "IN RDNORM OUT");
    EXPECT_EQ(Send(fd, "reply"), 5);
  });
  world.Run();
}

// Shutting down both directions: HUP, and OUT is hidden by it.
DRYWIRE_TEST(FreeBsdAfterwards, ShutdownOfBoth) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int fd) {
    EXPECT_EQ(Recv(fd), "");
    EXPECT_THAT(posix::shutdown(fd, SHUT_WR), Succeeds());
    SleepMs(10);
    EXPECT_EQ(PollBits(fd), "IN RDNORM HUP");
    EXPECT_EQ(SelectBits(fd), "RW");
  });
  world.Spawn(hosts.client, "client", [] {
    const int fd = Connected();
    EXPECT_THAT(posix::shutdown(fd, SHUT_WR), Succeeds());
    EXPECT_THAT(Send(fd, "x"), FailsWith(EPIPE));
    EXPECT_THAT(posix::shutdown(fd, SHUT_WR), Succeeds()) << "again, while half closed";
    SleepMs(100);
    EXPECT_EQ(Recv(fd), "");
    EXPECT_EQ(PollBits(fd), "IN RDNORM HUP");
  });
  world.Run();
}

// Unconnected: send and recv ENOTCONN; sendto() with an address connects.
DRYWIRE_TEST(FreeBsdAfterwards, UnconnectedSockets) {
  const Hosts hosts = MakeHosts(world);
  ServeOne(world, hosts.server, [](int fd) { EXPECT_EQ(Recv(fd), "hello"); });
  world.Spawn(hosts.client, "client", [] {
    SleepMs(10);
    const int fd = Tcp();
    EXPECT_EQ(PollBits(fd), "");
    EXPECT_THAT(Bind(fd, "0.0.0.0", 5000), Succeeds());
    EXPECT_EQ(PollBits(fd), "");
    EXPECT_EQ(SelectBits(fd), "");
    EXPECT_THAT(Send(fd, "x"), FailsWith(ENOTCONN));
    EXPECT_EQ(Recv(fd), "ENOTCONN");
    EXPECT_EQ(SendTo(fd, "hello", kServer, 80), 5);
    EXPECT_TRUE(WaitFor(fd, POLLOUT));
    EXPECT_THAT(PeerName(fd), Succeeds());
    EXPECT_THAT(Connect(fd, kServer, 80), FailsWith(EISCONN));
  });
  world.Run();
}

// FreeBSD has no epoll.
DRYWIRE_TEST(FreeBsdReadiness, EpollDoesNotExist) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "client", [] {
    EXPECT_THAT(posix::epoll_create1(0), FailsWith(ENOSYS));
    EXPECT_THAT(posix::epoll_create(1), FailsWith(ENOSYS));
  });
  world.Run();
}

}  // namespace
}  // namespace drywire::freebsd
