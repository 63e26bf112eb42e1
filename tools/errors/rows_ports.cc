// Rows about local ports: ephemeral ones that run out, and 4-tuples that are taken.
#include "tools/errors/atlas.h"

namespace drywire {
namespace {

// Two sockets share 10.0.0.1:4000; the first is connected, and the second wants the same peer.
void ConnectTwiceFromOnePort(Calls& sys) {
  const auto connect_from_4000 = [&sys] {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    sys.bind(fd, Inet("10.0.0.1", 4000));
    return sys.connect(fd, Inet("10.0.0.2", 80));
  };
  connect_from_4000();
  sys.Observe(connect_from_4000());
}

void TupleTaken(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.SpawnListener(server, 80);
  scene.Spawn(client, "client", ConnectTwiceFromOnePort);
}

void TupleTakenSaysInUse(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.SetKnob(client, "tuple_conflict_is_in_use",
                &client.profile().socket.tuple_conflict_is_in_use);
  scene.SpawnListener(server, 80);
  scene.Spawn(client, "client", ConnectTwiceFromOnePort);
}

// Three connections where there are ports for two.
void ConnectThreeTimes(Calls& sys, int type) {
  int result = 0;
  for (int i = 0; i < 3; ++i) {
    const int fd = sys.socket(AF_INET, type);
    result = sys.connect(fd, Inet("10.0.0.2", 80));
  }
  sys.Observe(result);
}

void LinuxDatagramPorts(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SetSysctl(client, "net.ipv4.ip_local_port_range", "40000 40001");
  scene.Spawn(client, "client", [](Calls& sys) { ConnectThreeTimes(sys, SOCK_DGRAM); });
}

void LinuxStreamPorts(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.SetSysctl(client, "net.ipv4.ip_local_port_range", "40000 40001");
  scene.SpawnListener(server, 80);
  scene.Spawn(client, "client", [](Calls& sys) { ConnectThreeTimes(sys, SOCK_STREAM); });
}

Host& FreeBsdClientWithTwoPorts(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SetSysctl(client, "net.inet.ip.portrange.first", "40000");
  scene.SetSysctl(client, "net.inet.ip.portrange.last", "40001");
  return client;
}

void FreeBsdStreamPorts(Scene& scene) {
  Host& client = FreeBsdClientWithTwoPorts(scene);
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) { ConnectThreeTimes(sys, SOCK_STREAM); });
}

void FreeBsdDatagramPorts(Scene& scene) {
  Host& client = FreeBsdClientWithTwoPorts(scene);
  scene.Spawn(client, "client", [](Calls& sys) { ConnectThreeTimes(sys, SOCK_DGRAM); });
}

void FreeBsdStreamPortsTryAgain(Scene& scene) {
  Host& client = FreeBsdClientWithTwoPorts(scene);
  scene.SetKnob(client, "exhaustion_is_try_again",
                &client.profile().socket.exhaustion_is_try_again);
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) { ConnectThreeTimes(sys, SOCK_STREAM); });
}

constexpr AtlasColumn kTupleOnFreeBsd = {
    "EADDRINUSE",
    "two SO_REUSEPORT sockets on one port, the same peer: in_pcbconnect(); observed "
    "on 13.0",
    TupleTaken};

constexpr AtlasRow kRows[] = {
    {"fbsd-eaddrinuse",
     AtlasPage::kFreeBsd,
     "The address is already in use.",
     {"EADDRNOTAVAIL",
      "two SO_REUSEPORT sockets on one port, the same peer: Linux says so with this errno; "
      "observed on Linux 6.18",
      TupleTaken},
     kTupleOnFreeBsd},
    {"fbsd-eagain-ports",
     AtlasPage::kFreeBsd,
     "A port is to be chosen and none is left in the range.",
     {"EAGAIN",
      "datagram sockets hold both ports of net.ipv4.ip_local_port_range; streams get "
      "EADDRNOTAVAIL; "
      "observed on Linux 6.18",
      LinuxDatagramPorts},
     {"EAGAIN",
      "knob exhaustion_is_try_again: FreeBSD 3 answered so; in_pcb.c of 2006 and every later one "
      "says EADDRNOTAVAIL",
      FreeBsdStreamPortsTryAgain}},
    {"linux-eaddrinuse",
     AtlasPage::kLinux,
     "The local address is already in use.",
     {"EADDRINUSE",
      "knob tuple_conflict_is_in_use: Linux 6.18 has no way to say this at connect(), a 4-tuple in "
      "use is EADDRNOTAVAIL there",
      TupleTakenSaysInUse},
     kTupleOnFreeBsd},
    {"linux-eagain-ports",
     AtlasPage::kLinux,
     "No local port of the range is free.",
     {"EAGAIN",
      "datagram sockets hold both ports of net.ipv4.ip_local_port_range; observed on Linux 6.18",
      LinuxDatagramPorts},
     {"EADDRNOTAVAIL",
      "datagram sockets hold both ports of net.inet.ip.portrange; in_pcb_lport(), observed on 13.0",
      FreeBsdDatagramPorts}},
    {"cause-stream-ports-exhausted",
     AtlasPage::kCause,
     "Streams to this destination hold all ports of the range.",
     {"EADDRNOTAVAIL", "another destination still works; observed on Linux 6.18", LinuxStreamPorts},
     {"EADDRNOTAVAIL", "ports are counted per 4-tuple; observed on 13.0", FreeBsdStreamPorts}},
};

}  // namespace

absl::Span<const AtlasRow> PortRows() { return kRows; }

}  // namespace drywire
