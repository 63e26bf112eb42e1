// What a TCP connection costs: the protocol alone, and sockets with everything below them.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "sim/core/scheduler.h"
#include "stack/host/host.h"
#include "stack/personality/profile.h"
#include "stack/socket/inet_address.h"
#include "stack/socket/socket.h"
#include "stack/tcp/listener.h"
#include "stack/tcp/tcb.h"

namespace drywire {
namespace {

// Hands what is in `from` to `to`; the harness is the network.
void Carry(Actions& from, Tcb& to, Instant now, Actions& out) {
  for (Segment& segment : from.segments) to.SegmentArrives(now, segment, &out);
  from.Clear();
}

// Handshake and close between two control blocks, without sockets, queues or links.
void BM_ProtocolCycle(benchmark::State& state) {
  const Profile profile = LinuxProfile();
  SharedSettings settings;
  Rng rng(1);
  SynCookies cookies(rng);
  Listener listener(&profile.tcp, &settings, &cookies);
  listener.set_backlog(8);
  const Instant now;
  Tcb client(&profile.tcp);
  Tcb server(&profile.tcp);
  Actions a;
  Actions b;
  Listener::SynAnswer answer;
  answer.mss = 1460;
  for (auto _ : state) {
    client.Reset();
    server.Reset();
    Tcb::OpenParameters open;
    open.local_port = 1;
    open.remote_port = 2;
    open.mss = 1460;
    client.Connect(now, open, &a);
    Request request;
    listener.Admit(now, a.segments[0], answer, &request, &b);
    a.Clear();
    Carry(b, client, now, a);
    listener.RequestArrives(now, &request, a.segments[0], &b);
    server.Adopt(now, request);
    Carry(a, server, now, b);
    listener.Forget(&request);
    client.Close(now, &a);
    Carry(a, server, now, b);
    server.Close(now, &b);
    Carry(b, client, now, a);
    Carry(a, server, now, b);
    a.Clear();
    b.Clear();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ProtocolCycle);

void BM_ProtocolBulk(benchmark::State& state) {
  const Profile profile = LinuxProfile();
  Tcb ends[2] = {Tcb(&profile.tcp), Tcb(&profile.tcp)};
  Actions a;
  Actions b;
  const Instant now;
  Tcb::OpenParameters open;
  open.mss = static_cast<uint16_t>(state.range(0));
  ends[0].Connect(now, open, &a);
  ends[1].Connect(now, open, &b);
  while (!a.segments.empty() || !b.segments.empty()) {
    Actions c;
    Carry(a, ends[1], now, c);
    Carry(b, ends[0], now, a);
    for (Segment& segment : c.segments) b.segments.push_back(std::move(segment));
  }
  const std::string block(65536, 'x');
  std::string target(1 << 20, '\0');
  int64_t bytes = 0;
  for (auto _ : state) {
    const size_t room = std::min(ends[0].SendRoom(), block.size());
    if (room != 0) ends[0].Send(now, Bytes::Copy(block.substr(0, room)), false, &a);
    Carry(a, ends[1], now, b);
    const size_t n = ends[1].Readable();
    ends[1].Peek(0, target.data(), n);
    ends[1].Consume(now, n, &b);
    Carry(b, ends[0], now, a);
    bytes += static_cast<int64_t>(n);
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_ProtocolBulk)->Arg(1460)->Arg(65495);

// One host that talks to itself over loopback.
struct OneHost {
  OneHost() : host(Make()) {}
  Host::Environment Make() {
    Host::Environment environment;
    environment.id = 1;
    environment.name = "a";
    environment.seed = 1;
    environment.scheduler = &scheduler;
    environment.packets = &packets;
    environment.next_serial = &next_serial;
    environment.profile = LinuxProfile();
    return environment;
  }
  Ref<Socket> New() {
    Ref<Socket> socket = *host.CreateSocket(AF_INET, SOCK_STREAM, 0, Credentials());
    socket->set_nonblocking(true);
    socket->AddDescriptor();
    return socket;
  }
  static RawAddress Server() {
    return EncodeInetAddress(Endpoint{Address::V4(127, 0, 0, 1), 80, 0}, AF_INET);
  }

  PacketPool packets;
  Scheduler scheduler;
  uint64_t next_serial = 1;
  Host host;
};

// connect, accept and close by both, sockets and packets included; reset, so that no TIME-WAIT
// piles up.
void BM_SocketCycle(benchmark::State& state) {
  OneHost world;
  Ref<Socket> listener = world.New();
  (void)listener->Bind(OneHost::Server(), Credentials());
  (void)listener->Listen(128, Credentials());
  const linger reset = {1, 0};
  const absl::Span<const uint8_t> option(reinterpret_cast<const uint8_t*>(&reset), sizeof reset);
  for (auto _ : state) {
    Ref<Socket> client = world.New();
    (void)client->Connect(OneHost::Server(), Credentials());
    (void)world.scheduler.RunFor(Duration::Micros(1));
    Ref<Socket> server = *listener->Accept();
    server->AddDescriptor();
    server->DropDescriptor();
    (void)world.scheduler.RunFor(Duration::Micros(1));
    (void)client->SetOption(SOL_SOCKET, SO_LINGER, option, Credentials());
    client->DropDescriptor();
    (void)world.scheduler.RunFor(Duration::Micros(1));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SocketCycle);

void BM_Sizes(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  state.counters["tcb"] = sizeof(Tcb);
  state.counters["request"] = sizeof(Request);
  state.counters["time_wait"] = sizeof(TimeWait);
  state.counters["segment"] = sizeof(Segment);
}
BENCHMARK(BM_Sizes)->Iterations(1);

}  // namespace
}  // namespace drywire
