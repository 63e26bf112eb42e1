#include "stack/ip/route_parser.h"

#include <string>

#include "gtest/gtest.h"
#include "stack/ip/route.h"

namespace drywire {
namespace {

struct Good {
  absl::string_view text;
  absl::string_view expected;  // canonical, with "add", "replace" or "delete" in front
};

std::string Canonical(const RouteStatement& s) {
  Route route;
  route.type = s.type;
  route.destination = s.destination;
  route.gateway = s.gateway;
  route.source = s.source;
  route.metric = s.metric;
  route.mtu = s.mtu;
  const char* verb = s.verb == RouteStatement::Verb::kAdd       ? "add "
                     : s.verb == RouteStatement::Verb::kReplace ? "replace "
                                                                : "delete ";
  return verb + RouteToString(route, s.device) + (s.onlink ? " onlink" : "") +
         (s.destination.address.is_v6() ? " (6)" : "");
}

class GoodRouteTest : public ::testing::TestWithParam<Good> {};

TEST_P(GoodRouteTest, Parses) {
  const absl::StatusOr<RouteStatement> statement = ParseRoute(GetParam().text);
  ASSERT_TRUE(statement.ok()) << statement.status();
  EXPECT_EQ(Canonical(*statement), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, GoodRouteTest,
    ::testing::Values(Good{"unreachable 10.9.0.0/16 metric 5",
                           "add unreachable 10.9.0.0/16 metric 5"},
                      Good{"default via 10.0.0.254 dev eth0 src 10.0.0.1 metric 10 mtu 1400",
                           "add default via 10.0.0.254 dev eth0 src 10.0.0.1 metric 10 mtu 1400"},
                      Good{"default via fe80::1 dev eth0", "add default via fe80::1 dev eth0 (6)"},
                      Good{"-6 default dev eth0", "add default dev eth0 (6)"},
                      Good{"ip -6 route add blackhole default", "add blackhole default (6)"},
                      Good{"ip route replace 10.0.0.0/8 dev eth0", "replace 10.0.0.0/8 dev eth0"},
                      Good{"del 10.0.0.0/8", "delete 10.0.0.0/8"},
                      Good{"ip r delete unreachable 10.0.0.0/8", "delete unreachable 10.0.0.0/8"},
                      Good{"10.1.2.3 via 10.0.0.2", "add 10.1.2.3 via 10.0.0.2"},
                      Good{"unicast 2001:db8:1::/48 via inet6 2001:db8::2",
                           "add 2001:db8:1::/48 via 2001:db8::2 (6)"},
                      Good{"10.0.0.0/8 via 192.0.2.1 dev eth0 onlink",
                           "add 10.0.0.0/8 via 192.0.2.1 dev eth0 onlink"},
                      Good{"10.0.0.0/8 dev eth0 proto static scope link mtu lock 1300",
                           "add 10.0.0.0/8 dev eth0 mtu 1300"},
                      Good{"  prohibit\t0.0.0.0/0  # everything", "add prohibit default"},
                      Good{"throw 10.0.0.0/8", "add throw 10.0.0.0/8"}));

struct Bad {
  absl::string_view text;
  absl::string_view message;
};

class BadRouteTest : public ::testing::TestWithParam<Bad> {};

TEST_P(BadRouteTest, NamesWordAndColumn) {
  const absl::StatusOr<RouteStatement> statement = ParseRoute(GetParam().text);
  ASSERT_FALSE(statement.ok());
  EXPECT_EQ(statement.status().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadRouteTest,
    ::testing::Values(
        Bad{"",
            "column 1: the statement ends here; expected a route type (unicast, unreachable, "
            "prohibit, blackhole, throw), a prefix or \"default\""},
        Bad{"local 10.0.0.0/8 dev lo",
            "column 1: \"local\" is unexpected; expected a route type (unicast, unreachable, "
            "prohibit, blackhole, throw), a prefix or \"default\""},
        Bad{"blackhole nowhere",
            "column 11: \"nowhere\" is unexpected; expected a prefix (such as 10.0.0.0/8 or "
            "2001:db8::/32) or \"default\""},
        Bad{"10.0.0.0/33 dev eth0",
            "column 1: \"10.0.0.0/33\" is unexpected; expected a route type (unicast, unreachable, "
            "prohibit, blackhole, throw), a prefix or \"default\""},
        Bad{"10.0.0.1/8 dev eth0",
            "column 1: \"10.0.0.1/8\" is unexpected; expected a prefix without host bits "
            "(10.0.0.0/8)"},
        Bad{"10.0.0.0/8 metrik 5",
            "column 12: \"metrik\" is unexpected; expected \"via\", "
            "\"dev\", \"src\", \"metric\", \"mtu\", \"onlink\", \"scope\" "
            "or \"proto\""},
        Bad{"10.0.0.0/8 dev eth0 metric x",
            "column 28: \"x\" is unexpected; expected a number from 0 to 4294967295"},
        Bad{"10.0.0.0/8 dev eth0 mtu 12",
            "column 25: \"12\" is unexpected; expected a number from 68 to 65535"},
        Bad{"10.0.0.0/8 via 2001:db8::1",
            "column 16: \"2001:db8::1\" is unexpected; expected an IPv4 address"},
        Bad{"-6 10.0.0.0/8 dev eth0",
            "column 4: \"10.0.0.0/8\" is unexpected; expected an IPv6 address"},
        Bad{"10.0.0.0/8 via", "column 15: the statement ends here; expected an address"},
        Bad{"10.0.0.0/8 dev",
            "column 15: the statement ends here; expected the name of an interface"},
        Bad{"10.0.0.0/8 dev \"\"",
            "column 16: \"\" is unexpected; expected the name of an interface"},
        Bad{"10.0.0.0/8", "column 11: the statement ends here; expected \"via\" or \"dev\""},
        Bad{"unreachable 10.0.0.0/8 metric 4 dev eth0",
            "column 33: \"dev\" is unexpected; expected no gateway or device with a route of type "
            "unreachable"},
        Bad{"10.0.0.0/8 dev eth0 dev eth1",
            "column 21: \"dev\" is unexpected; expected \"via\", "
            "\"dev\", \"src\", \"metric\", \"mtu\", \"onlink\", "
            "\"scope\" or \"proto\""},
        Bad{"10.0.0.0/8 nexthop via 10.0.0.1",
            "column 12: \"nexthop\" is unexpected; expected \"via\", \"dev\", \"src\", \"metric\", "
            "\"mtu\", \"onlink\", \"scope\" or \"proto\""},
        Bad{"10.0.0.0/8 dev eth0 table 5",
            "column 21: \"table\" is unexpected; expected \"via\", \"dev\", \"src\", \"metric\", "
            "\"mtu\", \"onlink\", \"scope\" or \"proto\""},
        Bad{"10.0.0.0/8 dev \"eth0", "line 1, column 16: the string has no closing quote"}));

}  // namespace
}  // namespace drywire
