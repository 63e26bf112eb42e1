// What a packet costs on its way from host to host.
#include <benchmark/benchmark.h>

#include "sim/core/event_queue.h"
#include "sim/core/trace.h"
#include "sim/net/capture.h"
#include "sim/net/fabric.h"
#include "stack/wire/packet.h"

namespace drywire {
namespace {

class Discard : public PacketSink {
 public:
  void Accept(PacketPtr) override {}
};

enum Features { kPlain = 0, kTraced = 1, kCaptured = 2, kImpaired = 4, kRules = 8 };

void BM_Packet(benchmark::State& state) {
  const int64_t features = state.range(0);
  EventQueue events;
  PacketPool packets;
  Trace trace;
  Capture capture(1024);
  Fabric fabric({&events, &packets, nullptr, features & kTraced ? &trace : nullptr, 1});
  fabric.AddHost(1, "a");
  fabric.AddHost(2, "b");
  LinkConfig config;
  config.latency = Duration::Millis(10);
  if (features & kImpaired) {
    config.jitter = Duration::Millis(1);
    config.bandwidth = 10'000'000'000;
    config.loss = config.duplicate = Probability::Percent(1);
  }
  Link& link = fabric.AddLink("ab", {1, "eth0"}, {2, "eth0"}, config);
  Discard sink;
  link.end(1).SetReceiver(&sink);
  if (features & kCaptured) fabric.AddObserver(&capture);
  if (features & kRules) {
    fabric.rules().Drop("never", match::IsSynAck() && match::DestinationPort(81)).First(1);
  }
  // A hundred packets are on their way at any time.
  for (auto _ : state) {
    PacketPtr packet = packets.New();
    packet->source = Address::V4(10, 0, 0, 1);
    packet->destination = Address::V4(10, 0, 0, 2);
    packet->body = Segment{4000, 80};
    link.end(0).Accept(std::move(packet));
    const Instant until = events.now() + Duration::Micros(100);
    while (Event* event = events.Pop(until)) events.Fire(event);
    events.AdvanceTo(until);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Packet)
    ->ArgName("features")
    ->Arg(kPlain)
    ->Arg(kTraced)
    ->Arg(kTraced | kCaptured)
    ->Arg(kTraced | kRules)
    ->Arg(kTraced | kCaptured | kImpaired | kRules);

}  // namespace
}  // namespace drywire
