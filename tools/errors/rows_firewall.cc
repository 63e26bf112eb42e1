// Rows about those who forbid: broadcast permission, packet filters, policy at the system call.
#include "tools/errors/atlas.h"

namespace drywire {
namespace {

constexpr char kBroadcast[] = "255.255.255.255";

// A datagram socket for the broadcast address: first without permission, then with it where
// policy denies the call.
void BroadcastDatagram(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.AddFirewallRule(client, "connect udp dport 68 deny eperm");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.Observe(sys.connect(fd, Inet(kBroadcast, 67)));
    sys.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1);
    sys.Observe(sys.connect(fd, Inet(kBroadcast, 68)));
  });
}

void BroadcastStreamAndPolicy(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.AddFirewallRule(client, "connect tcp dport 68 deny eperm");
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.Observe(sys.connect(sys.socket(AF_INET, SOCK_STREAM), Inet(kBroadcast, 67)));
    sys.Observe(sys.connect(sys.socket(AF_INET, SOCK_STREAM), Inet(kBroadcast, 68)));
  });
}

void BroadcastDatagramOnly(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.Observe(sys.connect(sys.socket(AF_INET, SOCK_DGRAM), Inet(kBroadcast, 67)));
  });
}

void BroadcastStreamOnly(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.Observe(sys.connect(sys.socket(AF_INET, SOCK_STREAM), Inet(kBroadcast, 67)));
  });
}

void ConnectTo80(Calls& sys) {
  const int fd = sys.socket(AF_INET, SOCK_STREAM);
  sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
}

void ConnectTo81(Calls& sys) {
  const int fd = sys.socket(AF_INET, SOCK_STREAM);
  sys.Observe(sys.connect(fd, Inet("10.0.0.2", 81)));
}

// Both verdicts that a policy may give.
void PolicyAtConnect(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.AddFirewallRule(client, "connect tcp dport 80 deny eacces");
  scene.AddFirewallRule(client, "connect tcp dport 81 deny eperm");
  scene.Spawn(client, "client", [](Calls& sys) {
    ConnectTo80(sys);
    ConnectTo81(sys);
  });
}

void FilterOnOutputAndPolicy(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.AddFirewallRule(client, "output tcp dport 80 drop");
  scene.AddFirewallRule(client, "connect tcp dport 81 deny eperm");
  scene.Spawn(client, "client", [](Calls& sys) {
    ConnectTo80(sys);
    ConnectTo81(sys);
  });
}

void LocalRule(Scene& scene, const char* rule) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.AddFirewallRule(client, rule);
  scene.Spawn(client, "client", ConnectTo80);
}

void OutputDrop(Scene& scene) { LocalRule(scene, "output tcp dport 80 drop"); }

void RemoteRule(Scene& scene, const char* rule) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.SpawnListener(server, 80);
  scene.AddFirewallRule(server, rule);
  scene.Spawn(client, "client", ConnectTo80);
}

void RemoteDrop(Scene& scene) { RemoteRule(scene, "input tcp dport 80 drop"); }
void RemoteReset(Scene& scene) { RemoteRule(scene, "input tcp dport 80 reject with tcp reset"); }
void RemotePort(Scene& scene) {
  RemoteRule(scene, "input tcp dport 80 reject with icmp type port-unreachable");
}
void RemoteProtocol(Scene& scene) {
  RemoteRule(scene, "input tcp dport 80 reject with icmp type prot-unreachable");
}
void RemoteHost(Scene& scene) {
  RemoteRule(scene, "input tcp dport 80 reject with icmp type host-unreachable");
}
void RemoteNet(Scene& scene) {
  RemoteRule(scene, "input tcp dport 80 reject with icmp type net-unreachable");
}
void RemoteAdmin(Scene& scene) {
  RemoteRule(scene, "input tcp dport 80 reject with icmp type admin-prohibited");
}

