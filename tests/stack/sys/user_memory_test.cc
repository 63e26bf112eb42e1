#include "stack/sys/user_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"

namespace drywire {
namespace {

// Three pages: writable, read-only, not accessible.
class UserMemoryTest : public testing::Test {
 protected:
  static constexpr size_t kPage = 4096;
  UserMemoryTest() {
    pages_ = static_cast<char*>(
        mmap(nullptr, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(pages_, 'x', 2 * kPage);
    mprotect(pages_ + kPage, kPage, PROT_READ);
    mprotect(pages_ + 2 * kPage, kPage, PROT_NONE);
  }
  ~UserMemoryTest() override { munmap(pages_, 3 * kPage); }

  char* pages_;
};

TEST_F(UserMemoryTest, CopiesWhatIsAccessible) {
  char buffer[16] = {};
  EXPECT_TRUE(CopyFromUser(buffer, pages_ + kPage - 8, 16));
  EXPECT_EQ(buffer[15], 'x');
  EXPECT_TRUE(CopyToUser(pages_, "hello", 5));
  EXPECT_EQ(std::string(pages_, 5), "hello");
  EXPECT_TRUE(CopyFromUser(buffer, nullptr, 0));
}

TEST_F(UserMemoryTest, ABadPointerFailsAndTheProcessLives) {
  char buffer[16] = {};
  EXPECT_FALSE(CopyFromUser(buffer, nullptr, 1));
  EXPECT_FALSE(CopyFromUser(buffer, reinterpret_cast<const void*>(8), 16));
  EXPECT_FALSE(CopyFromUser(buffer, reinterpret_cast<const void*>(uintptr_t{1} << 63), 16));
  EXPECT_FALSE(CopyFromUser(buffer, pages_ + 2 * kPage - 8, 16));
  EXPECT_FALSE(CopyToUser(pages_ + kPage, buffer, 1));
  EXPECT_FALSE(CopyToUser(pages_ + kPage - 8, buffer, 16));
}

TEST_F(UserMemoryTest, PrefixesEndAtTheFirstBadByte) {
  EXPECT_EQ(ReadablePrefix(pages_ + 100, 3 * kPage), 2 * kPage - 100);
  EXPECT_EQ(WritablePrefix(pages_ + 100, 3 * kPage), kPage - 100);
  EXPECT_EQ(ReadablePrefix(pages_, 2 * kPage), 2 * kPage);
  EXPECT_EQ(WritablePrefix(pages_, kPage), kPage);
  EXPECT_EQ(WritablePrefix(pages_, 0), 0u);
  EXPECT_EQ(ReadablePrefix(nullptr, 1), 0u);
  EXPECT_EQ(ReadablePrefix(pages_ + 2 * kPage - 1, SIZE_MAX), 1u);
  EXPECT_EQ(pages_[0], 'x');
}

TEST_F(UserMemoryTest, PrefixOfBuffersStopsInTheFirstBadOne) {
  const File::Buffer buffers[] = {{pages_, 10}, {pages_ + kPage - 4, 8}, {pages_, 10}};
  EXPECT_EQ(WritablePrefix(buffers), 14u);
  EXPECT_EQ(ReadablePrefix(buffers), 28u);
}

TEST(UserMemoryDeathTest, OtherFaultsStillKill) {
  char buffer = 0;
  EXPECT_FALSE(CopyFromUser(&buffer, nullptr, 1));  // The handlers are in place.
  EXPECT_DEATH(*reinterpret_cast<volatile int*>(8) = 1, "");
}

}  // namespace
}  // namespace drywire
