#include "sim/world/topology_yaml.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The example in docs/topology.md.
std::string DocumentedExample() {
  std::ifstream file("docs/topology.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const size_t start = page.find("```yaml\n");
  const size_t end = page.find("\n```\n", start);
  EXPECT_NE(start, std::string::npos) << "docs/topology.md has no example";
  return page.substr(start + 8, end - start - 7);
}

TEST(TopologyYaml, TheDocumentedExampleIsRead) {
  const auto topology = ParseTopology(DocumentedExample(), "example.yaml");
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_EQ(topology->seed, 42u);

  ASSERT_EQ(topology->hosts.size(), 4u);
  const Topology::Host& client = topology->hosts[0];
  EXPECT_EQ(client.name, "client");
  EXPECT_EQ(client.personality, "linux");
  EXPECT_THAT(client.names, ElementsAre("client.example", "laptop"));
  ASSERT_EQ(client.sysctls.size(), 2u);
  EXPECT_EQ(client.sysctls[0].name, "net.ipv4.tcp_syn_retries");
  EXPECT_EQ(client.sysctls[0].value, "3");
  EXPECT_EQ(client.sysctls[1].value, "40000 40999");
  ASSERT_EQ(client.routes.size(), 3u);
  EXPECT_EQ(client.routes[2].text, "unreachable 192.0.2.0/24");
  EXPECT_EQ(client.routes[2].where, "example.yaml:12:9: hosts.client.routes[2]");
  ASSERT_EQ(client.firewall.size(), 1u);
  EXPECT_EQ(client.firewall[0].text, "output tcp dport 23 counter reject");
  EXPECT_EQ(client.loopback.latency, Duration::Micros(10));
  EXPECT_EQ(client.loopback.mtu, 65536u);

  const Topology::Host& server = topology->hosts[2];
  EXPECT_EQ(server.personality, "freebsd");
  ASSERT_EQ(server.routes.size(), 2u);
  EXPECT_EQ(server.routes[1].text, "default via 2001:db8:b::fe");
  EXPECT_EQ(server.routes[1].where, "example.yaml:31:1: hosts.server.routes");
  EXPECT_EQ(topology->hosts[3].name, "printer");

  ASSERT_EQ(topology->links.size(), 1u);
  const Topology::Connection& wan = topology->links[0];
  ASSERT_EQ(wan.ends.size(), 2u);
  EXPECT_EQ(wan.ends[0].ToString(), "router:eth1");
  ASSERT_EQ(wan.ends[0].addresses.size(), 2u);
  EXPECT_EQ(wan.ends[0].addresses[1].ToString(), "2001:db8:b::fe/64");
  EXPECT_EQ(wan.ends[0].config.ToString(),
            "latency 20ms, jitter 1.5ms, bandwidth 10000000 bit/s, queue 100 packets, "
            "loss 1000 ppm");
  EXPECT_EQ(wan.ends[1].config.ToString(),
            "latency 20ms, jitter 1.5ms, bandwidth 1000000 bit/s, queue 100 packets, "
            "loss 250 ppm");

  ASSERT_EQ(topology->lans.size(), 1u);
  EXPECT_EQ(topology->lans[0].ends.size(), 3u);
  EXPECT_EQ(topology->lans[0].ends[2].addresses[0].ToString(), "10.0.0.9/24");
  ASSERT_EQ(topology->names.size(), 1u);
  EXPECT_EQ(topology->names[0].addresses[1].ToString(), "2001:db8:b::1");
}

TEST(TopologyYaml, EveryLinkKey) {
  const auto topology = ParseTopology(R"(
hosts: {a: , b: }
links:
  ab:
    from: {"b:e0": {latency: 9ms}}
    ends: {"a:e0": , "b:e0": }
    up: false
    latency: 1ms
    jitter: 2ms
    jitter_reorders: true
    bandwidth: 3Mbit/s
    queue_packets: 4
    queue_bytes: 5kB
    mtu: 600
    loss: 7%
    duplicate: 8%
    corrupt: 9%
    reorder: 10%
    reorder_delay: 11ms
    reorder_gap: 12
)",
                                      "t");
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_FALSE(topology->links[0].up);
  EXPECT_EQ(topology->links[0].ends[0].config.ToString(),
            "latency 1ms, jitter 2ms, jitter reorders, bandwidth 3000000 bit/s, queue 4 packets, "
            "queue 5000 bytes, mtu 600, loss 70000 ppm, duplicate 80000 ppm, corrupt 90000 ppm, "
            "reorder 100000 ppm, reorder delay 11ms, reorder gap 12");
  LinkConfig other = topology->links[0].ends[0].config;
  other.latency = Duration::Millis(9);
  EXPECT_EQ(topology->links[0].ends[1].config, other);
}

