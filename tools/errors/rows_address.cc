// Rows about what is in the address that connect() is given.
#include <cstring>

#include "tools/errors/atlas.h"

namespace drywire {
namespace {

void LengthTooShort(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    const sockaddr_in server = Inet("10.0.0.2", 80);
    sys.Observe(sys.connect(fd, reinterpret_cast<const sockaddr*>(&server), 8));
  });
}

void LengthTooLong(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    char large[512] = {};
    const sockaddr_in server = Inet("10.0.0.2", 80);
    std::memcpy(large, &server, sizeof server);
    sys.Observe(sys.connect(fd, reinterpret_cast<const sockaddr*>(large), sizeof large));
  });
}

void WrongFamily(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sockaddr_in server = Inet("10.0.0.2", 80);
    server.sin_family = AF_UNIX;
    sys.Observe(sys.connect(fd, server));
  });
}

// A multicast group cannot be the peer of a stream.
void StreamToMulticast(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("224.0.0.1", 80)));
  });
}

void UnconfiguredLoopback(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("127.0.0.2", 80)));
  });
}

void DestinationPortZero(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 0)));
  });
}

void LoopbackSourceToElsewhere(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.bind(fd, Inet("127.0.0.1", 0));
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

// One address of its own kind is left for this destination, and another socket has it.
void LocalAddressTaken(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.SetSysctl(client, "net.ipv4.ip_local_port_range", "40000 40000");
  scene.SpawnListener(server, 80);
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.connect(sys.socket(AF_INET, SOCK_STREAM), Inet("10.0.0.2", 80));
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

constexpr AtlasColumn kFamilyOnLinux = {
    "EAFNOSUPPORT", "16 bytes with sa_family AF_UNIX on an AF_INET socket; observed on Linux 6.18",
    WrongFamily};
constexpr AtlasColumn kFamilyOnFreeBsd = {
    "EAFNOSUPPORT",
    "the right length with sa_family AF_UNIX on an AF_INET socket; observed on 13.0", WrongFamily};

constexpr AtlasRow kRows[] = {
    {"fbsd-einval-len",
     AtlasPage::kFreeBsd,
     "The length is wrong for the family of the socket.",
     {"EINVAL", "8 bytes where sockaddr_in has 16; observed on Linux 6.18", LengthTooShort},
     {"EINVAL", "8 bytes where sockaddr_in has 16; observed on 13.0", LengthTooShort}},
    {"fbsd-eaddrnotavail",
     AtlasPage::kFreeBsd,
     "The address is not available on this machine.",
     {"EADDRNOTAVAIL",
      "no local address is left: the only port of net.ipv4.ip_local_port_range has a connection to "
      "this destination; observed on Linux 6.18",
      LocalAddressTaken},
     {"EADDRNOTAVAIL",
      "a loopback address that is not configured, with a default route; observed on 13.0",
      UnconfiguredLoopback}},
    {"fbsd-eafnosupport", AtlasPage::kFreeBsd,
     "The family of the address cannot be used with this socket.", kFamilyOnLinux,
     kFamilyOnFreeBsd},
    {"linux-eafnosupport", AtlasPage::kLinux, "The sa_family is not the one of the socket.",
     kFamilyOnLinux, kFamilyOnFreeBsd},
    {"cause-length-too-long",
     AtlasPage::kCause,
     "The length is longer than any socket address.",
     {"EINVAL", "512 bytes, 128 is the limit; observed on Linux 6.18", LengthTooLong},
     {"ENAMETOOLONG", "512 bytes, 255 is the limit; observed on 13.0", LengthTooLong}},
    {"cause-stream-to-multicast",
     AtlasPage::kCause,
     "A stream to a multicast group.",
     {"ENETUNREACH", "routing refuses; observed on Linux 6.18", StreamToMulticast},
     {"EAFNOSUPPORT", "TCP refuses the address; observed on 13.0", StreamToMulticast}},
    {"cause-port-zero",
     AtlasPage::kCause,
     "The destination port is 0.",
     {"ECONNREFUSED", "port 0 is tried like any other, and is closed; observed on Linux 6.18",
      DestinationPortZero},
     {"EADDRNOTAVAIL", "refused before anything is sent; observed on 13.0", DestinationPortZero}},
    {"cause-loopback-source",
     AtlasPage::kCause,
     "The socket is bound to 127.0.0.1 and the destination is another host.",
     {"EINVAL", "the source is not valid on that route; observed on Linux 6.18",
      LoopbackSourceToElsewhere},
     {"EADDRNOTAVAIL", "127.0.0.1 cannot leave the host; observed on 13.0",
      LoopbackSourceToElsewhere}},
    {"cause-unconfigured-loopback",
     AtlasPage::kCause,
     "A loopback address that no interface has.",
     {"ECONNREFUSED",
      "all of 127.0.0.0/8 is this host, whose port is closed; observed on Linux 6.18",
      UnconfiguredLoopback},
     {"EADDRNOTAVAIL", "only 127.0.0.1 is configured; observed on 13.0", UnconfiguredLoopback}},
};

}  // namespace

absl::Span<const AtlasRow> AddressRows() { return kRows; }

}  // namespace drywire
