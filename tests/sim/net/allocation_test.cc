// The packet path allocates nothing once it has reached its working size. This program counts every
// operator new.
#include <cstdlib>
#include <new>

#include "gtest/gtest.h"
#include "tests/sim/net/net_fixture.h"

namespace {
int64_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace drywire {
namespace {

using AllocationTest = NetFixture;

TEST_F(AllocationTest, NothingIsAllocatedOnceWarm) {
  LinkConfig config;
  config.latency = Duration::Millis(1);
  config.jitter = Duration::Micros(10);
  config.bandwidth = 1'000'000'000;
  config.queue_packets = 40;
  config.loss = config.duplicate = config.reorder = Probability::Percent(10);
  Link& link = MakeLink(config);
  fabric_->rules().Drop("some", match::HasPayload() && match::DestinationPort(80)).Every(10);
  fabric_->rules().Duplicate("others", match::IsTcp() || match::IsUdp()).Every(7);
  keep_log_ = false;
  fabric_->RemoveObserver(&watcher_);
  const auto round = [&] {
    for (int i = 0; i < 50; ++i) {
      // The payload is the application's; it is allocated when it is written.
      link.end(0).Accept(MakePacket(1, 2, 0));
      link.end(1).Accept(MakePacket(2, 1, 0));
    }
    Run();
  };
  for (int i = 0; i < 20; ++i) round();
  const int64_t before = allocations;
  for (int i = 0; i < 20; ++i) round();
  EXPECT_EQ(allocations - before, 0);
  EXPECT_GT(receivers_[1]->arrived, 500);
  EXPECT_EQ(packets_.live(), 0u);
}

}  // namespace
}  // namespace drywire