constexpr char kHosts[] = "hosts: {a: , b: , c: }\n";

struct BadCase {
  const char* yaml;  // after kHosts when it starts with "+"
  const char* error;
};

TEST(TopologyYaml, ErrorsNameThePlaceAndWhatWasExpected) {
  const BadCase kCases[] = {
      // The document.
      {"", "t: expected one YAML document with the key \"hosts\", found nothing"},
      {"# only a comment\n", "t: expected one YAML document"},
      {"hosts: {a: }\n---\nhosts: {b: }\n", "found something behind it"},
      {"hosts: {a: }\n]\n", "t:"},
      {"]", "t:"},
      {"hosts: {a: }\n...\n}", "t:"},
      {"hosts: {a: \n", "t:2:1: not YAML: "},
      {"hosts: [a", "not YAML: "},
      {"\t- x", "not YAML: "},
      {"just text", "t:1:1: expected a map of keys, found \"just text\""},
      {"- a\n", "t:1:1: expected a map of keys, found a list"},
      {"host: {a: }\n",
       "t:1:1: host: unknown key; expected one of seed, hosts, links, lans, names"},
      {"hosts: {a: }\nhosts: {b: }\n", "t:2:1: hosts: the key is given twice"},
      {"? [x]\n: y\n", "t:1:3: expected a word as the key, found a list"},
      {"seed: -1\n",
       "t:1:7: seed: expected a whole number from 0 to 18446744073709551615, found "
       "\"-1\""},
      {"seed: 1.5\n", "seed: expected a whole number"},
      {"seed: [1]\n", "seed: expected a whole number from 0 to 18446744073709551615, found a list"},
      {"seed:\n", "seed: expected a whole number from 0 to 18446744073709551615, found nothing"},
      // Hosts.
      {"hosts: [a, b]\n", "t:1:8: hosts: expected a map of host names to hosts, found a list"},
      {"hosts: {a: {}, a: {}}\n", "t:1:16: hosts.a: the key is given twice"},
      {"hosts: {\"a b\": }\n", "hosts.a b: \"a b\" is not a host name"},
      {"hosts: {\"\": }\n", "\"\" is not a host name"},
      {"hosts: {a: linux}\n", "t:1:12: hosts.a: expected a map of keys, found \"linux\""},
      {"hosts:\n  a:\n    personalty: linux\n",
       "t:3:5: hosts.a.personalty: unknown key; expected one of personality, names, sysctls, "
       "routes, firewall, files, loopback"},
      {"hosts: {a: {personality: [linux]}}\n", "hosts.a.personality: expected one value"},
      {"hosts: {a: {names: {x: y}}}\n",
       "hosts.a.names: expected a name, or a list of them, found "
       "a map"},
      {"hosts: {a: {names: [x, [y]]}}\n", "hosts.a.names[1]: expected a name, found a list"},
      {"hosts: {a: {names: \"x y\"}}\n", "t:1:9: hosts.a: \"x y\" is not a name"},
      {"hosts: {a: {names: b}, b: }\n", "hosts.a: \"b\" is already a name of b"},
      {"hosts: {a: {names: x}, b: {names: x}}\n", "hosts.b: \"x\" is already a name of a"},
      {"hosts: {a: {sysctls: [x]}}\n",
       "hosts.a.sysctls: expected a map of sysctl names to values, found a list"},
      {"hosts: {a: {sysctls: {x: [1, 2]}}}\n",
       "hosts.a.sysctls.x: expected one value, as sysctl(8) takes it, found a list"},
      {"hosts: {a: {sysctls: {x: 1, x: 2}}}\n", "hosts.a.sysctls.x: the key is given twice"},
      {"hosts: {a: {routes: {x: y}}}\n", "hosts.a.routes: expected a statement, or a list of them"},
      {"hosts: {a: {files: [x]}}\n",
       "hosts.a.files: expected a map of paths to files, found a list"},
      {"hosts: {a: {files: {x: }}}\n", "hosts.a.files.x: expected an absolute path, found \"x\""},
      {"hosts: {a: {files: {/x: {mode: 0888}}}}\n",
       "hosts.a.files./x.mode: expected an octal mode such as 0755, found \"0888\""},
      {"hosts: {a: {files: {/x: {mode: 17777}}}}\n", "expected an octal mode"},
      {"hosts: {a: {files: {/x: {owner: root}}}}\n",
       "hosts.a.files./x.owner: expected a whole number from 0 to 4294967294, found \"root\""},
      {"hosts: {a: {files: {/x: {mount: ro}}}}\n",
       "hosts.a.files./x.mount: expected read-only or read-write, found \"ro\""},
      {"hosts: {a: {files: {/x: {contents: a, target: b}}}}\n",
       "t:1:21: hosts.a.files./x: expected one of contents, target and mount"},
      {"hosts: {a: {files: {/x: {text: a}}}}\n",
       "unknown key; expected one of contents, target, mount, mode, owner, group"},
      {"hosts: {a: {loopback: {latency: fast}}}\n",
       "t:1:33: hosts.a.loopback.latency: expected a duration such as \"20ms\", found \"fast\""},
      {"hosts: {a: {loopback: {ends: x}}}\n",
       "hosts.a.loopback.ends: unknown key; expected one "
       "of latency, jitter, "},
      // Links.
      {"+links: {ab: }\n", "t:2:13: links.ab: expected a map of keys, found nothing"},
      {"+links: {ab: {}}\n", "t:2:9: links.ab: the link has no \"ends\""},
      {"+links: {ab: {ends: [a, b]}}\n",
       "links.ab.ends: expected a map of \"host:interface\" to addresses, found a list"},
      {"+links: {ab: {ends: {\"a:e0\": }}}\n",
       "links.ab: link \"ab\" has 1 ends: it must have two"},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": , \"c:e0\": }}}\n", "has 3 ends"},
      {"+links: {ab: {ends: {a: , b: }}}\n",
       "links.ab.ends.a: expected \"host:interface\", found \"a\""},
      {"+links: {ab: {ends: {\"a:e0:1\": , \"b:e0\": }}}\n", "expected \"host:interface\""},
      {"+links: {ab: {ends: {\"a:\": , \"b:e0\": }}}\n", "expected \"host:interface\""},
      {"+links:\n  ab:\n    ends:\n      a:e0:\n      x:e0:\n",
       "t:6:7: links.ab.ends.x:e0: there is no host \"x\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"a:e0\": }}}\n", "the key is given twice"},
      {"+links: {ab: {ends: {\"a:lo\": , \"b:e0\": }}}\n", "interface a:lo exists already"},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }}, ac: {ends: {\"a:e0\": , \"c:e0\": }}}\n",
       "links.ac.ends.a:e0: interface a:e0 exists already"},
      {"+links: {ab: {ends: {\"a:abcdefghijklmnop\": , \"b:e0\": }}}\n",
       "\"abcdefghijklmnop\" is not an interface name: 1 to 15"},
      {"+links: {ab: {ends: {\"a:e0\": 10.0.0.1, \"b:e0\": }}}\n",
       "t:2:29: links.ab.ends.a:e0: expected an address with its prefix length such as "
       "\"10.0.0.1/24\", found \"10.0.0.1\""},
      {"+links: {ab: {ends: {\"a:e0\": [10.0.0.1/24, 10.0.0.256/24], \"b:e0\": }}}\n",
       "links.ab.ends.a:e0[1]: expected an address with its prefix length"},
      {"+links: {ab: {ends: {\"a:e0\": 10.0.0.1/33, \"b:e0\": }}}\n", "found \"10.0.0.1/33\""},
      {"+links: {ab: {ends: {\"a:e0\": 0.0.0.0/0, \"b:e0\": }}}\n",
       "address of an interface (unspecified)"},
      {"+links: {ab: {ends: {\"a:e0\": 224.0.0.1/4, \"b:e0\": }}}\n",
       "address of an interface (multicast)"},
      {"+links: {ab: {ends: {\"a:e0\": 127.0.0.1/8, \"b:e0\": }}}\n",
       "address of an interface (loopback)"},
      {"+links: {ab: {ends: {\"a:e0\": 10.0.0.255/24, \"b:e0\": }}}\n",
       "10.0.0.255/24 cannot be the address of an interface (broadcast)"},
      {"+links: {ab: {ends: {\"a:e0\": 10.0.0.1/24, \"b:e0\": 10.0.0.1/24}}}\n",
       "links.ab.ends.b:e0: 10.0.0.1 is also the address of a:e0 on the same link"},
      {"+links: {ab: {ends: {\"a:e0\": [10.0.0.1/24, 10.0.0.1/16], \"b:e0\": }}}\n",
       "host \"a\" has the address 10.0.0.1 twice"},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, latency: 20}}\n",
       "links.ab.latency: expected a duration such as \"20ms\", found \"20\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, latency: 25h}}\n",
       "latency is 90000s: must be from 0s to 86400s"},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, latency: [20ms]}}\n",
       "links.ab.latency: expected one value, found a list"},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, bandwidth: 10Mbps}}\n",
       "links.ab.bandwidth: expected a rate such as \"10Mbit/s\", found \"10Mbps\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, loss: 0.5}}\n",
       "links.ab.loss: expected a percentage such as \"0.1%\", found \"0.5\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, mtu: 70000}}\n",
       "links.ab.mtu: expected a whole number from 0 to 65536, found \"70000\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, mtu: 67}}\n",
       "mtu is 67: must be from 68 to 65536"},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, up: yes}}\n",
       "links.ab.up: expected true or false, found \"yes\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, from: {\"c:e0\": {mtu: 600}}}}\n",
       "links.ab.from.c:e0: there is no such end of \"ab\""},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, from: {\"b:e0\": {mtoo: 600}}}}\n",
       "links.ab.from.b:e0.mtoo: unknown key; expected one of latency, "},
      {"+links: {ab: {ends: {\"a:e0\": , \"b:e0\": }, <<: {mtu: 600}}}\n",
       "links.ab.<<: unknown key"},
      // LANs and names.
      {"+lans: {l: {ends: {\"a:e0\": 10.0.0.1/24, \"b:e0\": 10.0.0.1/16}}}\n",
       "lans.l.ends.b:e0: 10.0.0.1 is also the address of a:e0 on the same LAN"},
      {"+lans: {\"a:lo\": {ends: {\"a:e0\": }}}\n",
       "lans.a:lo: LAN \"a:lo\": another link or LAN has this name"},
      {"+lans: {l: {latency: 1ms}}\n", "lans.l: the LAN has no \"ends\""},
      {"+names: {x: nowhere}\n",
       "t:2:12: names.x: expected an address such as \"10.0.0.1\", found \"nowhere\""},
      {"+names: {x: 10.0.0.1/24}\n", "names.x: expected an address such as \"10.0.0.1\""},
      {"+names: {x: []}\n", "names.x: \"x\" has no address"},
      {"+names: {a: 10.0.0.1}\n", "names.a: \"a\" is already a name of a"},
      {"+names: {x: {y: z}}\n", "names.x: expected an address, or a list of them, found a map"},
  };
  for (const BadCase& bad : kCases) {
    const bool with_hosts = bad.yaml[0] == '+';
    const std::string yaml = with_hosts ? absl::StrCat(kHosts, bad.yaml + 1) : bad.yaml;
    const auto topology = ParseTopology(yaml, "t");
    ASSERT_FALSE(topology.ok()) << yaml;
    EXPECT_THAT(std::string(topology.status().message()), HasSubstr(bad.error)) << yaml;
    EXPECT_THAT(std::string(topology.status().message()), ::testing::StartsWith("t:")) << yaml;
  }
}