constexpr AtlasRow kRows[] = {
    {"fbsd-eacces-broadcast",
     AtlasPage::kFreeBsd,
     "A broadcast address through a socket without broadcast permission.",
     {"EACCES",
      "a datagram socket without SO_BROADCAST; a stream gets ENETUNREACH; observed on Linux 6.18",
      BroadcastDatagramOnly},
     {"EACCES", "a stream, whatever SO_BROADCAST says; observed on 13.0", BroadcastStreamOnly}},
    {"linux-broadcast",
     AtlasPage::kLinux,
     "A broadcast address without SO_BROADCAST.",
     {"EACCES, EPERM",
      "EACCES: a datagram socket without SO_BROADCAST, observed on Linux 6.18; EPERM: no kernel "
      "gives it for the flag, a cgroup program that denies the connect() does, observed on Linux "
      "6.18",
      BroadcastDatagram},
     {"EACCES, EPERM",
      "EACCES: a stream to the broadcast address, observed on 13.0; EPERM: a MAC policy that "
      "denies the broadcast, mac_socket_check_connect()",
      BroadcastStreamAndPolicy}},
    {"linux-firewall",
     AtlasPage::kLinux,
     "A local firewall rule or policy refused it.",
     {"EACCES, EPERM",
      "EACCES: a security module denies the call; EPERM: a cgroup program does, observed on Linux "
      "6.18; an nft drop on output shows as ETIMEDOUT there",
      PolicyAtConnect},
     {"EACCES, EPERM",
      "EACCES: the packet filter drops the SYN on output, observed on 13.0; EPERM: a MAC policy "
      "denies the call, mac_socket_check_connect()",
      FilterOnOutputAndPolicy}},
    {"cause-output-drop",
     AtlasPage::kCause,
     "A packet filter of the host itself drops the SYN on its way out.",
     {"ETIMEDOUT", "TCP takes the SYN for lost; observed on Linux 6.18", OutputDrop},
     {"EACCES", "connect() says so at once, though the attempt goes on; observed on 13.0",
      OutputDrop}},
    {"cause-remote-drop",
     AtlasPage::kCause,
     "A packet filter of the server drops the SYN.",
     {"ETIMEDOUT", "observed on Linux 6.18", RemoteDrop},
     {"ETIMEDOUT", "observed on 13.0", RemoteDrop}},
    {"cause-remote-tcp-reset",
     AtlasPage::kCause,
     "A packet filter of the server rejects with a RST.",
     {"ECONNREFUSED", "observed on Linux 6.18", RemoteReset},
     {"ECONNREFUSED", "observed on 13.0", RemoteReset}},
    {"cause-remote-port-unreachable",
     AtlasPage::kCause,
     "A packet filter of the server rejects with ICMP port unreachable.",
     {"ECONNREFUSED", "observed on Linux 6.18", RemotePort},
     {"ECONNREFUSED", "at once: icmp_errmap; observed on 13.0", RemotePort}},
    {"cause-remote-protocol-unreachable",
     AtlasPage::kCause,
     "A packet filter of the server rejects with ICMP protocol unreachable.",
     {"ENOPROTOOPT", "observed on Linux 6.18", RemoteProtocol},
     {"ECONNREFUSED", "at once: icmp_errmap; observed on 13.0", RemoteProtocol}},
    {"cause-remote-host-unreachable",
     AtlasPage::kCause,
     "A packet filter of the server rejects with ICMP host unreachable.",
     {"EHOSTUNREACH", "observed on Linux 6.18", RemoteHost},
     {"EHOSTUNREACH", "soft until the fifth SYN; observed on 13.0", RemoteHost}},
    {"cause-remote-net-unreachable",
     AtlasPage::kCause,
     "A packet filter of the server rejects with ICMP net unreachable.",
     {"ENETUNREACH", "observed on Linux 6.18", RemoteNet},
     {"EHOSTUNREACH",
      "icmp_errmap knows one errno for both, soft until the fifth SYN; observed on "
      "13.0",
      RemoteNet}},
    {"cause-remote-admin-prohibited",
     AtlasPage::kCause,
     "A packet filter of the server rejects with ICMP administratively prohibited.",
     {"EHOSTUNREACH", "observed on Linux 6.18", RemoteAdmin},
     {"ECONNREFUSED", "at once: icmp_errmap; observed on 13.0", RemoteAdmin}},
};

}  // namespace

absl::Span<const AtlasRow> FirewallRows() { return kRows; }

}  // namespace drywire
