#include "stack/ip/ip_actions.h"

namespace drywire {

absl::string_view DropReasonName(DropReason reason) {
  switch (reason) {
    case DropReason::kCorrupted:
      return "corrupted";
    case DropReason::kMartianSource:
      return "martian source";
    case DropReason::kMartianDestination:
      return "martian destination";
    case DropReason::kNotForUs:
      return "not for this host";
    case DropReason::kNoSuchGroup:
      return "no such group";
    case DropReason::kFirewallDrop:
      return "firewall drop";
    case DropReason::kFirewallReject:
      return "firewall reject";
    case DropReason::kTtlExceeded:
      return "ttl exceeded";
    case DropReason::kNoRoute:
      return "no route";
    case DropReason::kRefusedByRoute:
      return "refused by route";
    case DropReason::kTooBig:
      return "too big";
    case DropReason::kInterfaceDown:
      return "interface down";
    case DropReason::kNeighbourFailed:
      return "neighbour failed";
    case DropReason::kNeighbourQueueFull:
      return "neighbour queue full";
    case DropReason::kIcmpLimited:
      return "answer limited";
    case DropReason::kIgnored:
      return "ignored";
    case DropReason::kQueueFull:
      return "queue full";
  }
  return "?";
}

}  // namespace drywire
