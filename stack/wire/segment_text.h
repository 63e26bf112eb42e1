// Reads a TCP segment from text, in the form packetdrill uses and Segment::ToString() writes:
//
//   S. 100:100(0) ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
//
// FLAGS is "-" (none) or letters of F S R P . U E W, each at most once, in any order; "." is ACK.
// FIRST:LAST(LENGTH) must agree modulo 2^32, LAST being FIRST + LENGTH, as packetdrill has it: SYN
// and FIN are not counted. "ack N" is there exactly when "." is. Then "win N" and "urg N". Options:
//   mss N | wscale N | sackOK | TS val N ecr N | sack A:B [C:D ...] | FO [hex] | kind N [hex] |
//   nop | eol
// nop and eol are read and dropped: a segment as a value has no padding. The payload is LENGTH zero
// bytes: the text has no content. Ports are not part of the text and stay 0.
#ifndef DRYWIRE_STACK_WIRE_SEGMENT_TEXT_H_
#define DRYWIRE_STACK_WIRE_SEGMENT_TEXT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "stack/wire/segment.h"

namespace drywire {

// A segment as somebody expects it, who may leave parts open.
struct SegmentPattern {
  Segment segment;
  bool any_window = false;   // no "win N" was given
  bool any_options = false;  // "<...>" was given

  // Compares flags, sequence numbers, payload length, and what was not left open; neither ports nor
  // the content of the payload nor the order of the options.
  bool Matches(const Segment& actual) const;
};

// Everything spelt out: a missing window and "<...>" are errors. Errors quote the text and name the
// column (from 1), what was expected there and what was found.
absl::StatusOr<Segment> ParseSegment(absl::string_view text);
absl::StatusOr<SegmentPattern> ParseSegmentPattern(absl::string_view text);

// Whether every option has the same presence and the same value in both.
bool SameOptions(const TcpOptions& a, const TcpOptions& b);

}  // namespace drywire

#endif  // DRYWIRE_STACK_WIRE_SEGMENT_TEXT_H_
