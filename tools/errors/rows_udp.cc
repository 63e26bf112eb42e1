// Rows about connect() on datagram sockets, and the errors that reach them afterwards.
#include "absl/strings/str_cat.h"
#include "tools/errors/atlas.h"

namespace drywire {
namespace {

// Binds a datagram socket to port 5000, waits for one datagram and answers the client.
void SpawnEcho(Scene& scene, Host& host, const char* name, const char* address,
               const char* answer) {
  scene.Spawn(host, name, [address, answer](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.bind(fd, Inet(address, 5000));
    std::string text;
    sys.recv(fd, &text);
    sys.sendto(fd, answer, Inet("10.0.0.1", 4000));
  });
}

int DatagramSocketOn4000(Calls& sys) {
  const int fd = sys.socket(AF_INET, SOCK_DGRAM);
  sys.bind(fd, Inet("10.0.0.1", 4000));
  return fd;
}

// What recv() gives within 100 ms: the text, or the errno.
std::string Received(Calls& sys, int fd) {
  sys.poll(fd, POLLIN, 100);
  std::string text;
  if (sys.recv(fd, &text, MSG_DONTWAIT) == -1) return AtlasErrnoName(errno);
  return text;
}

// The peer gets what is sent without an address; a stranger's datagram does not come in, the
// peer's does.
void DefaultDestination(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& peer = scene.AddHost("peer", "10.0.0.2/24");
  Host& stranger = scene.AddHost("stranger", "10.0.0.3/24");
  SpawnEcho(scene, peer, "peer", "10.0.0.2", "from the peer");
  scene.Spawn(stranger, "stranger", [](Calls& sys) {
    sys.usleep(10'000);
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.sendto(fd, "from a stranger", Inet("10.0.0.1", 4000));
  });
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = DatagramSocketOn4000(sys);
    sys.connect(fd, Inet("10.0.0.2", 5000));
    sys.usleep(50'000);  // the stranger has sent by now
    sys.Observe(Received(sys, fd));
    sys.send(fd, "hello");
    sys.Observe(Received(sys, fd));
  });
}

void Reconnect(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  SpawnEcho(scene, scene.AddHost("first", "10.0.0.2/24"), "first", "10.0.0.2", "from the first");
  SpawnEcho(scene, scene.AddHost("second", "10.0.0.3/24"), "second", "10.0.0.3", "from the second");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = DatagramSocketOn4000(sys);
    for (const char* peer : {"10.0.0.2", "10.0.0.3"}) {
      sys.Observe(sys.connect(fd, Inet(peer, 5000)));
      sys.send(fd, "hello");
      sys.Observe(Received(sys, fd));
    }
  });
}

void Dissolve(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("peer", "10.0.0.2/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.connect(fd, Inet("10.0.0.2", 5000));
    sockaddr_in nobody = {};
    nobody.sin_family = AF_UNSPEC;
    sys.Observe(sys.connect(fd, nobody));
    sockaddr_in peer = {};
    sys.Observe(sys.getpeername(fd, &peer));
    sys.Observe(static_cast<int>(sys.send(fd, "to whom?")));
  });
}

// Nobody has the port: the answer is ICMP port unreachable, and the next call learns of it.
void ClosedDatagramPort(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.connect(fd, Inet("10.0.0.2", 5000));
    sys.send(fd, "anyone?");
    sys.usleep(100'000);
    sys.Observe(static_cast<int>(sys.send(fd, "hello?")));
  });
}

void UnconnectedSend(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.Observe(static_cast<int>(sys.send(fd, "to whom?")));
  });
}

void FilteredDatagram(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.AddFirewallRule(client, "output udp dport 5000 drop");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.connect(fd, Inet("10.0.0.2", 5000));
    sys.Observe(static_cast<int>(sys.send(fd, "hello")));
  });
}

constexpr AtlasRow kRows[] = {
    {"dgram-default-destination",
     AtlasPage::kBehaviour,
     "connect() on a datagram socket sets where datagrams go and the only source they come from.",
     {"EAGAIN, from the peer",
      "a stranger's datagram is not received, the peer's is; observed on Linux 6.18",
      DefaultDestination},
     {"EAGAIN, from the peer",
      "a stranger's datagram is not received, the peer's is; observed on 13.0",
      DefaultDestination}},
    {"dgram-reconnect",
     AtlasPage::kBehaviour,
     "A datagram socket may connect many times, to change its peer.",
     {"0, from the first, 0, from the second", "two peers in turn; observed on Linux 6.18",
      Reconnect},
     {"0, from the first, 0, from the second", "two peers in turn; observed on 13.0", Reconnect}},
    {"dgram-dissolve",
     AtlasPage::kBehaviour,
     "Connecting to AF_UNSPEC dissolves the association.",
     {"0, ENOTCONN, EDESTADDRREQ",
      "connect() is 0, then there is no peer and no destination; observed on Linux 6.18", Dissolve},
     {"EAFNOSUPPORT, ENOTCONN, EDESTADDRREQ",
      "connect() dissolves and yet says EAFNOSUPPORT; then there is no peer and no destination; "
      "observed on 13.0",
      Dissolve}},
    {"cause-closed-datagram-port",
     AtlasPage::kCause,
     "Nobody has the port that a connected datagram socket sent to.",
     {"ECONNREFUSED", "ICMP port unreachable, told by the next call; observed on Linux 6.18",
      ClosedDatagramPort},
     {"ECONNREFUSED", "ICMP port unreachable, told by the next call; observed on 13.0",
      ClosedDatagramPort}},
    {"cause-unconnected-send",
     AtlasPage::kCause,
     "A datagram socket without peer, and no destination given.",
     {"EDESTADDRREQ", "observed on Linux 6.18", UnconnectedSend},
     {"EDESTADDRREQ", "observed on 13.0", UnconnectedSend}},
    {"cause-filtered-datagram",
     AtlasPage::kCause,
     "A packet filter of the host itself drops the datagram on its way out.",
     {"EPERM", "observed on Linux 6.18", FilteredDatagram},
     {"EACCES", "observed on 13.0", FilteredDatagram}},
};

}  // namespace

absl::Span<const AtlasRow> UdpRows() { return kRows; }

}  // namespace drywire