TEST(TopologyYaml, FilesAreReadByName) {
  const std::string path = absl::StrCat(getenv("TEST_TMPDIR"), "/net.yaml");
  EXPECT_EQ(ReadTopologyFile(path).status().message(), absl::StrCat(path, ": cannot be read"));
  std::ofstream(path) << "hosts: {a: , b: x}\n";
  EXPECT_EQ(ReadTopologyFile(path).status().message(),
            absl::StrCat(path, ":1:17: hosts.b: expected a map of keys, found \"x\""));
  std::ofstream(path) << "hosts: {a: }\n";
  EXPECT_TRUE(ReadTopologyFile(path).ok());
}

TEST(TopologyYaml, MangledFilesAreRefusedOrReadNeverWorse) {
  const std::string base = DocumentedExample();
  Rng rng(9);
  int read = 0;
  for (int i = 0; i < 300; ++i) {
    std::string yaml = base;
    for (uint64_t edits = 1 + rng.Uniform(3); edits > 0; --edits) {
      const size_t at = rng.Uniform(yaml.size());
      if (rng.Uniform(2) == 0) {
        yaml.erase(at, 1 + rng.Uniform(10));
      } else {
        yaml[at] = static_cast<char>(rng.Next());
      }
    }
    if (ParseTopology(yaml, "t").ok()) ++read;
  }
  EXPECT_LT(read, 300);
}

TEST(TopologyYaml, AliasesOfThemselvesEnd) {
  EXPECT_FALSE(ParseTopology("hosts: &h {a: *h}\n", "t").ok());
}

TEST(Topology, MadeByHandHasNoPlace) {
  Topology topology;
  topology.hosts.push_back({"a"});
  topology.hosts.push_back({"a"});
  EXPECT_EQ(topology.Validate().message(), "host \"a\" is defined twice");
  topology.hosts.pop_back();
  EXPECT_TRUE(topology.Validate().ok());
  EXPECT_EQ(topology.FindHost("a"), &topology.hosts[0]);
  EXPECT_EQ(topology.FindHost("b"), nullptr);
}

}  // namespace
}  // namespace drywire
