// The last packets of a world, kept for failure messages, timelines and sequence diagrams.
//
// A ring of packet events in memory. Packets are kept as values whose payload is shared, so keeping
// one costs no copy of its bytes. For everything there ever was, see PcapngWriter (pcapng.h).
#ifndef DRYWIRE_SIM_NET_CAPTURE_H_
#define DRYWIRE_SIM_NET_CAPTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/time.h"
#include "sim/net/matcher.h"
#include "sim/net/packet_event.h"
#include "stack/wire/packet.h"

namespace drywire {

// One packet event, kept. Ports and reasons live as long as the fabric.
struct CapturedPacket {
  PacketEvent::Kind kind = PacketEvent::Kind::kSent;
  bool at_sender = true;
  Instant time;
  Instant arrival;
  const Port* from = nullptr;
  const Port* to = nullptr;
  absl::string_view reason;
  Packet packet;
};

class Capture final : public PacketObserver {
 public:
  // Keeps the last `capacity` events; a packet that arrives makes two (sent, delivered).
  explicit Capture(size_t capacity) : capacity_(capacity) {}

  void OnPacket(const PacketEvent& event) override;

  // Oldest first: i < size().
  size_t size() const { return ring_.size(); }
  const CapturedPacket& at(size_t i) const { return ring_[(first_ + i) % ring_.size()]; }
  // Events seen so far, forgotten ones included.
  uint64_t seen() const { return seen_; }
  void Clear();

  // Events kept that are of this kind and match.
  size_t Count(PacketEvent::Kind kind, const Matcher& matcher) const;

 private:
  size_t capacity_;
  size_t first_ = 0;
  uint64_t seen_ = 0;
  std::vector<CapturedPacket> ring_;
};

struct TimelineOptions {
  // Of what is kept, only the last `last` that match.
  size_t last = ~size_t{0};
  Matcher matcher;
  // Shows each packet when it is sent and when it arrives, not only when it is sent.
  bool arrivals = false;
};

// A line an event, times in virtual seconds:
//   0.000000  client:eth0 > server:eth0  #1 10.0.0.1:4000 > 10.0.0.2:80 S 0:0(0) win 65535
//   0.000000  client:eth0 > server:eth0  #1 ... dropped: lost
std::string FormatTimeline(const Capture& capture, const TimelineOptions& options = {});

// A ladder between hosts, one column each, in order of appearance (or of `hosts`, which may also
// leave hosts out). One line a packet, at the time it was sent; the arrow says from where to where,
// and ends in X where the packet was lost:
//
//               client                                server
//   0.000000      |--- S 0:0(0) win 64240 ------------->|
//   0.010000      |<-- R. 0:0(0) ack 1 win 0 -----------|
//   1.000000      |--- S 0:0(0) win 64240 ------X       |  dropped: lost
std::string FormatSequenceDiagram(const Capture& capture, const TimelineOptions& options = {},
                                  const std::vector<std::string>& hosts = {});

}  // namespace drywire

#endif  // DRYWIRE_SIM_NET_CAPTURE_H_
