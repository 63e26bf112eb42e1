// Rows about the way to the destination: routes, gateways, neighbours, and what routers report.
#include "tools/errors/atlas.h"

namespace drywire {
namespace {

// Observes one blocking connect() of a stream to port 80 of `destination`.
void SpawnConnect(Scene& scene, Host& client, const char* destination) {
  scene.Spawn(client, "client", [destination](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet(destination, 80)));
  });
}

void NoRoute(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  SpawnConnect(scene, client, "192.0.2.1");
}

// A client behind a router that has `route`.
void ThroughRouter(Scene& scene, const char* route) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& router = scene.AddRouter("router", "10.0.0.254/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  if (route != nullptr) scene.AddRoute(router, route);
  SpawnConnect(scene, client, "192.0.2.1");
}

void RouterSaysHostUnreachable(Scene& scene) { ThroughRouter(scene, "unreachable 192.0.2.0/24"); }
void RouterSaysProhibited(Scene& scene) { ThroughRouter(scene, "prohibit 192.0.2.0/24"); }
void RouterHasNoRoute(Scene& scene) { ThroughRouter(scene, nullptr); }

// Two routers that think the other one is the way.
void RoutingLoop(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& first = scene.AddRouter("router1", "10.0.0.254/24");
  Host& second = scene.AddRouter("router2", "10.0.0.253/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.AddRoute(first, "default via 10.0.0.253");
  scene.AddRoute(second, "default via 10.0.0.254");
  SpawnConnect(scene, client, "192.0.2.1");
}

void WithRoute(Scene& scene, const char* route) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, route);
  SpawnConnect(scene, client, "192.0.2.1");
}

void UnreachableRoute(Scene& scene) { WithRoute(scene, "unreachable 192.0.2.0/24"); }
void ProhibitRoute(Scene& scene) { WithRoute(scene, "prohibit 192.0.2.0/24"); }
void BlackholeRoute(Scene& scene) { WithRoute(scene, "blackhole 192.0.2.0/24"); }
void ThrowRoute(Scene& scene) { WithRoute(scene, "throw 192.0.2.0/24"); }
void SilentGateway(Scene& scene) { WithRoute(scene, "default via 10.0.0.254"); }

void SilentNeighbour(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  SpawnConnect(scene, client, "10.0.0.77");
}

// Seven attempts, a second apart, none of which waits; only the last one is looked at.
void KeepAsking(Calls& sys, const char* destination) {
  int result = 0;
  for (int i = 0; i < 7; ++i) {
    if (i > 0) sys.usleep(1'000'000);
    const int fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    result = sys.connect(fd, Inet(destination, 80));
  }
  sys.Observe(result);
}

void SilentNeighbourAskedOften(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) { KeepAsking(sys, "10.0.0.77"); });
}

void SilentGatewayAskedOften(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddRoute(client, "default via 10.0.0.254");
  scene.Spawn(client, "client", [](Calls& sys) { KeepAsking(sys, "192.0.2.1"); });
}

void InterfaceDown(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.AddHost("server", "10.0.0.2/24");
  scene.SetInterfaceDown(client, "eth0");
  SpawnConnect(scene, client, "10.0.0.2");
}

// Each destination takes an entry of the cache: two fit, the third does not.
void RoutingCacheFull(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SetKnob(client, "route_cache_entries", &client.profile().ip.route_cache_entries, 2);
  scene.Spawn(client, "client", [](Calls& sys) {
    sys.connect(sys.socket(AF_INET, SOCK_DGRAM), Inet("10.0.0.2", 53));
    sys.connect(sys.socket(AF_INET, SOCK_DGRAM), Inet("10.0.0.3", 53));
    const int fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.Observe(sys.connect(fd, Inet("10.0.0.4", 53)));
  });
}

constexpr AtlasColumn kNoRouteOnLinux = {"ENETUNREACH",
                                         "no route leads there; observed on Linux 6.18", NoRoute};
constexpr AtlasColumn kNoRouteOnFreeBsd = {"ENETUNREACH", "no route leads there; observed on 13.0",
                                           NoRoute};

