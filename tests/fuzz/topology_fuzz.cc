// Any text is a topology, or an error that names the file; and a topology is a world that runs, or
// an error that names the place in the file.
#include "sim/core/check.h"
#include "sim/world/build_world.h"
#include "sim/world/topology_yaml.h"
#include "sim/world/world.h"
#include "tests/fuzz/fuzz.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() {
  return {
      "seed: 7\n"
      "hosts:\n"
      "  a: {personality: linux, names: [x, y], sysctls: {net.ipv4.tcp_syn_retries: 3}}\n"
      "  b:\n"
      "    routes: |\n"
      "      default via 10.0.0.1\n"
      "      # nothing\n"
      "    firewall: [input drop]\n"
      "links:\n"
      "  ab:\n"
      "    ends: {\"a:e0\": 10.0.0.1/24, \"b:e0\": [10.0.0.2/24, \"::5/64\"]}\n"
      "    latency: 1.5ms\n"
      "    from: {\"a:e0\": {loss: 0.1%, bandwidth: 1Mbit/s}}\n",
      "hosts: {a: , b: }\nlans: {l: {ends: {\"a:e0\": , \"b:e0\": }, up: false}}\n"
      "names: {n: [10.0.0.1, \"::1\"]}\n",
      "hosts: &h {a: *h}\n",
  };
}

}  // namespace drywire

namespace {

bool NamesTheFile(const absl::Status& status) { return status.message().substr(0, 5) == "fuzz:"; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto topology = drywire::ParseTopology(text, "fuzz");
  if (!topology.ok()) {
    DRYWIRE_CHECK(NamesTheFile(topology.status())) << topology.status().message();
    return 0;
  }
  DRYWIRE_CHECK(topology->Validate().ok());
  const auto world = drywire::BuildWorld(*topology);
  if (!world.ok()) {
    DRYWIRE_CHECK(NamesTheFile(world.status())) << world.status().message();
    return 0;
  }
  DRYWIRE_CHECK((*world)->errors().empty()) << (*world)->errors().front();
  DRYWIRE_CHECK((*world)->Run().ok());
  return 0;
}
