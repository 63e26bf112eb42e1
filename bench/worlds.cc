// A whole world for one connection: what a test, or one run of an exploration, costs at least.
//
//   tools/bench worlds
#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include "bench/two_hosts.h"

namespace drywire {
namespace {

void Worlds(benchmark::State& state) {
  for (auto _ : state) {
    TwoHosts hosts;
    const Ref<Socket> listener = hosts.Serve(SOCK_STREAM);
    const auto [client, server] = hosts.Connect(*listener);
    client->DropDescriptor();
    server->DropDescriptor();
    hosts.Run();
    listener->DropDescriptor();
  }
  state.counters["1/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(Worlds)->Name("worlds");

}  // namespace
}  // namespace drywire