constexpr AtlasRow kRows[] = {
    {"fbsd-enetunreach", AtlasPage::kFreeBsd, "The network cannot be reached from this host.",
     kNoRouteOnLinux, kNoRouteOnFreeBsd},
    {"fbsd-ehostunreach",
     AtlasPage::kFreeBsd,
     "The remote host cannot be reached from this host.",
     {"EHOSTUNREACH",
      "a router answers the SYN with ICMP host unreachable, fatal at once in SYN-SENT; packetdrill "
      "icmp-before-accept",
      RouterSaysHostUnreachable},
     {"EHOSTUNREACH",
      "a router answers each SYN with ICMP host unreachable, a soft error until the fifth SYN at "
      "15.6 s; observed on 13.0",
      RouterSaysHostUnreachable}},
    {"linux-enetunreach", AtlasPage::kLinux, "The network cannot be reached.", kNoRouteOnLinux,
     kNoRouteOnFreeBsd},
    {"linux-eagain-routing-cache",
     AtlasPage::kLinux,
     "The routing cache has too few entries.",
     {"EAGAIN",
      "knob route_cache_entries: the routing cache that net.ipv4.route.max_size limited in kernels "
      "before 3.6; it was removed then",
      RoutingCacheFull},
     {"EAGAIN",
      "knob route_cache_entries: gives FreeBSD, no release of which has one, Linux's cache of "
      "before "
      "3.6",
      RoutingCacheFull}},
    {"cause-silent-neighbour",
     AtlasPage::kCause,
     "The destination is on the link, and nobody answers ARP for it.",
     {"EHOSTUNREACH", "three requests, a second apart; observed on Linux 6.18", SilentNeighbour},
     {"ETIMEDOUT", "requests go unanswered and no one tells the connection; observed on 13.0",
      SilentNeighbour}},
    {"cause-silent-gateway",
     AtlasPage::kCause,
     "The gateway does not answer ARP.",
     {"EHOSTUNREACH", "as for a neighbour; observed on Linux 6.18", SilentGateway},
     {"ETIMEDOUT", "as for a neighbour; observed on 13.0", SilentGateway}},
    {"cause-silent-neighbour-asked-often",
     AtlasPage::kCause,
     "Nobody on the link answers ARP for the destination, and attempts keep coming.",
     {"EINPROGRESS", "each attempt starts anew and fails later; observed on Linux 6.18",
      SilentNeighbourAskedOften},
     {"EHOSTDOWN", "after five requests connect() says so at once; observed on 13.0",
      SilentNeighbourAskedOften}},
    {"cause-silent-gateway-asked-often",
     AtlasPage::kCause,
     "The gateway does not answer ARP, and attempts keep coming.",
     {"EINPROGRESS", "each attempt starts anew and fails later; observed on Linux 6.18",
      SilentGatewayAskedOften},
     {"EHOSTUNREACH", "after five requests connect() says so at once; observed on 13.0",
      SilentGatewayAskedOften}},
    {"cause-unreachable-route",
     AtlasPage::kCause,
     "A route of type unreachable (reject).",
     {"EHOSTUNREACH", "observed on Linux 6.18", UnreachableRoute},
     {"ENETUNREACH", "without a bound source it counts as no route; observed on 13.0",
      UnreachableRoute}},
    {"cause-prohibit-route",
     AtlasPage::kCause,
     "A route of type prohibit.",
     {"EACCES", "observed on Linux 6.18", ProhibitRoute},
     {"ENETUNREACH", "FreeBSD has reject routes only; counts as no route", ProhibitRoute}},
    {"cause-blackhole-route",
     AtlasPage::kCause,
     "A route of type blackhole.",
     {"EINVAL", "observed on Linux 6.18", BlackholeRoute},
     {"ENETUNREACH", "without a bound source it counts as no route; observed on 13.0",
      BlackholeRoute}},
    {"cause-throw-route",
     AtlasPage::kCause,
     "A route of type throw ends the search.",
     {"ENETUNREACH", "observed on Linux 6.18", ThrowRoute},
     {"ENETUNREACH", "FreeBSD has no such type; counts as no route", ThrowRoute}},
    {"cause-router-without-route",
     AtlasPage::kCause,
     "The router has no route to the destination.",
     {"ENETUNREACH", "ICMP net unreachable; packetdrill icmp-before-accept", RouterHasNoRoute},
     {"EHOSTUNREACH", "ICMP host unreachable for each SYN, soft until 15.6 s; observed on 13.0",
      RouterHasNoRoute}},
    {"cause-router-prohibits",
     AtlasPage::kCause,
     "The router refuses to forward.",
     {"EHOSTUNREACH", "ICMP administratively prohibited; packetdrill icmp-before-accept",
      RouterSaysProhibited},
     {"ECONNREFUSED",
      "ICMP administratively prohibited counts as a refusal: icmp_errmap, observed "
      "on 13.0",
      RouterSaysProhibited}},
    {"cause-routing-loop",
     AtlasPage::kCause,
     "Routers send the packet in circles until its TTL is over.",
     {"EHOSTUNREACH", "ICMP time exceeded; tcp_v4_err()", RoutingLoop},
     {"EHOSTUNREACH", "ICMP time exceeded, fatal at once in SYN-SENT; observed on 13.0",
      RoutingLoop}},
    {"cause-interface-down",
     AtlasPage::kCause,
     "The interface to the destination is down.",
     {"ENETUNREACH", "its routes went with it; observed on Linux 6.18", InterfaceDown},
     {"ENETDOWN", "observed on 13.0", InterfaceDown}},
};

}  // namespace

absl::Span<const AtlasRow> RouteRows() { return kRows; }

}  // namespace drywire
