#include "sim/world/build_world.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/world/topology_yaml.h"
#include "stack/ip/ip_stack.h"
#include "stack/vfs/memory_vfs.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kYaml[] = R"(
seed: 7
hosts:
  client:
    names: [laptop]
    sysctls:
      net.ipv4.tcp_syn_retries: 3
    routes:
      - default via 10.0.0.254
    firewall:
      - output tcp dport 23 drop
    files:
      /srv/www: {owner: 33, group: 34, mode: 02775}
      /srv/www/index: {contents: "hello", mode: 0640}
      /srv/current: {target: www}
      /usr: {mount: read-only}
      /usr/share/words: {contents: words}
  router:
    sysctls:
      net.ipv4.ip_forward: 1
  server:
    personality: freebsd
    routes:
      - default via 10.0.1.254
links:
  wan:
    ends:
      router:eth1: 10.0.1.254/24
      server:em0: 10.0.1.1/24
    latency: 20ms
lans:
  office:
    ends:
      client:eth0: 10.0.0.1/24
      router:eth0: 10.0.0.254/24
names:
  db: 10.0.1.1
)";

absl::StatusOr<std::unique_ptr<World>> Build(const std::string& yaml) {
  absl::StatusOr<Topology> topology = ParseTopology(yaml, "net.yaml");
  if (!topology.ok()) return topology.status();
  return BuildWorld(*topology);
}

std::string With(const std::string& from, const std::string& to) {
  std::string yaml = kYaml;
  yaml.replace(yaml.find(from), from.size(), to);
  return yaml;
}

TEST(BuildWorld, MakesWhatTheTopologySays) {
  absl::StatusOr<std::unique_ptr<World>> world = Build(kYaml);
  ASSERT_TRUE(world.ok()) << world.status();
  EXPECT_EQ((*world)->options().seed, 7u);
  Host* client = (*world)->FindHost("client");
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(*client->profile().Get("net.ipv4.tcp_syn_retries"), "3");
  EXPECT_EQ((*world)->FindHost("server")->profile().name, "freebsd");
  EXPECT_THAT(client->net().ip().RoutesToString(), HasSubstr("default via 10.0.0.254"));
  EXPECT_THAT(client->net().ip().firewall().ToString(), HasSubstr("tcp dport 23 drop"));
  EXPECT_THAT((*world)->LookUp("db"), ElementsAre(Address::V4(10, 0, 1, 1)));
  EXPECT_THAT((*world)->LookUp("laptop"), ElementsAre(Address::V4(10, 0, 0, 1)));
}

TEST(BuildWorld, FillsTheFilesystems) {
  absl::StatusOr<std::unique_ptr<World>> world = Build(kYaml);
  ASSERT_TRUE(world.ok()) << world.status();
  MemoryVfs& vfs = (*world)->FindHost("client")->memory_vfs();
  const auto stat = [&](const char* path) {
    const Result<NodeRef> node = vfs.Lookup(vfs.OwnerContext(), path, /*follow=*/true);
    return node.ok() ? (*node)->Stat() : Attributes();
  };
  EXPECT_EQ(stat("/srv/www").mode, 02775u);
  EXPECT_EQ(stat("/srv/www").uid, 33u);
  EXPECT_EQ(stat("/srv/www").gid, 34u);
  EXPECT_EQ(stat("/srv/current/index").mode, 0640u);
  EXPECT_EQ(*vfs.FileContents("/srv/www/index"), "hello");
  EXPECT_EQ(*vfs.FileContents("/usr/share/words"), "words");
  EXPECT_EQ(vfs.AddFile("/usr/more", "").cause(), Cause::kReadOnlyMount);
  EXPECT_EQ(stat("/usr").mode, 0755u);
  EXPECT_THAT(
      (*world)->FindHost("client")->shown_paths(),
      ElementsAre("/srv/www", "/srv/www/index", "/srv/current", "/usr", "/usr/share/words"));
}

TEST(BuildWorld, NamesThePlaceOfWhatCannotBeBuilt) {
  struct Case {
    const char* from;
    const char* to;
    const char* place;
    const char* message;
  };
  const Case kCases[] = {
      {"freebsd", "plan9", "net.yaml:", "plan9"},
      {"tcp_syn_retries: 3", "tcp_syn_retries: 300", "net.yaml:", "127"},
      {"net.ipv4.ip_forward: 1", "net.inet.nothing: 1", "net.yaml:", "net.inet.nothing"},
      {"default via 10.0.0.254", "default via 10.9.9.9", "net.yaml:", "10.9.9.9"},
      {"default via 10.0.1.254", "default over there", "net.yaml:", "over"},
      {"dport 23 drop", "dport 23 vanish", "net.yaml:", "vanish"},
      {"/srv/current: {target: www}",
       "/srv/www/index/x:", "net.yaml:", "a component that must be a directory is none"},
      {"latency: 20ms", "latency: 20", "net.yaml:", "20"},
      {"server:em0", "nobody:em0", "net.yaml:", "nobody"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.to);
    const absl::StatusOr<std::unique_ptr<World>> world = Build(With(c.from, c.to));
    ASSERT_FALSE(world.ok());
    EXPECT_THAT(std::string(world.status().message()), StartsWith(c.place));
    EXPECT_THAT(std::string(world.status().message()), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace drywire
