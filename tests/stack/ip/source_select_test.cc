#include "stack/ip/source_select.h"

#include <vector>

#include "gtest/gtest.h"
#include "stack/base/address.h"
#include "stack/ip/interface.h"

namespace drywire {
namespace {

Interface Make(uint32_t index, std::vector<absl::string_view> prefixes) {
  Interface interface;
  interface.index = index;
  interface.up = true;
  interface.loopback = index == kLoopbackInterface;
  for (absl::string_view prefix : prefixes) interface.addresses.push_back(*Prefix::Parse(prefix));
  return interface;
}

struct Row {
  absl::string_view rule;
  std::vector<absl::string_view> out;    // addresses of the outgoing interface
  std::vector<absl::string_view> other;  // of another one
  absl::string_view destination;
  absl::string_view next_hop;
  absl::string_view expected;
};

class SourceSelectTest : public ::testing::TestWithParam<Row> {};

TEST_P(SourceSelectTest, Selects) {
  const Row& row = GetParam();
  const std::vector<Interface> interfaces = {Make(1, {"127.0.0.1/8", "::1/128"}),
                                             Make(2, row.other), Make(3, row.out)};
  const Address source = SelectSource(interfaces, interfaces[2], *Address::Parse(row.destination),
                                      *Address::Parse(row.next_hop));
  EXPECT_EQ(source.ToString(), row.expected) << row.rule;
}

INSTANTIATE_TEST_SUITE_P(
    All, SourceSelectTest,
    ::testing::Values(Row{"v4: the next hop's subnet",
                          {"10.0.0.1/24", "10.0.1.1/24"},
                          {},
                          "192.0.2.1",
                          "10.0.1.254",
                          "10.0.1.1"},
                      Row{"v4: the first",
                          {"10.0.0.1/24", "10.0.1.1/24"},
                          {},
                          "192.0.2.1",
                          "172.16.0.1",
                          "10.0.0.1"},
                      Row{"v4: another interface",
                          {"2001:db8::1/64"},
                          {"10.0.0.1/24"},
                          "192.0.2.1",
                          "192.0.2.1",
                          "10.0.0.1"},
                      Row{"v4: none", {}, {}, "192.0.2.1", "192.0.2.1", "-"},
                      Row{"v6 rule 1: the destination",
                          {"2001:db8::1/64"},
                          {"2001:db8:1::1/64"},
                          "2001:db8:1::1",
                          "2001:db8:1::1",
                          "2001:db8:1::1"},
                      Row{"v6 rule 2: global for global",
                          {"fe80::1/64", "2001:db8::1/64"},
                          {},
                          "2001:db8:9::1",
                          "fe80::9",
                          "2001:db8::1"},
                      Row{"v6 rule 2: link-local for link-local",
                          {"2001:db8::1/64", "fe80::1/64"},
                          {},
                          "fe80::9",
                          "fe80::9",
                          "fe80::1"},
                      Row{"v6 rule 2: a global source on another interface",
                          {"fe80::1/64"},
                          {"2001:db8::1/64"},
                          "2001:db8:9::1",
                          "fe80::9",
                          "2001:db8::1"},
                      Row{"v6 rule 5: the outgoing interface",
                          {"2001:db8:5::1/64"},
                          {"2001:db8:9::1/64"},
                          "2001:db8:9::2",
                          "fe80::9",
                          "2001:db8:5::1"},
                      Row{"v6 rule 6: the label (6to4)",
                          {"2001:db8::1/64", "2002:1::1/64"},
                          {},
                          "2002:9::1",
                          "fe80::9",
                          "2002:1::1"},
                      Row{"v6 rule 6: the label (ULA)",
                          {"2001:db8::1/64", "fd00::1/64"},
                          {},
                          "fd09::1",
                          "fe80::9",
                          "fd00::1"},
                      Row{"v6 rule 8: the longest prefix",
                          {"2001:db8:1::1/64", "2001:db8:8::1/64"},
                          {},
                          "2001:db8:9::1",
                          "fe80::9",
                          "2001:db8:8::1"},
                      Row{"v6 rule 8 ends at the source's prefix",
                          {"2001:db8::1/32", "2001:db8:9::1/32"},
                          {},
                          "2001:db8:9::2",
                          "fe80::9",
                          "2001:db8::1"},
                      // Observed on Linux 6.18: with no address anywhere else, ::1 is what remains.
                      Row{"v6: only loopback", {}, {}, "2001:db8::1", "2001:db8::1", "::1"}));

TEST(SourceSelectTest, Scopes) {
  EXPECT_EQ(AddressScope(*Address::Parse("::1")), 2);
  EXPECT_EQ(AddressScope(*Address::Parse("ff05::1")), 5);
  EXPECT_EQ(AddressScope(*Address::Parse("fec0::1")), 5);
  EXPECT_EQ(AddressScope(*Address::Parse("169.254.0.1")), 2);
  EXPECT_EQ(AddressScope(*Address::Parse("fd00::1")), 14);
  EXPECT_EQ(CommonPrefixLength(*Address::Parse("::1"), *Address::Parse("::1")), 128);
  EXPECT_EQ(CommonPrefixLength(*Address::Parse("8000::"), *Address::Parse("::")), 0);
  EXPECT_EQ(CommonPrefixLength(*Address::Parse("::2"), *Address::Parse("::3")), 127);
}

}  // namespace
}  // namespace drywire
