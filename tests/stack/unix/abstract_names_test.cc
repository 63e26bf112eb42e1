#include "stack/unix/abstract_names.h"

#include <sys/socket.h>

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

constexpr absl::string_view kName("\0name", 5);

// The table never looks at what it holds.
UnixPcb* Holder(int number) { return reinterpret_cast<UnixPcb*>(static_cast<uintptr_t>(number)); }

TEST(AbstractNamesTest, OneHolderForEachTypeAndName) {
  AbstractNames names([] { return Rng(1); });
  EXPECT_EQ(names.Find(SOCK_STREAM, kName), nullptr);
  EXPECT_TRUE(names.Take(SOCK_STREAM, kName, Holder(8)));
  EXPECT_FALSE(names.Take(SOCK_STREAM, kName, Holder(16)));
  EXPECT_TRUE(names.Take(SOCK_DGRAM, kName, Holder(16)));
  EXPECT_TRUE(names.Take(SOCK_STREAM, kName.substr(0, 4), Holder(24)));
  EXPECT_EQ(names.Find(SOCK_STREAM, kName), Holder(8));
  EXPECT_EQ(names.Find(SOCK_DGRAM, kName), Holder(16));
  names.Release(SOCK_STREAM, kName);
  EXPECT_EQ(names.Find(SOCK_STREAM, kName), nullptr);
  EXPECT_EQ(names.size(), 2u);
}

// unix_autobind(): a NUL and five hexadecimal digits.
TEST(AbstractNamesTest, Autobind) {
  AbstractNames names([] { return Rng(1); });
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = names.TakeAny(SOCK_STREAM, Holder(8));
    ASSERT_EQ(name.size(), 6u);
    EXPECT_EQ(name[0], '\0');
    EXPECT_EQ(name.find_first_not_of("0123456789abcdef", 1), std::string::npos);
    EXPECT_TRUE(seen.insert(name).second);
  }
  AbstractNames same([] { return Rng(1); });
  AbstractNames other([] { return Rng(1); });
  EXPECT_EQ(same.TakeAny(SOCK_STREAM, Holder(8)), other.TakeAny(SOCK_STREAM, Holder(8)));
}

}  // namespace
}  // namespace drywire
