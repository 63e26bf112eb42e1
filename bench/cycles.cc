// Connections from beginning to end, between two simulated hosts and over the kernel's loopback.
//
//   tools/bench cycle_orderly
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <memory>

#include "bench/kernel.h"
#include "bench/two_hosts.h"
#include "sim/core/check.h"
#include "stack/base/credentials.h"

namespace drywire {
namespace {

enum class End { kOrderly, kReset };

constexpr linger kResetOnClose = {1, 0};
constexpr size_t kThousand = 1000;
constexpr size_t kMillion = 1'000'000;
// As many as the kernel's limits usually allow to open.
constexpr size_t kKernelIdle = 20 * kThousand;

void CountPerSecond(benchmark::State& state) {
  state.counters["1/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

// Kept: the library calls a benchmark several times, and a million connections take seconds.
TwoHosts& HostsWithIdle(size_t idle) {
  static std::map<size_t, std::unique_ptr<TwoHosts>> known;
  std::unique_ptr<TwoHosts>& hosts = known[idle];
  if (hosts == nullptr) {
    hosts = std::make_unique<TwoHosts>();
    hosts->OpenIdle(idle);
  }
  return *hosts;
}

void Cycle(benchmark::State& state, End end, size_t idle) {
  TwoHosts& hosts = HostsWithIdle(idle);
  const Ref<Socket> listener = hosts.Serve(SOCK_STREAM);
  const absl::Span<const uint8_t> reset(reinterpret_cast<const uint8_t*>(&kResetOnClose),
                                        sizeof kResetOnClose);
  for (auto _ : state) {
    Ref<Socket> client = TwoHosts::Open(hosts.client(), SOCK_STREAM);
    (void)client->Connect(TwoHosts::ServerAddress(), Credentials()).ok();
    hosts.Run();
    Ref<Socket> server = *listener->Accept();
    server->AddDescriptor();
    if (end == End::kReset) {
      (void)client->SetOption(SOL_SOCKET, SO_LINGER, reset, Credentials()).ok();
    }
    client->DropDescriptor();
    hosts.Run();
    server->DropDescriptor();
    // 600 connections are in TIME-WAIT at any time, and one of them ends.
    hosts.Run(Duration::Millis(100));
  }
  listener->DropDescriptor();
  CountPerSecond(state);
}

void KernelCycle(benchmark::State& state, End end, size_t idle) {
  if (!EnterKernelNamespace(state)) return;
  constexpr uint16_t kPort = 8080;
  const KernelConnections connections(idle);
  const int listener = KernelListener(kPort);
  size_t turn = 0;
  for (auto _ : state) {
    const int client = KernelSocket(SOCK_STREAM);
    const sockaddr_in to = KernelAddress(kPort, turn++);
    (void)connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    const int server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    DRYWIRE_CHECK(server >= 0);
    if (end == End::kReset) {
      setsockopt(client, SOL_SOCKET, SO_LINGER, &kResetOnClose, sizeof kResetOnClose);
    }
    close(client);
    close(server);
  }
  close(listener);
  CountPerSecond(state);
}

BENCHMARK_CAPTURE(Cycle, 0, End::kOrderly, 0)->Name("cycle_orderly");
BENCHMARK_CAPTURE(KernelCycle, 0, End::kOrderly, 0)->Name("cycle_orderly/kernel");
BENCHMARK_CAPTURE(Cycle, 1, End::kReset, 0)->Name("cycle_reset");
BENCHMARK_CAPTURE(KernelCycle, 1, End::kReset, 0)->Name("cycle_reset/kernel");
BENCHMARK_CAPTURE(Cycle, 2, End::kOrderly, 50 * kThousand)->Name("cycle_orderly_50k");
BENCHMARK_CAPTURE(KernelCycle, 2, End::kOrderly, kKernelIdle)->Name("cycle_orderly_50k/kernel");
BENCHMARK_CAPTURE(Cycle, 3, End::kOrderly, kMillion)->Name("cycle_orderly_1m");
BENCHMARK_CAPTURE(KernelCycle, 3, End::kOrderly, kKernelIdle)->Name("cycle_orderly_1m/kernel");

void Refused(benchmark::State& state) {
  TwoHosts hosts;
  for (auto _ : state) {
    Ref<Socket> client = TwoHosts::Open(hosts.client(), SOCK_STREAM);
    (void)client->Connect(TwoHosts::ServerAddress(), Credentials()).ok();
    hosts.Run();
    DRYWIRE_CHECK(!client->TakeConnectResult().ok());
    client->DropDescriptor();
    hosts.Run(Duration::Millis(10));  // Slow enough for the limit on answers.
  }
  CountPerSecond(state);
}
BENCHMARK(Refused)->Name("refused");

void KernelRefused(benchmark::State& state) {
  if (!EnterKernelNamespace(state)) return;
  const sockaddr_in to = KernelAddress(9);
  for (auto _ : state) {
    const int client = KernelSocket(SOCK_STREAM);
    DRYWIRE_CHECK(connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0);
    close(client);
  }
  CountPerSecond(state);
}
BENCHMARK(KernelRefused)->Name("refused/kernel");

int64_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

// What both ends of an open, idle connection hold.
void BytesPerConnection(benchmark::State& state) {
  int64_t bytes = 0;
  for (auto _ : state) {
    const int64_t before = HeapBytes();
    TwoHosts hosts;
    hosts.OpenIdle(kMillion);
    bytes = HeapBytes() - before;
  }
  state.counters["B"] = static_cast<double>(bytes) / kMillion;
}
BENCHMARK(BytesPerConnection)->Name("bytes_per_connection")->Iterations(1);

void KernelBytesPerConnection(benchmark::State& state) {
  if (!EnterKernelNamespace(state)) return;
  int64_t bytes = 0;
  for (auto _ : state) {
    const int64_t before = KernelSlabBytes();
    const KernelConnections connections(kKernelIdle);
    bytes = KernelSlabBytes() - before;
  }
  state.counters["B"] = static_cast<double>(bytes) / kKernelIdle;
}
BENCHMARK(KernelBytesPerConnection)->Name("bytes_per_connection/kernel")->Iterations(1);

}  // namespace
}  // namespace drywire
