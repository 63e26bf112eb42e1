// The order and padding in which each system writes TCP options: as in the SYNs and
// acknowledgements of the public packetdrill suites.
#include "tools/pkt/layout.h"

#include <string>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "stack/base/bytes.h"
#include "stack/base/seq.h"
#include "stack/wire/segment.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {
namespace {

std::string Written(const char* personality, const TcpOptions& options) {
  return absl::StrJoin(
      WrittenOptions(personality, options), ",",
      [](std::string* out, const TcpOption& option) { *out += option.ToString(); });
}

TcpOptions Syn() {
  TcpOptions options;
  options.has_mss = options.has_window_scale = options.sack_permitted = true;
  options.mss = 1460;
  options.window_scale = 7;
  return options;
}

TEST(LayoutTest, Linux) {
  TcpOptions options = Syn();
  EXPECT_EQ(Written("linux", options), "mss 1460,nop,nop,sackOK,nop,wscale 7");
  options.has_timestamps = true;
  EXPECT_EQ(Written("linux", options), "mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 7");
  TcpOptions ack;
  ack.sack_count = 1;
  ack.sack[0] = {Seq(1), Seq(3)};
  EXPECT_EQ(Written("linux", ack), "nop,nop,sack 1:3");
}

TEST(LayoutTest, FreeBsd) {
  TcpOptions options = Syn();
  EXPECT_EQ(Written("freebsd", options), "mss 1460,nop,wscale 7,sackOK,eol,eol");
  options.has_timestamps = true;
  EXPECT_EQ(Written("freebsd", options), "mss 1460,nop,wscale 7,sackOK,TS val 0 ecr 0");
  options.has_window_scale = options.has_timestamps = false;
  EXPECT_EQ(Written("freebsd", options), "mss 1460,sackOK,eol,eol");
  TcpOptions ack;
  ack.has_timestamps = true;
  ack.ts_val = 5;
  EXPECT_EQ(Written("freebsd", ack), "nop,nop,TS val 5 ecr 0");
}

TEST(LayoutTest, OptionsThatTheStackDoesNotKnow) {
  TcpOptions options;
  const uint8_t bytes[] = {34, 4, 0xab, 0xcd, 254, 5, 0xf9, 0x89, 7, 99, 2};
  options.other_options = Bytes::Copy(bytes);
  EXPECT_EQ(Written("linux", options), "FO abcd,FOEXP 07,gen-99,nop");
}

}  // namespace
}  // namespace drywire::pkt
