// Descriptors: lowest free first, sharing, limits.
#include "stack/host/fd_table.h"

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

class TestFile : public File {
 public:
  explicit TestFile(int* closed = nullptr) : closed_(closed) {}
  uint32_t Poll() const override { return 0; }

 private:
  void OnLastClose() override {
    if (closed_ != nullptr) ++*closed_;
  }
  int* closed_;
};

// Notes when it ends.
class OrderedFile : public File {
 public:
  OrderedFile(int number, std::vector<int>* order) : number_(number), order_(order) {}
  uint32_t Poll() const override { return 0; }

 private:
  void OnLastClose() override { order_->push_back(number_); }
  int number_;
  std::vector<int>* order_;
};

class FdTableTest : public testing::Test {
 protected:
  FileRef New(int* closed = nullptr) { return FileRef(new TestFile(closed)); }
  int Install() { return *table_.Install(New()); }

  int64_t file_max_ = 1'000'000;
  int64_t limit_ = 1024;
  Credentials owner_{1000, 1000, {}};
  OpenFiles host_{.open = 0, .limit = &file_max_};
  FdTable table_{&host_, &limit_, &owner_};
};

TEST_F(FdTableTest, LowestFreeFirst) {
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Install(), i);
  for (const int fd : {150, 3, 64}) EXPECT_TRUE(table_.Close(fd).ok());
  EXPECT_EQ(Install(), 3);
  EXPECT_EQ(Install(), 64);
  EXPECT_EQ(Install(), 150);
  EXPECT_EQ(Install(), 200);
}

// Observed on Linux 6.18: a process that ends closes what it has open in reverse, and a file that
// has several descriptors with the last of them. FreeBSD goes upwards (fdescfree).
TEST_F(FdTableTest, EndsLastFirst) {
  for (const bool last_first : {true, false}) {
    host_.ends_last_first = last_first;
    std::vector<int> order;
    FdTable table(&host_, &limit_, &owner_);
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(table.Install(FileRef(new OrderedFile(i, &order))).ok());
    }
    EXPECT_EQ(*table.Dup(1), 4);
    EXPECT_TRUE(table.Dup2(2, 100).ok());
    table.CloseAll();
    const std::vector<int> upwards = {0, 3, 1, 2};
    const std::vector<int> downwards = {2, 1, 3, 0};
    EXPECT_EQ(order, last_first ? downwards : upwards);
    EXPECT_EQ(table.open_count(), 0);
    EXPECT_EQ(host_.open, 0);
  }
}

