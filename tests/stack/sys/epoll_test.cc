// What is expected here was seen on Linux 6.18 with the same calls on pipes.
#include "stack/sys/epoll.h"

#include <sys/epoll.h>

#include <vector>

#include "gtest/gtest.h"
#include "stack/socket/file.h"
#include "tests/stack/sys/fake_file.h"

namespace drywire {
namespace {

constexpr uint32_t kEdge = static_cast<uint32_t>(EPOLLET);

Ref<FakeFile> OpenFile() {
  Ref<FakeFile> file(new FakeFile);
  file->AddDescriptor();
  return file;
}

Ref<Epoll> OpenEpoll() {
  Ref<Epoll> epoll(new Epoll);
  epoll->AddDescriptor();
  return epoll;
}

// The data of what a wait reports, in order.
std::vector<uint64_t> Ready(Epoll& epoll, int max = 10) {
  std::vector<uint64_t> data;
  epoll.Collect(max, [&](uint32_t, uint64_t value) {
    data.push_back(value);
    return true;
  });
  return data;
}

using Data = std::vector<uint64_t>;

TEST(EpollTest, LevelTriggeredItemsAreReportedUntilTheyAreDrained) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLIN, 7).ok());
  EXPECT_EQ(Ready(*epoll), Data());
  file->Gain(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data({7}));
  EXPECT_EQ(Ready(*epoll), Data({7}));
  file->Lose(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data());
  EXPECT_FALSE(epoll->MayBeReady());
}

TEST(EpollTest, EdgeTriggeredItemsAreReportedOnceForEachArrival) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  file->Gain(kPollIn);
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLIN | kEdge, 7).ok());
  EXPECT_EQ(Ready(*epoll), Data({7}));
  EXPECT_EQ(Ready(*epoll), Data());
  file->Gain(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data({7}));
  ASSERT_TRUE(epoll->Modify(3, file.get(), EPOLLIN | kEdge, 8).ok());
  EXPECT_EQ(Ready(*epoll), Data({8})) << "EPOLL_CTL_MOD looks again";
}

TEST(EpollTest, AnArrivalIsReportedTogetherWithWritability) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  file->Gain(kPollOut);
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLIN | EPOLLOUT | kEdge, 7).ok());
  EXPECT_EQ(Ready(*epoll), Data({7}));
  file->Gain(kPollIn);
  uint32_t seen = 0;
  epoll->Collect(1, [&](uint32_t events, uint64_t) {
    seen = events;
    return true;
  });
  EXPECT_EQ(seen, EPOLLIN | EPOLLOUT);
}

TEST(EpollTest, OneShotItemsAreDisarmedUntilTheyAreModified) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLIN | EPOLLONESHOT, 7).ok());
  file->Gain(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data({7}));
  file->Gain(kPollIn | kPollHup);
  EXPECT_EQ(Ready(*epoll), Data());
  ASSERT_TRUE(epoll->Modify(3, file.get(), EPOLLIN | EPOLLONESHOT, 7).ok());
  EXPECT_EQ(Ready(*epoll), Data({7}));
}

TEST(EpollTest, ErrorsAndHangUpsAreAlwaysWanted) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  ASSERT_TRUE(epoll->Add(3, file.get(), 0, 7).ok());
  file->Gain(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data());
  file->Gain(kPollHup);
  EXPECT_EQ(Ready(*epoll), Data({7}));
}

TEST(EpollTest, ReadHangUpIsReportedToThoseWhoAsk) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLOUT, 3).ok());
  ASSERT_TRUE(epoll->Add(4, file.get(), EPOLLRDHUP, 4).ok());
  file->Gain(kPollRdHup | kPollIn);
  EXPECT_EQ(Ready(*epoll), Data({4}));
}

TEST(EpollTest, ReadyItemsTakeTurns) {
  auto epoll = OpenEpoll();
  auto a = OpenFile(), b = OpenFile(), c = OpenFile();
  ASSERT_TRUE(epoll->Add(1, a.get(), EPOLLIN, 1).ok());
  ASSERT_TRUE(epoll->Add(2, b.get(), EPOLLIN, 2).ok());
  ASSERT_TRUE(epoll->Add(3, c.get(), EPOLLIN, 3).ok());
  b->Gain(kPollIn);
  c->Gain(kPollIn);
  a->Gain(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data({2, 3, 1}));
  EXPECT_EQ(Ready(*epoll, 2), Data({2, 3}));
  EXPECT_EQ(Ready(*epoll, 2), Data({1, 2}));
  EXPECT_EQ(Ready(*epoll, 2), Data({3, 1}));
}

