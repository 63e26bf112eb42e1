// Where TCP options go in a header: the one order in which text, length and bytes are made.
//
// The order and the padding are those of Linux (net/ipv4/tcp_output.c, tcp_options_write): MSS;
// SACK-permitted and timestamps, which share twelve bytes; window scale; SACK blocks; then
// everything else. Each group starts on a four-byte boundary, unless only without that padding do
// they fit into a header. FreeBSD puts the window scale before
// SACK-permitted; the length is the same, and a segment as a value has no order, so one is enough.
#ifndef DRYWIRE_STACK_WIRE_OPTION_LAYOUT_H_
#define DRYWIRE_STACK_WIRE_OPTION_LAYOUT_H_

#include <cstdint>

#include "stack/wire/segment.h"

namespace drywire {

// Option kinds (IANA, TCP parameters).
namespace tcp_option {
inline constexpr uint8_t kEndOfList = 0;
inline constexpr uint8_t kNop = 1;
inline constexpr uint8_t kMss = 2;
inline constexpr uint8_t kWindowScale = 3;
inline constexpr uint8_t kSackPermitted = 4;
inline constexpr uint8_t kSack = 5;
inline constexpr uint8_t kTimestamps = 8;
inline constexpr uint8_t kFastOpen = 34;
}  // namespace tcp_option

inline constexpr int kMaxTcpOptionsLength = 40;

// Length with every group padded.
inline int AlignedOptionsLength(const TcpOptions& options) {
  const bool sack_or_timestamps = options.sack_permitted || options.has_timestamps;
  return (options.has_mss ? 4 : 0) + (sack_or_timestamps ? (options.has_timestamps ? 12 : 4) : 0) +
         (options.has_window_scale ? 4 : 0) +
         (options.sack_count > 0 ? 4 + 8 * options.sack_count : 0) +
         static_cast<int>(options.other_options.size());
}

// Calls, in order, the visitor's Nop(), Mss(), SackPermitted(), Timestamps(), WindowScale(), Sack()
// and Other(), each only where the option is there. Padding at the end is left to the caller.
template <typename Visitor>
void VisitOptions(const TcpOptions& options, Visitor& visitor) {
  const bool aligned = AlignedOptionsLength(options) <= kMaxTcpOptionsLength;
  const auto nops = [&visitor, aligned](int count) {
    for (int i = aligned ? 0 : count; i < count; ++i) visitor.Nop();
  };
  if (options.has_mss) visitor.Mss();
  if (options.sack_permitted || options.has_timestamps) {
    if (options.sack_permitted != options.has_timestamps) nops(2);
    if (options.sack_permitted) visitor.SackPermitted();
    if (options.has_timestamps) visitor.Timestamps();
  }
  if (options.has_window_scale) {
    nops(1);
    visitor.WindowScale();
  }
  if (options.sack_count > 0) {
    nops(2);
    visitor.Sack();
  }
  if (!options.other_options.empty()) visitor.Other();
}

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_OPTION_LAYOUT_H_
