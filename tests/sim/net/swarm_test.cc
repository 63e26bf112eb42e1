// Random traffic under random faults: whatever happens, no packet is lost from the books.
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "tests/sim/net/net_fixture.h"

namespace drywire {
namespace {

// Counts every packet's copies in and out, and checks the order of each direction where it is due.
class Ledger : public PacketObserver {
 public:
  void OnPacket(const PacketEvent& event) override {
    switch (event.kind) {
      case PacketEvent::Kind::kSent:
        ++sent;
        break;
      case PacketEvent::Kind::kDelivered: {
        ++ended;
        EXPECT_NE(event.to, nullptr);
        uint64_t& last = last_[{event.from->id(), event.to->id()}];
        if (in_order && event.packet->serial < last) ++overtaken;
        last = event.packet->serial;
        break;
      }
      case PacketEvent::Kind::kDropped:
        // Of a packet that was on its way, or of one that never got there.
        if (event.at_sender && event.reason != "link down" && event.reason != "host down") {
          ++refused;
        } else {
          ++either;
        }
        break;
      case PacketEvent::Kind::kChanged:
        break;
    }
  }
  bool in_order = true;
  int sent = 0, ended = 0, refused = 0, either = 0, overtaken = 0;

 private:
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> last_;
};

class SwarmTest : public NetFixture {
 protected:
  struct Outcome {
    std::string digest;
    int delivered = 0;
    int dropped = 0;
  };

  LinkConfig RandomConfig(Rng& rng, bool in_order) {
    LinkConfig config;
    config.latency = rng.UniformRange(Duration::Zero(), Duration::Millis(20));
    if (rng.Uniform(2)) config.jitter = rng.UniformRange(Duration::Zero(), Duration::Millis(5));
    config.jitter_reorders = !in_order && rng.Uniform(2) != 0;
    if (rng.Uniform(2)) config.bandwidth = 100'000 + rng.Uniform(10'000'000);
    if (rng.Uniform(2)) config.queue_packets = static_cast<uint32_t>(1 + rng.Uniform(10));
    if (rng.Uniform(2)) config.loss = Probability::Percent(static_cast<uint32_t>(rng.Uniform(30)));
    if (rng.Uniform(2)) config.duplicate = Probability::Percent(5);
    if (rng.Uniform(2)) config.corrupt = Probability::Percent(5);
    if (!in_order && rng.Uniform(2)) config.reorder = Probability::Percent(10);
    return config;
  }

  void Disturb(Rng& rng, bool in_order) {
    const uint32_t host = static_cast<uint32_t>(1 + rng.Uniform(4));
    Medium& medium = *fabric_->media()[rng.Uniform(fabric_->media().size())];
    switch (rng.Uniform(10)) {
      case 0:
        fabric_->Crash(host);
        break;
      case 1:
      case 2:
        fabric_->Restart(host);
        break;
      case 3:
        fabric_->Pause(host,
                       rng.Uniform(2) ? Fabric::WhilePaused::kHold : Fabric::WhilePaused::kDiscard);
        break;
      case 4:
        for (uint32_t paused = 1; paused <= 4; ++paused) fabric_->Resume(paused);
        break;
      case 5:
        fabric_->Partition({host}, {host % 4 + 1}, rng.Uniform(2) != 0);
        break;
      case 6:
        fabric_->HealAll();
        break;
      case 7:
        medium.SetUp(false);
        break;
      case 8:
        for (const auto& each : fabric_->media()) each->SetUp(true);
        break;
      default:
        medium.Configure(RandomConfig(rng, in_order));
    }
  }

  Outcome RunOnce(uint64_t seed, bool in_order) {
    Rng rng(seed);
    Make(seed);
    keep_log_ = false;
    receivers_.clear();
    serial_ = 0;
    Ledger ledger;
    ledger.in_order = in_order;
    fabric_->AddObserver(&ledger);
    Lan& lan = fabric_->AddLan("lan");
    for (uint32_t host = 1; host <= 4; ++host) {
      Connect(fabric_->AttachToLan(lan, {host, "eth0"}, RandomConfig(rng, in_order)));
      Connect(fabric_->AddLoopback(host).end(0));
    }
    Connect(fabric_->AddLink("12", {1, "eth1"}, {2, "eth1"}, RandomConfig(rng, in_order)).end(0));
    Connect(*fabric_->FindPort(2, "eth1"));
    for (int step = 0; step < 400; ++step) {
      const std::vector<Port*>& ports = fabric_->ports();
      Port& from = *ports[rng.Uniform(ports.size())];
      // One draw a statement: compilers evaluate arguments in different orders.
      const uint32_t to = static_cast<uint32_t>(1 + rng.Uniform(5));
      Send(from, to, static_cast<uint32_t>(40 + rng.Uniform(1400)));
      if (rng.Uniform(8) == 0) Disturb(rng, in_order);
      RunUntil(events_.now() + rng.UniformRange(Duration::Zero(), Duration::Millis(4)));
    }
    for (uint32_t host = 1; host <= 4; ++host) fabric_->Resume(host);
    Run();
    EXPECT_EQ(fabric_->in_flight(), 0u) << "seed " << seed;
    EXPECT_EQ(packets_.live(), 0u) << "seed " << seed;
    EXPECT_EQ(ledger.overtaken, 0) << "seed " << seed;
    // What was sent was delivered or dropped later; the rest was refused when it was sent.
    EXPECT_GE(ledger.sent, ledger.ended) << "seed " << seed;
    EXPECT_LE(ledger.sent, ledger.ended + ledger.either) << "seed " << seed;
    return {trace_.digest().ToString(), ledger.ended, ledger.refused + ledger.either};
  }
};

TEST_F(SwarmTest, EveryPacketIsAccountedFor) {
  int delivered = 0;
  int dropped = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Outcome outcome = RunOnce(seed, seed % 2 == 0);
    delivered += outcome.delivered;
    dropped += outcome.dropped;
  }
  EXPECT_GT(delivered, 3000);
  EXPECT_GT(dropped, 3000);
}

class GoldenTest : public SwarmTest {};

TEST_F(GoldenTest, TheSameRunUnderEveryCompiler) {
  EXPECT_EQ(RunOnce(42, false).digest, "493ab1eabfbf7902cca5530f49ec9f1a");
}

}  // namespace
}  // namespace drywire
