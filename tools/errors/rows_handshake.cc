// Rows about what becomes of the handshake: refused, reset, unanswered, interrupted, under way.
#include <netinet/tcp.h>
#include <signal.h>

#include "tools/errors/atlas.h"

namespace drywire {
namespace {

void ConnectTo80(Calls& sys) {
  const int fd = sys.socket(AF_INET, SOCK_STREAM);
  sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
}

void ClosedPort(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.Spawn(client, "client", ConnectTo80);
}

void ClosedLocalPort(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.Observe(sys.connect(sys.socket(AF_INET, SOCK_STREAM), Inet("127.0.0.1", 80)));
  });
}

// A server that is there and never answers.
Host& ClientOfBlackHole(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.AddFirewallRule(server, "input tcp dport 80 drop");
  return client;
}

void BlackHole(Scene& scene) { scene.Spawn(ClientOfBlackHole(scene), "client", ConnectTo80); }

// A shorter limit on the attempt: a count of SYNs on Linux, seconds on FreeBSD.
void BlackHoleWithFewerSyns(Scene& scene) {
  scene.Spawn(ClientOfBlackHole(scene), "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

void BlackHoleWithShortKeepinit(Scene& scene) {
  Host& client = ClientOfBlackHole(scene);
  scene.SetSysctl(client, "net.inet.tcp.keepinit", "3000");
  scene.Spawn(client, "client", ConnectTo80);
}

// A server that is too busy: it admits one connection (two on Linux with backlog 1) and never
// accepts.
void AcceptQueueFull(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.Spawn(server, "server", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.bind(fd, Inet("0.0.0.0", 80));
    sys.listen(fd, 0);
    sys.usleep(200'000'000);
  });
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.connect(sys.socket(AF_INET, SOCK_STREAM), Inet("10.0.0.2", 80));
    ConnectTo80(sys);
  });
}

// The handshake completes and the server resets it, before anyone looks.
void ResetAfterHandshake(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.Spawn(server, "server", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.bind(fd, Inet("0.0.0.0", 80));
    sys.listen(fd, 8);
    const int connection = sys.accept(fd);
    sys.set_linger(connection, 1, 0);
    sys.close(connection);
  });
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    sys.connect(fd, Inet("10.0.0.2", 80));
    sys.usleep(100'000);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

// SYNs get through and nothing else does.
Host& ClientOfServerThatHearsSynsOnly(Scene& scene, Host** server) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  *server = &scene.AddHost("server", "10.0.0.2/24");
  scene.SpawnListener(**server, 80);
  scene.AddFirewallRule(**server, "input tcp flags & syn == 0 drop");
  return client;
}

// The client believes that it is connected and learns the truth from its data only.
void SilenceAfterHandshake(Scene& scene) {
  Host* server = nullptr;
  Host& client = ClientOfServerThatHearsSynsOnly(scene, &server);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
    sys.send(fd, "hello");
    std::string text;
    sys.Observe(static_cast<int>(sys.recv(fd, &text)));
  });
}

// The same with a server that answers from cookies only. It keeps no state, so that it never sends
// its SYN-ACK again: a client that waits for the server to speak first waits for ever.
void LongWaitWithCookies(Scene& scene, const char* sysctl, const char* value) {
  Host* server = nullptr;
  Host& client = ClientOfServerThatHearsSynsOnly(scene, &server);
  scene.SetSysctl(*server, sysctl, value);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
    const int revents = sys.poll(fd, POLLIN, 120'000);
    sys.Observe(revents == 0 ? "silence for 120 s" : "something to read");
    sys.send(fd, "hello");
    std::string text;
    sys.Observe(static_cast<int>(sys.recv(fd, &text)));
  });
}

void LongWaitWithCookiesOnLinux(Scene& scene) {
  LongWaitWithCookies(scene, "net.ipv4.tcp_syncookies", "2");
}

void LongWaitWithCookiesOnFreeBsd(Scene& scene) {
  LongWaitWithCookies(scene, "net.inet.tcp.syncookies_only", "1");
}

void ShutDownWhileConnecting(Scene& scene) {
  Host& client = ClientOfBlackHole(scene);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    sys.connect(fd, Inet("10.0.0.2", 80));
    sys.shutdown(fd, SHUT_RDWR);
    sys.ObserveError(sys.so_error(fd));
  });
}

void NonBlocking(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
    sys.poll(fd, POLLOUT, -1);
    sys.so_error(fd);
  });
}

void SecondAttempt(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    sys.connect(fd, Inet("10.0.0.2", 80));
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

// The round trip takes longer than it takes the signal to come. Afterwards the attempt goes on.
void Interrupt(Calls& sys, int sa_flags) {
  sys.catch_alarm(sa_flags);
  sys.start_alarm(20);
  const int fd = sys.socket(AF_INET, SOCK_STREAM);
  sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  sys.poll(fd, POLLOUT, -1);
  sys.so_error(fd);
}

void CaughtSignal(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) { Interrupt(sys, 0); });
}

