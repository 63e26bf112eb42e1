// UNIX sockets on a simulated host and in the kernel.
//
//   tools/bench unix_cycle unix_bulk unix_dgram
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "sim/core/check.h"
#include "sim/world/world.h"
#include "stack/base/credentials.h"
#include "stack/base/raw_address.h"
#include "stack/host/host.h"
#include "stack/host/process.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"
#include "stack/socket/unix_socket.h"

namespace drywire {
namespace {

constexpr size_t kSmall = 64;
constexpr size_t kLarge = 64 * 1024;

void CountPerSecond(benchmark::State& state) {
  state.counters["1/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void CountBytes(benchmark::State& state, int64_t bytes) {
  state.counters["B/s"] =
      benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kIsRate);
}

sockaddr_un Address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  DRYWIRE_CHECK(path.size() < sizeof address.sun_path) << path;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// --- Simulated: sockets without tasks or descriptors, as in the other benchmarks. ---

class OneHost {
 public:
  OneHost() : world_(Plain()), host_(world_.AddHost("host")), caller_(host_.CreateProcess("p")) {}

  Process& caller() { return caller_; }
  Ref<Socket> Open(int type) {
    Ref<Socket> socket = *host_.CreateSocket(AF_UNIX, type, 0, Credentials());
    socket->set_nonblocking(true);
    socket->AddDescriptor();
    return socket;
  }
  std::pair<Ref<Socket>, Ref<Socket>> Pair(int type) {
    std::pair<Ref<Socket>, Ref<Socket>> pair = {Open(type), Open(type)};
    UnixSocket::Pair(*UnixSocket::Of(pair.first.get()), *UnixSocket::Of(pair.second.get()),
                     caller_);
    return pair;
  }
  size_t Send(Socket& socket, std::string& data) {
    const File::Buffer buffer = {data.data(), data.size()};
    SendArgs args;
    args.buffers = absl::MakeConstSpan(&buffer, 1);
    args.caller = &caller_;
    const Result<size_t> sent = socket.Send(args, caller_.credentials());
    return sent.ok() ? *sent : 0;
  }
  size_t Receive(Socket& socket, std::string& data) {
    const File::Buffer buffer = {data.data(), data.size()};
    ReceiveArgs args;
    args.buffers = absl::MakeConstSpan(&buffer, 1);
    args.caller = &caller_;
    const Result<Received> received = socket.Receive(args);
    return received.ok() ? received->bytes : 0;
  }

 private:
  static World::Options Plain() {
    World::Options options;
    options.keep_packets = 0;
    return options;
  }

  World world_;
  Host& host_;
  Process& caller_;
};

void Close(const Ref<Socket>& socket) { socket->DropDescriptor(); }

void UnixCycle(benchmark::State& state) {
  OneHost host;
  const sockaddr_un to = Address("/tmp/bench");
  const RawAddress address(&to, sizeof to);
  const Ref<Socket> listener = host.Open(SOCK_STREAM);
  DRYWIRE_CHECK(listener->BindFor(address, host.caller()).ok());
  DRYWIRE_CHECK(listener->ListenFor(8, host.caller()).ok());
  for (auto _ : state) {
    const Ref<Socket> client = host.Open(SOCK_STREAM);
    DRYWIRE_CHECK(client->ConnectFor(address, host.caller()).ok());
    const Ref<Socket> server = *listener->Accept();
    server->AddDescriptor();
    Close(client);
    Close(server);
  }
  Close(listener);
  CountPerSecond(state);
}
BENCHMARK(UnixCycle)->Name("unix_cycle");

void UnixBulk(benchmark::State& state) {
  OneHost host;
  const auto [first, second] = host.Pair(SOCK_STREAM);
  std::string data(kLarge, 'x');
  std::string room(kLarge, '\0');
  int64_t bytes = 0;
  for (auto _ : state) {
    host.Send(*first, data);
    while (const size_t n = host.Receive(*second, room)) bytes += static_cast<int64_t>(n);
  }
  Close(first);
  Close(second);
  CountBytes(state, bytes);
}
BENCHMARK(UnixBulk)->Name("unix_bulk");

void UnixDatagrams(benchmark::State& state) {
  OneHost host;
  const auto [first, second] = host.Pair(SOCK_DGRAM);
  std::string data(kSmall, 'x');
  for (auto _ : state) {
    host.Send(*first, data);
    DRYWIRE_CHECK(host.Receive(*second, data) == kSmall);
  }
  Close(first);
  Close(second);
  CountPerSecond(state);
}
BENCHMARK(UnixDatagrams)->Name("unix_dgram");

// --- The kernel's. ---

int KernelSocket(int type) {
  const int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  DRYWIRE_CHECK(fd >= 0);
  return fd;
}

struct KernelPair {
  explicit KernelPair(int type) {
    DRYWIRE_CHECK(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  }
  ~KernelPair() {
    close(fds[0]);
    close(fds[1]);
  }
  int fds[2];
};

void KernelUnixCycle(benchmark::State& state) {
  char directory[] = "/tmp/drywire-bench-XXXXXX";
  DRYWIRE_CHECK(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/s";
  const sockaddr_un to = Address(path);
  const auto* const address = reinterpret_cast<const sockaddr*>(&to);
  const int listener = KernelSocket(SOCK_STREAM);
  DRYWIRE_CHECK(bind(listener, address, sizeof to) == 0);
  DRYWIRE_CHECK(listen(listener, 8) == 0);
  for (auto _ : state) {
    const int client = KernelSocket(SOCK_STREAM);
    DRYWIRE_CHECK(connect(client, address, sizeof to) == 0);
    const int server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    close(client);
    close(server);
  }
  close(listener);
  unlink(path.c_str());
  rmdir(directory);
  CountPerSecond(state);
}
BENCHMARK(KernelUnixCycle)->Name("unix_cycle/kernel");

void KernelUnixBulk(benchmark::State& state) {
  const KernelPair pair(SOCK_STREAM);
  std::string data(kLarge, 'x');
  std::string room(kLarge, '\0');
  int64_t bytes = 0;
  for (auto _ : state) {
    (void)send(pair.fds[0], data.data(), kLarge, 0);
    for (ssize_t n; (n = recv(pair.fds[1], room.data(), kLarge, 0)) > 0;) bytes += n;
  }
  CountBytes(state, bytes);
}
BENCHMARK(KernelUnixBulk)->Name("unix_bulk/kernel");

void KernelUnixDatagrams(benchmark::State& state) {
  const KernelPair pair(SOCK_DGRAM);
  std::string data(kSmall, 'x');
  for (auto _ : state) {
    (void)send(pair.fds[0], data.data(), kSmall, 0);
    DRYWIRE_CHECK(recv(pair.fds[1], data.data(), kSmall, 0) == static_cast<ssize_t>(kSmall));
  }
  CountPerSecond(state);
}
BENCHMARK(KernelUnixDatagrams)->Name("unix_dgram/kernel");

}  // namespace
}  // namespace drywire
