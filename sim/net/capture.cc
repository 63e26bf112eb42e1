#include "sim/net/capture.h"

#include <algorithm>

#include "sim/net/port.h"

namespace drywire {

void Capture::OnPacket(const PacketEvent& event) {
  ++seen_;
  if (capacity_ == 0) return;
  CapturedPacket* slot = nullptr;
  if (ring_.size() < capacity_) {
    slot = &ring_.emplace_back();
  } else {
    slot = &ring_[first_];
    first_ = (first_ + 1) % ring_.size();
  }
  slot->kind = event.kind;
  slot->at_sender = event.at_sender;
  slot->time = event.time;
  slot->arrival = event.arrival;
  slot->from = event.from;
  slot->to = event.to;
  slot->reason = event.reason;
  slot->packet = *event.packet;
}

void Capture::Clear() {
  ring_.clear();
  first_ = 0;
}

size_t Capture::Count(PacketEvent::Kind kind, const Matcher& matcher) const {
  size_t count = 0;
  for (size_t i = 0; i < size(); ++i) {
    const CapturedPacket& event = at(i);
    const Port& to = event.to != nullptr ? *event.to : *event.from;
    if (event.kind == kind && matcher.Matches({event.packet, *event.from, to, event.time})) ++count;
  }
  return count;
}

}  // namespace drywire
