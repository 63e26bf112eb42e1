#include "stack/ip/route_table.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stack/base/address.h"
#include "stack/ip/route.h"
#include "stack/ip/route_parser.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;

Route Make(absl::string_view prefix, uint32_t interface, uint32_t metric = 0,
           RouteType type = RouteType::kUnicast) {
  Route route;
  route.destination = *Prefix::Parse(prefix);
  route.interface = interface;
  route.metric = metric;
  route.type = type;
  return route;
}

// The interface of the best route; 0 if there is none.
uint32_t Through(const RouteTable& table, absl::string_view to, uint32_t interface = 0) {
  const Route* route = table.Lookup(*Address::Parse(to), interface);
  return route == nullptr ? 0 : route->interface;
}

TEST(RouteTableTest, LongestPrefixThenLowestMetricThenAge) {
  RouteTable table;
  EXPECT_TRUE(table.Add(Make("0.0.0.0/0", 1)));
  EXPECT_TRUE(table.Add(Make("10.0.0.0/8", 2, 20)));
  EXPECT_TRUE(table.Add(Make("10.0.0.0/8", 3, 10)));
  EXPECT_TRUE(table.Add(Make("10.1.0.0/16", 4)));
  EXPECT_TRUE(table.Add(Make("::/0", 5)));
  EXPECT_FALSE(table.Add(Make("10.0.0.0/8", 9, 10))) << "same prefix and metric";
  EXPECT_EQ(Through(table, "192.0.2.1"), 1u);
  EXPECT_EQ(Through(table, "10.2.0.1"), 3u);
  EXPECT_EQ(Through(table, "10.1.2.3"), 4u);
  EXPECT_EQ(Through(table, "2001:db8::1"), 5u);
  EXPECT_EQ(Through(table, "10.2.0.1", 2), 2u) << "restricted to an interface";
  EXPECT_EQ(Through(table, "10.1.0.1", 1), 1u) << "a shorter prefix through it";
  EXPECT_EQ(Through(table, "10.1.0.1", 7), 0u);
}

TEST(RouteTableTest, ConnectedRoutesMayRepeat) {
  RouteTable table;
  Route first = Make("10.0.0.0/24", 1);
  first.connected = true;
  Route second = first;
  second.interface = 2;
  EXPECT_TRUE(table.Add(first));
  EXPECT_TRUE(table.Add(second));
  EXPECT_EQ(Through(table, "10.0.0.9"), 1u) << "the older";
  EXPECT_TRUE(table.RemoveConnected(*Prefix::Parse("10.0.0.0/24"), 1));
  EXPECT_EQ(Through(table, "10.0.0.9"), 2u);
}

TEST(RouteTableTest, RemovesWhatIsNamed) {
  RouteTable table;
  table.Add(Make("10.0.0.0/8", 1, 5));
  table.Add(Make("10.0.0.0/8", 2, 6));
  table.Add(Make("10.9.0.0/16", 0, 0, RouteType::kBlackhole));
  EXPECT_FALSE(table.Remove(Make("10.0.0.0/8", 3)));
  EXPECT_FALSE(table.Remove(Make("10.0.0.0/9", 0)));
  EXPECT_TRUE(table.Remove(Make("10.0.0.0/8", 2)));
  EXPECT_FALSE(table.Remove(Make("10.9.0.0/16", 0, 0, RouteType::kProhibit)));
  EXPECT_TRUE(table.Remove(Make("10.9.0.0/16", 0, 0, RouteType::kBlackhole)));
  const uint64_t generation = table.generation();
  table.RemoveThrough(1);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_NE(table.generation(), generation);
  EXPECT_EQ(Through(table, "10.0.0.1"), 0u);
}

TEST(RouteTableTest, ReplacesOfEqualMetric) {
  RouteTable table;
  table.Add(Make("10.0.0.0/8", 1));
  table.Replace(Make("10.0.0.0/8", 2));
  table.Replace(Make("10.0.0.0/8", 3, 7));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(Through(table, "10.0.0.1"), 2u);
}

TEST(RouteTableTest, ListsInOneOrder) {
  RouteTable table;
  table.Add(Make("::/0", 1));
  table.Add(Make("0.0.0.0/0", 1));
  table.Add(Make("10.0.1.0/24", 1, 9));
  table.Add(Make("10.0.1.0/24", 2, 3));
  table.Add(Make("10.0.0.0/24", 1));
  std::vector<std::string> lines;
  for (const Route& route : table.Routes()) {
    lines.push_back(RouteToString(route, absl::StrCat("if", route.interface)));
  }
  EXPECT_THAT(lines,
              ElementsAre("10.0.0.0/24 dev if1", "10.0.1.0/24 dev if2 metric 3",
                          "10.0.1.0/24 dev if1 metric 9", "default dev if1", "default dev if1"));
}

TEST(RouteTableTest, ManyRoutes) {
  RouteTable table;
  for (uint32_t i = 0; i < 20000; ++i) {
    Route route;
    route.destination = Prefix{Address::V4(0x0a000000u + i * 256), 24};
    route.interface = i % 100 + 1;
    ASSERT_TRUE(table.Add(route));
  }
  for (uint32_t i = 0; i < 20000; i += 77) {
    ASSERT_EQ(table.Lookup(Address::V4(0x0a000000u + i * 256 + 5))->interface, i % 100 + 1);
  }
}

}  // namespace
}  // namespace drywire