TEST_F(FdTableTest, MatchesASimpleModelOverManySteps) {
  limit_ = 20'000;
  std::set<int> model;
  uint64_t state = 1;
  const auto draw = [&](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  for (int step = 0; step < 3'000; ++step) {
    if (draw(5) != 0 || model.empty()) {
      const int minimum = draw(4) == 0 ? static_cast<int>(draw(9000)) : 0;
      int expected = minimum;
      while (model.count(expected) != 0) ++expected;
      ASSERT_EQ(*table_.Install(New(), false, minimum), expected);
      model.insert(expected);
    } else {
      const int fd =
          *std::next(model.begin(), static_cast<long>(draw(std::min<size_t>(model.size(), 50))));
      ASSERT_TRUE(table_.Close(fd).ok());
      model.erase(fd);
    }
  }
  EXPECT_EQ(table_.Descriptors(), std::vector<int>(model.begin(), model.end()));
}

TEST_F(FdTableTest, WholeWordsAndPagesOfUsedDescriptorsAreSkipped) {
  limit_ = 20'000;
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(Install(), i);
  ASSERT_TRUE(table_.Close(9999).ok());
  EXPECT_EQ(Install(), 9999);
  ASSERT_TRUE(table_.Close(4096).ok());
  EXPECT_EQ(*table_.Install(New(), false, 4097), 10'000);
  EXPECT_EQ(Install(), 4096);
}

TEST_F(FdTableTest, ProcessLimit) {
  limit_ = 3;
  for (int i = 0; i < 3; ++i) Install();
  EXPECT_EQ(table_.CheckRoom().cause(), Cause::kProcessDescriptorLimit);
  EXPECT_EQ(table_.Install(New()).cause(), Cause::kProcessDescriptorLimit);
  EXPECT_EQ(table_.Dup(0).cause(), Cause::kProcessDescriptorLimit);
  EXPECT_EQ(table_.Dup(0, 3).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(table_.Dup(0, -1).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(table_.Dup2(0, 3).cause(), Cause::kBadDescriptor);
  EXPECT_EQ(table_.Dup2(0, -1).cause(), Cause::kBadDescriptor);
  EXPECT_EQ(host_.open, 3);
}

TEST_F(FdTableTest, SystemLimitCountsFilesNotDescriptors) {
  file_max_ = 2;
  Install();
  EXPECT_EQ(*table_.Dup(0), 1);
  EXPECT_EQ(host_.open, 1);
  Install();
  EXPECT_EQ(table_.Install(New()).cause(), Cause::kSystemDescriptorLimit);
  EXPECT_EQ(table_.CheckRoom().cause(), Cause::kSystemDescriptorLimit);
  owner_.uid = 0;  // Linux: not for privileged processes
  EXPECT_TRUE(table_.Install(New()).ok());
  host_.privileged_exempt = false;
  EXPECT_FALSE(table_.Install(New()).ok());
  ASSERT_TRUE(table_.Close(0).ok());
  EXPECT_EQ(host_.open, 3);  // descriptor 1 still refers to it
  ASSERT_TRUE(table_.Close(1).ok());
  EXPECT_EQ(host_.open, 2);
}

TEST_F(FdTableTest, LimitsDoNotRefuseWhatIsInherited) {  // fork(2)
  file_max_ = 1;
  limit_ = 1;
  for (int i = 0; i < 3; ++i) table_.Inherit(New());
  EXPECT_EQ(table_.Descriptors(), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(host_.open, 3);
  EXPECT_EQ(table_.Install(New()).cause(), Cause::kProcessDescriptorLimit);
  limit_ = 4;
  EXPECT_EQ(table_.Install(New()).cause(), Cause::kSystemDescriptorLimit);
  table_.CloseAll();
  EXPECT_EQ(host_.open, 0);
}

TEST_F(FdTableTest, TheLastDescriptorClosesTheFile) {
  int closed = 0;
  ASSERT_EQ(*table_.Install(New(&closed)), 0);
  ASSERT_EQ(*table_.Dup(0, 10), 10);
  ASSERT_EQ(*table_.Dup2(0, 5), 5);
  ASSERT_TRUE(table_.Close(0).ok());
  ASSERT_TRUE(table_.Close(10).ok());
  EXPECT_EQ(closed, 0);
  EXPECT_EQ(*table_.Dup2(5, 5), 5);
  ASSERT_TRUE(table_.Close(5).ok());
  EXPECT_EQ(closed, 1);
  EXPECT_EQ(table_.Close(5).cause(), Cause::kBadDescriptor);
  EXPECT_EQ(host_.open, 0);
}

TEST_F(FdTableTest, Dup2ClosesItsTarget) {
  int first = 0, second = 0;
  ASSERT_EQ(*table_.Install(New(&first)), 0);
  ASSERT_EQ(*table_.Install(New(&second)), 1);
  EXPECT_EQ(*table_.Dup2(0, 1), 1);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(table_.Get(1), table_.Get(0));
  EXPECT_EQ(table_.Dup2(7, 1).cause(), Cause::kBadDescriptor);
  EXPECT_EQ(table_.Dup3(0, 0, false).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(table_.Dup3(7, 7, false).cause(), Cause::kInvalidArgument);
  table_.CloseAll();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(host_.open, 0);
}

TEST_F(FdTableTest, CloseOnExecBelongsToTheDescriptor) {
  ASSERT_EQ(*table_.Install(New(), /*close_on_exec=*/true), 0);
  ASSERT_EQ(*table_.Dup(0), 1);
  EXPECT_TRUE(*table_.CloseOnExec(0));
  EXPECT_FALSE(*table_.CloseOnExec(1));
  ASSERT_TRUE(table_.SetCloseOnExec(1, true).ok());
  EXPECT_TRUE(*table_.CloseOnExec(1));
  EXPECT_EQ(table_.CloseOnExec(2).cause(), Cause::kBadDescriptor);
}

}  // namespace
}  // namespace drywire
