#include "stack/ip/icmp_input.h"

#include <optional>

#include "gtest/gtest.h"
#include "stack/personality/cause.h"
#include "stack/wire/icmp.h"

namespace drywire {
namespace {

struct Row {
  bool v6;
  int type;
  int code;
  Cause cause;  // kNone: ignored
};

class IcmpInputTest : public ::testing::TestWithParam<Row> {};

TEST_P(IcmpInputTest, Cause) {
  const Row& row = GetParam();
  IcmpMessage message;
  message.v6 = row.v6;
  message.type = static_cast<uint8_t>(row.type);
  message.code = static_cast<uint8_t>(row.code);
  message.rest = 1400;
  message.quoted.source_port = 4000;
  const std::optional<IcmpVerdict> verdict = JudgeIcmp(message);
  ASSERT_EQ(verdict.has_value(), row.cause != Cause::kNone);
  if (!verdict.has_value()) return;
  EXPECT_EQ(CauseName(verdict->cause), CauseName(row.cause));
  EXPECT_EQ(verdict->quoted.source_port, 4000);
  EXPECT_EQ(verdict->mtu, row.cause == Cause::kIcmpFragmentationNeeded ? 1400u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    V4, IcmpInputTest,
    ::testing::Values(
        Row{false, 3, 0, Cause::kIcmpNetUnreachable}, Row{false, 3, 1, Cause::kIcmpHostUnreachable},
        Row{false, 3, 2, Cause::kIcmpProtocolUnreachable},
        Row{false, 3, 3, Cause::kIcmpPortUnreachable},
        Row{false, 3, 4, Cause::kIcmpFragmentationNeeded},
        Row{false, 3, 5, Cause::kIcmpSourceRouteFailed}, Row{false, 3, 6, Cause::kIcmpNetUnknown},
        Row{false, 3, 7, Cause::kIcmpHostUnknown}, Row{false, 3, 8, Cause::kIcmpHostIsolated},
        Row{false, 3, 9, Cause::kIcmpNetProhibited}, Row{false, 3, 10, Cause::kIcmpHostProhibited},
        Row{false, 3, 11, Cause::kIcmpNetUnreachable},
        Row{false, 3, 12, Cause::kIcmpHostUnreachable},
        Row{false, 3, 13, Cause::kIcmpAdminProhibited},
        Row{false, 3, 15, Cause::kIcmpHostUnreachable}, Row{false, 3, 16, Cause::kNone},
        Row{false, 3, 255, Cause::kNone}, Row{false, 11, 0, Cause::kIcmpTimeExceeded},
        Row{false, 11, 1, Cause::kNone}, Row{false, 12, 0, Cause::kIcmpParameterProblem},
        Row{false, 4, 0, Cause::kNone}, Row{false, 5, 1, Cause::kNone},
        Row{false, 0, 0, Cause::kNone}, Row{false, 8, 0, Cause::kNone}));

INSTANTIATE_TEST_SUITE_P(
    V6, IcmpInputTest,
    ::testing::Values(
        Row{true, 1, 0, Cause::kIcmp6NoRoute}, Row{true, 1, 1, Cause::kIcmp6AdminProhibited},
        Row{true, 1, 2, Cause::kIcmp6BeyondScope}, Row{true, 1, 3, Cause::kIcmp6AddressUnreachable},
        Row{true, 1, 4, Cause::kIcmp6PortUnreachable}, Row{true, 1, 5, Cause::kIcmp6PolicyFail},
        Row{true, 1, 6, Cause::kIcmp6RejectRoute}, Row{true, 1, 7, Cause::kNone},
        Row{true, 2, 0, Cause::kIcmpFragmentationNeeded},
        Row{true, 3, 0, Cause::kIcmp6TimeExceeded}, Row{true, 3, 1, Cause::kNone},
        Row{true, 4, 1, Cause::kIcmp6ParameterProblem}, Row{true, 128, 0, Cause::kNone},
        Row{true, 135, 0, Cause::kNone}));

TEST(PlateauTest, NextBelow) {
  EXPECT_EQ(PlateauBelow(1500), 1492u);
  EXPECT_EQ(PlateauBelow(1492), 1006u);
  EXPECT_EQ(PlateauBelow(70000), 65535u);
  EXPECT_EQ(PlateauBelow(100), 68u);
  EXPECT_EQ(PlateauBelow(20), 68u);
}

}  // namespace
}  // namespace drywire
