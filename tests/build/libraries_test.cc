// Each library that Drywire takes from Debian compiles, links and runs under every configuration.

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <yaml-cpp/yaml.h>

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drywire {
namespace {

absl::StatusOr<int> ParsePort(absl::string_view text) {
  int port = 0;
  if (!absl::SimpleAtoi(text, &port)) {
    return absl::InvalidArgumentError(absl::StrCat("port: '", text, "' is not a number"));
  }
  return port;
}

TEST(LibrariesTest, AbseilStatusAndStrings) {
  EXPECT_THAT(*ParsePort("8080"), testing::Eq(8080));
  EXPECT_EQ(ParsePort("x").status().message(), "port: 'x' is not a number");
  EXPECT_EQ(absl::StrFormat("%02x", 10), "0a");
}

TEST(LibrariesTest, AbseilHashMap) {
  absl::flat_hash_map<std::string, int> ports;
  for (int i = 0; i < 100; ++i) ports[absl::StrCat("host", i)] = i;
  EXPECT_EQ(ports.at("host42"), 42);
}

TEST(LibrariesTest, BoostContextSwitches) {
  int steps = 0;
  boost::context::fiber fiber{[&steps](boost::context::fiber&& caller) {
    ++steps;
    caller = std::move(caller).resume();
    ++steps;
    return std::move(caller);
  }};
  fiber = std::move(fiber).resume();
  EXPECT_EQ(steps, 1);
  fiber = std::move(fiber).resume();
  EXPECT_EQ(steps, 2);
}

TEST(LibrariesTest, YamlParses) {
  EXPECT_EQ(YAML::Load("hosts: [a, b]")["hosts"][1].as<std::string>(), "b");
}

TEST(LibrariesTest, ClientLibrariesLoad) {
  redisReader* reader = redisReaderCreate();
  redisReaderFree(reader);
  EXPECT_NE(curl_version(), nullptr);
}

}  // namespace
}  // namespace drywire
