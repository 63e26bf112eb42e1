// Compares what the host sent with what the script expects, by packetdrill's rules.
#ifndef DRYWIRE_TOOLS_PKT_MATCH_H_
#define DRYWIRE_TOOLS_PKT_MATCH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "stack/wire/packet.h"
#include "tools/pkt/config.h"
#include "tools/pkt/flow.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

struct MatchContext {
  const Config* config = nullptr;
  absl::string_view personality;
  // Which timestamps may be off by how much, microseconds.
  int64_t tolerance_usecs = 0;
};

// Notes what the script's packet says about the flow before the first of the packets that make it
// up is known: that a SYN-ACK begins the numbers of its side.
void NoteExpected(const PacketSpec& spec, Flow* flow);
void NoteSent(const PacketSpec& spec, const Packet& packet, Flow* flow);

// Whether `next` continues `previous` so that the two may be one packet of the script; empty, or
// why not. `wanted`: bytes that are still to come, `next`'s included.
std::string ContinuesFrom(const Packet& previous, const Packet& next, uint32_t wanted);
// Makes `packet` the two together.
void MergeInto(Packet* packet, const Packet& next);

// Empty, or "FIELD: expected X, got Y" for each field that differs, joined by "; ".
std::string CompareSent(const PacketSpec& spec, const Packet& packet, const MatchContext& context,
                        Flow* flow);

// The packet as a script would have it: "> S. 0:0(0) ack 1 win 65535 <mss 1460>". `flow` may be
// null.
std::string ScriptText(const Packet& packet, bool outbound, absl::string_view personality,
                       const Flow* flow);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_MATCH_H_
