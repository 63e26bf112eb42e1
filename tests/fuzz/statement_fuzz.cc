// Any text is a firewall statement of nft(8) and a route statement of ip-route(8), or an error that
// says what was expected; what is accepted can be printed and acted on.
#include <string>

#include "sim/core/check.h"
#include "stack/ip/firewall.h"
#include "stack/ip/ip_stack.h"
#include "stack/ip/route_parser.h"
#include "stack/personality/profile.h"
#include "stack/wire/packet.h"
#include "tests/fuzz/fuzz.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() {
  return {
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; "
      "policy drop; }; add rule inet filter input tcp dport { 22, 80-90 } accept",
      "input ip saddr 10.0.0.0/8 tcp flags syn / syn,ack counter reject with tcp reset",
      "output meta skuid 1000 udp dport 53 limit rate 5/minute burst 3 packets drop",
      "forward iifname \"eth0\" oifname eth1 ct state established,related accept",
      "connect ip daddr 10.0.0.1 reject with icmpx admin-prohibited comment \"no\"",
      "table ip6 t { chain c { type filter hook output priority filter + 1; ip6 nexthdr tcp drop } "
      "}",
      "insert rule inet filter input index 0 drop; delete rule inet filter input handle 1; flush "
      "ruleset",
      "default via 10.0.0.254 dev eth0 metric 5 mtu lock 1400",
      "add unreachable 10.9.0.0/16 metric 7",
      "replace 10.1.0.0/16 via 10.0.0.3 src 10.0.0.1 proto static scope link onlink",
      "del default",
      "-6 fd00:1::/64 via fd00::2 dev eth0",
      "throw 192.0.2.0/24",
  };
}

namespace {

void TryFirewall(const std::string& text) {
  Firewall firewall;
  if (!firewall.Load(text).ok()) {
    DRYWIRE_CHECK(!firewall.Load(text).message().empty());
    return;
  }
  (void)firewall.ToString();
  Packet packet;
  packet.source = *Address::Parse("10.0.0.1");
  packet.destination = *Address::Parse("10.0.0.2");
  Segment segment;
  segment.source_port = 1000;
  segment.destination_port = 80;
  segment.flags = kSyn;
  packet.body = segment;
  for (int i = 0; i < kHookCount; ++i) {
    FirewallSubject subject = FirewallSubject::Of(packet);
    subject.input_interface = "eth0";
    subject.output_interface = "eth1";
    const FirewallDecision decision =
        firewall.Evaluate(Instant::Zero(), static_cast<Hook>(i), subject);
    DRYWIRE_CHECK(decision.verdict != FirewallVerdict::kContinue);
  }
}

void TryRoute(const std::string& text) {
  const absl::StatusOr<RouteStatement> parsed = ParseRoute(text);
  const Profile profile = LinuxProfile();
  PacketPool pool;
  IpStack ip(profile.ip, pool);
  InterfaceConfig config;
  config.name = "eth0";
  const absl::StatusOr<uint32_t> eth0 = ip.AddInterface(config);
  DRYWIRE_CHECK(eth0.ok());
  DRYWIRE_CHECK(ip.AddAddress(*eth0, *Prefix::Parse("10.0.0.1/24")).ok());
  DRYWIRE_CHECK(ip.AddAddress(*eth0, *Prefix::Parse("fd00::1/64")).ok());
  const absl::Status changed = ip.ChangeRoute(text);
  if (!parsed.ok()) {
    DRYWIRE_CHECK(!changed.ok()) << text;
    return;
  }
  (void)ip.RoutesToString();
  for (const char* destination : {"10.9.0.1", "10.0.0.3", "192.0.2.1", "fd00:1::5"}) {
    RouteQuery query;
    query.destination = *Address::Parse(destination);
    (void)ip.SelectRoute(Instant::Zero(), query);
  }
}

}  // namespace
}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  drywire::TryFirewall(text);
  drywire::TryRoute(text);
  return 0;
}