TEST(EpollTest, AnEventThatCannotBeStoredStaysFirst) {
  auto epoll = OpenEpoll();
  auto a = OpenFile(), b = OpenFile();
  ASSERT_TRUE(epoll->Add(1, a.get(), EPOLLIN | kEdge, 1).ok());
  ASSERT_TRUE(epoll->Add(2, b.get(), EPOLLIN | kEdge, 2).ok());
  a->Gain(kPollIn);
  b->Gain(kPollIn);
  EXPECT_EQ(epoll->Collect(10, [](uint32_t, uint64_t) { return false; }), 0);
  EXPECT_EQ(Ready(*epoll), Data({1, 2}));
}

TEST(EpollTest, TheLastCloseRemovesAnItemButNotOneOfTwo) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  file->AddDescriptor();
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLIN, 7).ok());
  file->DropDescriptor();
  file->Gain(kPollIn);
  EXPECT_EQ(Ready(*epoll), Data({7}));
  file->DropDescriptor();
  EXPECT_EQ(epoll->item_count(), 0u);
  EXPECT_EQ(Ready(*epoll), Data());
}

TEST(EpollTest, RegistrationErrors) {
  auto epoll = OpenEpoll();
  auto file = OpenFile();
  EXPECT_EQ(epoll->Modify(3, file.get(), EPOLLIN, 0).cause(), Cause::kEpollNotRegistered);
  EXPECT_EQ(epoll->Remove(3, file.get()).cause(), Cause::kEpollNotRegistered);
  ASSERT_TRUE(epoll->Add(3, file.get(), EPOLLIN, 0).ok());
  EXPECT_EQ(epoll->Add(3, file.get(), EPOLLIN, 0).cause(), Cause::kEpollRegistered);
  EXPECT_TRUE(epoll->Add(4, file.get(), EPOLLIN, 0).ok()) << "a dup is another item";
  EXPECT_EQ(epoll->Add(5, epoll.get(), EPOLLIN, 0).cause(), Cause::kInvalidArgument);
  EXPECT_TRUE(epoll->Remove(3, file.get()).ok());
  file->supports_epoll = false;
  EXPECT_EQ(epoll->Add(6, file.get(), EPOLLIN, 0).cause(), Cause::kNotSupported);
}

TEST(EpollTest, ExclusiveGoesWithFewFlagsAndNeverWithModify) {
  auto epoll = OpenEpoll();
  auto nested = OpenEpoll();
  auto file = OpenFile();
  const uint32_t in = EPOLLIN | EPOLLEXCLUSIVE;
  EXPECT_EQ(epoll->Add(3, file.get(), in | EPOLLONESHOT, 0).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(epoll->Add(3, file.get(), in | EPOLLRDHUP, 0).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(epoll->Add(4, nested.get(), in, 0).cause(), Cause::kInvalidArgument);
  EXPECT_TRUE(epoll->Add(3, file.get(), in, 0).ok());
  EXPECT_EQ(epoll->Modify(3, file.get(), EPOLLIN, 0).cause(), Cause::kInvalidArgument);
  EXPECT_TRUE(epoll->Remove(3, file.get()).ok());
}

TEST(EpollTest, ExclusiveItemsShareANotification) {
  auto file = OpenFile();
  auto first = OpenEpoll(), second = OpenEpoll();
  ASSERT_TRUE(first->Add(3, file.get(), EPOLLIN | EPOLLEXCLUSIVE, 1).ok());
  ASSERT_TRUE(second->Add(3, file.get(), EPOLLIN | EPOLLEXCLUSIVE, 2).ok());
  int woken[2] = {};
  auto count = [](Waiter* waiter, uint32_t) {
    ++*static_cast<int*>(waiter->context());
    return true;
  };
  Waiter waits_on_first(count, &woken[0]), waits_on_second(count, &woken[1]);
  first->waiters().Add(&waits_on_first);
  second->waiters().Add(&waits_on_second);
  file->Gain(kPollIn);
  EXPECT_EQ(woken[0], 1);
  EXPECT_EQ(woken[1], 0);
}

TEST(EpollTest, InstancesNestFiveDeepAndNeverInALoop) {
  std::vector<Ref<Epoll>> chain;
  for (int i = 0; i < 6; ++i) chain.push_back(OpenEpoll());
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(chain[i + 1]->Add(i, chain[i].get(), EPOLLIN, i).ok()) << i;
  }
  EXPECT_EQ(chain[5]->Add(4, chain[4].get(), EPOLLIN, 4).cause(), Cause::kEpollLoop);
  EXPECT_EQ(chain[0]->Add(9, chain[4].get(), EPOLLIN, 9).cause(), Cause::kEpollLoop);
  auto file = OpenFile();
  ASSERT_TRUE(chain[0]->Add(20, file.get(), EPOLLIN, 20).ok());
  EXPECT_EQ(chain[4]->Poll(), 0u);
  file->Gain(kPollIn);
  EXPECT_EQ(chain[4]->Poll(), kPollIn | kPollRdNorm);
  EXPECT_EQ(Ready(*chain[4]), Data({3}));
}

}  // namespace
}  // namespace drywire
