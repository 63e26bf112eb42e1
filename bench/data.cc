// Data between two simulated hosts and over the kernel's loopback.
//
//   tools/bench ping_pong bulk udp_cycle
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "bench/kernel.h"
#include "bench/two_hosts.h"
#include "sim/core/check.h"
#include "stack/base/credentials.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"

namespace drywire {
namespace {

constexpr size_t kSmall = 64;
constexpr size_t kLarge = 64 * 1024;
constexpr uint32_t kLoopbackMtu = 65535;  // of the kernel's lo, but for one byte
constexpr uint16_t kKernelPort = 8080;

void CountPerSecond(benchmark::State& state) {
  state.counters["1/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

size_t Send(Socket& socket, std::string& data) {
  const File::Buffer buffer = {data.data(), data.size()};
  SendArgs args;
  args.buffers = absl::MakeConstSpan(&buffer, 1);
  const Result<size_t> sent = socket.Send(args, Credentials());
  return sent.ok() ? *sent : 0;
}

size_t Receive(Socket& socket, std::string& data) {
  const File::Buffer buffer = {data.data(), data.size()};
  ReceiveArgs args;
  args.buffers = absl::MakeConstSpan(&buffer, 1);
  const Result<Received> received = socket.Receive(args);
  return received.ok() ? received->bytes : 0;
}

void UdpCycle(benchmark::State& state) {
  TwoHosts hosts;
  const Ref<Socket> server = hosts.Serve(SOCK_DGRAM);
  std::string data(kSmall, 'x');
  for (auto _ : state) {
    const Ref<Socket> client = TwoHosts::Open(hosts.client(), SOCK_DGRAM);
    (void)client->Connect(TwoHosts::ServerAddress(), Credentials()).ok();
    Send(*client, data);
    hosts.Run();
    DRYWIRE_CHECK(Receive(*server, data) == kSmall);
    client->DropDescriptor();
    hosts.Run(Duration::Micros(1));
  }
  CountPerSecond(state);
}
BENCHMARK(UdpCycle)->Name("udp_cycle");

void KernelUdpCycle(benchmark::State& state) {
  if (!EnterKernelNamespace(state)) return;
  const int server = KernelSocket(SOCK_DGRAM);
  const sockaddr_in to = KernelAddress(kKernelPort);
  DRYWIRE_CHECK(bind(server, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  std::string data(kSmall, 'x');
  for (auto _ : state) {
    const int client = KernelSocket(SOCK_DGRAM);
    (void)connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    (void)send(client, data.data(), data.size(), 0);
    DRYWIRE_CHECK(recv(server, data.data(), data.size(), 0) == static_cast<ssize_t>(kSmall));
    close(client);
  }
  close(server);
  CountPerSecond(state);
}
BENCHMARK(KernelUdpCycle)->Name("udp_cycle/kernel");

void PingPong(benchmark::State& state) {
  TwoHosts hosts;
  const Ref<Socket> listener = hosts.Serve(SOCK_STREAM);
  const auto [client, server] = hosts.Connect(*listener);
  std::string data(kSmall, 'x');
  for (auto _ : state) {
    Send(*client, data);
    hosts.Run();
    DRYWIRE_CHECK(Receive(*server, data) == kSmall);
    Send(*server, data);
    hosts.Run();
    DRYWIRE_CHECK(Receive(*client, data) == kSmall);
    hosts.Run(Duration::Micros(1));
  }
  CountPerSecond(state);
}
BENCHMARK(PingPong)->Name("ping_pong");

void Bulk(benchmark::State& state) {
  TwoHosts hosts(kLoopbackMtu);
  const Ref<Socket> listener = hosts.Serve(SOCK_STREAM);
  const auto [client, server] = hosts.Connect(*listener);
  std::string data(kLarge, 'x');
  std::string room(kLarge, '\0');
  int64_t bytes = 0;
  for (auto _ : state) {
    Send(*client, data);
    hosts.Run();
    while (const size_t n = Receive(*server, room)) bytes += static_cast<int64_t>(n);
    hosts.Run(Duration::Micros(1));
  }
  state.counters["B/s"] =
      benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kIsRate);
}
BENCHMARK(Bulk)->Name("bulk");

struct KernelPair {
  KernelPair() {
    const int listener = KernelListener(kKernelPort);
    const sockaddr_in to = KernelAddress(kKernelPort);
    client = KernelSocket(SOCK_STREAM);
    (void)connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    DRYWIRE_CHECK(server >= 0);
    close(listener);
  }
  ~KernelPair() {
    close(client);
    close(server);
  }
  int client;
  int server;
};

void KernelPingPong(benchmark::State& state) {
  if (!EnterKernelNamespace(state)) return;
  const KernelPair pair;
  std::string data(kSmall, 'x');
  const auto size = static_cast<ssize_t>(kSmall);
  for (auto _ : state) {
    (void)send(pair.client, data.data(), kSmall, 0);
    DRYWIRE_CHECK(recv(pair.server, data.data(), kSmall, 0) == size);
    (void)send(pair.server, data.data(), kSmall, 0);
    DRYWIRE_CHECK(recv(pair.client, data.data(), kSmall, 0) == size);
  }
  CountPerSecond(state);
}
BENCHMARK(KernelPingPong)->Name("ping_pong/kernel");

void KernelBulk(benchmark::State& state) {
  if (!EnterKernelNamespace(state)) return;
  const KernelPair pair;
  std::string data(kLarge, 'x');
  std::string room(kLarge, '\0');
  int64_t bytes = 0;
  for (auto _ : state) {
    (void)send(pair.client, data.data(), kLarge, 0);
    for (ssize_t n; (n = recv(pair.server, room.data(), kLarge, 0)) > 0;) bytes += n;
  }
  state.counters["B/s"] =
      benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kIsRate);
}
BENCHMARK(KernelBulk)->Name("bulk/kernel");

}  // namespace
}  // namespace drywire
