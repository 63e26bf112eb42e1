// Any text is a segment or an error; a segment reads back as it was written.
#include "sim/core/check.h"
#include "stack/wire/segment_text.h"
#include "tests/fuzz/fuzz.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() {
  return {
      "S. 100:100(0) ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>",
      "FSRP.UEW 4294967295:4(5) ack 4294967295 win 0 urg 9",
      ". 1:1(0) ack 1 win 2 <nop,nop,sack 1:2 3:4>",
      "- 0:0(0) win 1 <FO 0a0b,kind 254 f989,eol>",
      "R 0:0(0) <...>",
  };
}

}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto segment = drywire::ParseSegment(text);
  if (!segment.ok()) return 0;
  const std::string canonical = segment->ToString();
  const auto again = drywire::ParseSegment(canonical);
  DRYWIRE_CHECK(again.ok()) << again.status().message();
  DRYWIRE_CHECK(again->ToString() == canonical) << canonical;
  DRYWIRE_CHECK(drywire::SegmentPattern{*segment}.Matches(*again)) << canonical;
  return 0;
}