void CaughtSignalWithRestart(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) { Interrupt(sys, SA_RESTART); });
}

void AlreadyConnected(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.connect(fd, Inet("10.0.0.2", 80));
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

void ConnectListener(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.bind(fd, Inet("0.0.0.0", 80));
    sys.listen(fd, 8);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

constexpr SceneOptions kSlow = {.latency = Duration::Millis(50)};
constexpr SceneOptions kAtOnceNetworkFirst = {.latency = Duration::Zero(), .network_first = true};

constexpr AtlasColumn kRefusedOnLinux = {
    "ECONNREFUSED", "the closed port answers the SYN with RST; observed on Linux 6.18", ClosedPort};
constexpr AtlasColumn kRefusedOnFreeBsd = {
    "ECONNREFUSED", "the closed port answers the SYN with RST; observed on 13.0", ClosedPort};
constexpr AtlasColumn kTimedOutOnLinux = {
    "ETIMEDOUT",
    "eleven SYNs go unanswered (tcp_syn_retries 6, tcp_syn_linear_timeouts 4); observed on Linux "
    "6.18",
    BlackHole};
constexpr AtlasColumn kTimedOutOnFreeBsd = {
    "ETIMEDOUT", "net.inet.tcp.keepinit, 75 s, is over; observed on 13.0", BlackHole};
constexpr AtlasColumn kInProgressOnLinux = {
    "EINPROGRESS", "O_NONBLOCK; then poll() for writing and SO_ERROR; observed on Linux 6.18",
    NonBlocking};
constexpr AtlasColumn kInProgressOnFreeBsd = {
    "EINPROGRESS", "O_NONBLOCK; then poll() for writing and SO_ERROR; observed on 13.0",
    NonBlocking};
constexpr AtlasColumn kAlreadyOnLinux = {
    "EALREADY", "the second connect() of a non-blocking socket; observed on Linux 6.18",
    SecondAttempt};
constexpr AtlasColumn kAlreadyOnFreeBsd = {
    "EALREADY", "the second connect() of a non-blocking socket; observed on 13.0", SecondAttempt};
constexpr AtlasColumn kInterruptedOnLinux = {
    "EINTR",
    "SIGALRM after 20 ms of a round trip of 100 ms, no SA_RESTART; the handshake goes on; observed "
    "on Linux 6.18",
    CaughtSignal, kSlow};
constexpr AtlasColumn kInterruptedOnFreeBsd = {
    "EINTR",
    "SIGALRM after 20 ms of a round trip of 100 ms; the handshake goes on; observed on 13.0",
    CaughtSignal, kSlow};
constexpr AtlasColumn kConnectedOnLinux = {
    "EISCONN", "the second connect() of a connected stream; observed on Linux 6.18",
    AlreadyConnected};
constexpr AtlasColumn kConnectedOnFreeBsd = {
    "EISCONN", "the second connect() of a connected stream; observed on 13.0", AlreadyConnected};

constexpr AtlasRow kRows[] = {
    {"fbsd-eisconn", AtlasPage::kFreeBsd, "The socket is connected.", kConnectedOnLinux,
     kConnectedOnFreeBsd},
    {"fbsd-etimedout", AtlasPage::kFreeBsd, "Nothing answered until the attempt timed out.",
     kTimedOutOnLinux, kTimedOutOnFreeBsd},
    {"fbsd-econnrefused", AtlasPage::kFreeBsd, "The attempt was rejected.", kRefusedOnLinux,
     kRefusedOnFreeBsd},
    {"fbsd-econnreset",
     AtlasPage::kFreeBsd,
     "The remote host reset the connection.",
     {"ECONNRESET",
      "the reset follows the handshake of a non-blocking attempt; the next connect() tells; "
      "observed on Linux 6.18",
      ResetAfterHandshake},
     {"ECONNRESET",
      "SYN-ACK and reset (accept queue full) are both in before the sleeping thread runs: "
      "soconnect() then returns so_error",
      AcceptQueueFull, kAtOnceNetworkFirst}},
    {"fbsd-einprogress", AtlasPage::kFreeBsd,
     "The socket is non-blocking and the connection takes time; select() for writing tells when.",
     kInProgressOnLinux, kInProgressOnFreeBsd},
    {"fbsd-eintr", AtlasPage::kFreeBsd,
     "A signal interrupted the attempt, which goes on in the background.", kInterruptedOnLinux,
     kInterruptedOnFreeBsd},
    {"fbsd-ealready", AtlasPage::kFreeBsd, "An earlier attempt is not complete.", kAlreadyOnLinux,
     kAlreadyOnFreeBsd},
    {"linux-ealready", AtlasPage::kLinux,
     "The socket is non-blocking and an earlier attempt is unfinished.", kAlreadyOnLinux,
     kAlreadyOnFreeBsd},
    {"linux-econnrefused", AtlasPage::kLinux, "No one listens at the remote address.",
     kRefusedOnLinux, kRefusedOnFreeBsd},
    {"linux-einprogress", AtlasPage::kLinux,
     "The socket is non-blocking and the connection takes time; after poll() for writing SO_ERROR "
     "says 0 or why not.",
     kInProgressOnLinux, kInProgressOnFreeBsd},
    {"linux-eintr", AtlasPage::kLinux, "A signal that is caught interrupted the call.",
     kInterruptedOnLinux, kInterruptedOnFreeBsd},
    {"linux-eisconn", AtlasPage::kLinux, "The socket is connected.", kConnectedOnLinux,
     kConnectedOnFreeBsd},
    {"linux-etimedout", AtlasPage::kLinux,
     "The attempt timed out; the server may be too busy to accept.", kTimedOutOnLinux,
     kTimedOutOnFreeBsd},
    {"cause-closed-local-port",
     AtlasPage::kCause,
     "Nobody listens on a port of this very host.",
     {"ECONNREFUSED", "RST through the loopback link; observed on Linux 6.18", ClosedLocalPort},
     {"ECONNREFUSED", "RST through the loopback link; observed on 13.0", ClosedLocalPort}},
    {"cause-shorter-limit",
     AtlasPage::kCause,
     "Nothing answers, and the program or the administrator wants to know sooner.",
     {"ETIMEDOUT", "TCP_SYNCNT 1: 3 s; observed on Linux 6.18", BlackHoleWithFewerSyns},
     {"ETIMEDOUT", "net.inet.tcp.keepinit 3000: 3 s; observed on 13.0",
      BlackHoleWithShortKeepinit}},
    {"cause-busy-server",
     AtlasPage::kCause,
     "The accept queue of the server is full.",
     {"ETIMEDOUT", "the listener drops SYNs while its queue is full; observed on Linux 6.18",
      AcceptQueueFull},
     {"0", "the handshake completes and the reset comes after connect() returned; observed on 13.0",
      AcceptQueueFull}},
    {"cause-silence-after-handshake",
     AtlasPage::kCause,
     "The handshake completed for the client alone: its last ACK was lost, and its data is too.",
     {"0, ETIMEDOUT", "connect() succeeds; tcp_retries2 retransmissions of data later recv() tells",
      SilenceAfterHandshake},
     {"0, ETIMEDOUT", "connect() succeeds; twelve retransmissions of data later recv() tells",
      SilenceAfterHandshake}},
    {"cause-syn-cookies",
     AtlasPage::kCause,
     "The server answers with SYN cookies and the last ACK of the handshake is lost: the server "
     "knows nothing of the connection.",
     {"0, silence for 120 s, ETIMEDOUT",
      "tcp_syncookies 2: connect() succeeds and the SYN-ACK is never repeated; data times out "
      "after "
      "tcp_retries2 retransmissions; observed on Linux 6.18",
      LongWaitWithCookiesOnLinux},
     {"0, silence for 120 s, ETIMEDOUT",
      "net.inet.tcp.syncookies_only 1: connect() succeeds and the SYN-ACK is never repeated; data "
      "times out after twelve retransmissions",
      LongWaitWithCookiesOnFreeBsd}},
    {"cause-shutdown-while-connecting",
     AtlasPage::kCause,
     "The program shut the socket down while the attempt was under way.",
     {"ECONNRESET", "SO_ERROR after shutdown(SHUT_RDWR); observed on Linux 6.18",
      ShutDownWhileConnecting},
     {"0", "the attempt goes on; observed on 13.0", ShutDownWhileConnecting}},
    {"cause-signal-with-restart",
     AtlasPage::kCause,
     "A signal whose handler has SA_RESTART came during the call.",
     {"0", "connect() is restarted and succeeds; observed on Linux 6.18", CaughtSignalWithRestart,
      kSlow},
     {"EINTR", "connect() is never restarted; observed on 13.0", CaughtSignalWithRestart, kSlow}},
    {"cause-connect-listener",
     AtlasPage::kCause,
     "The socket is listening.",
     {"EISCONN", "observed on Linux 6.18", ConnectListener},
     {"EOPNOTSUPP", "observed on 13.0", ConnectListener}},
};

}  // namespace

absl::Span<const AtlasRow> HandshakeRows() { return kRows; }

}  // namespace drywire
