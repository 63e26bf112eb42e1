#include "sim/core/check.h"

#include <cstdio>

#include "gtest/gtest.h"

namespace drywire {
namespace {

TEST(CheckTest, PassesWithoutEvaluatingTheMessage) {
  int evaluated = 0;
  DRYWIRE_CHECK(true) << ++evaluated;
  DRYWIRE_CHECK_EQ(1, 1) << ++evaluated;
  DRYWIRE_DCHECK(true) << ++evaluated;
  EXPECT_EQ(evaluated, 0);
}

TEST(CheckTest, BindsAsOneStatement) {
  if (false)
    DRYWIRE_CHECK(false);
  else
    DRYWIRE_CHECK(true);
}

TEST(CheckDeathTest, SaysWhereAndWhy) {
  EXPECT_DEATH(DRYWIRE_CHECK(1 > 2) << "because " << 7,
               "check_test.cc:[0-9]+: check failed: 1 > 2 because 7");
  EXPECT_DEATH(DRYWIRE_CHECK_LT(5, 3), "\\(5 vs 3\\)");
  EXPECT_DEATH(DRYWIRE_FATAL() << "no way", "check_test.cc:[0-9]+: fatal: no way");
}

TEST(CheckDeathTest, CallsTheHookOnce) {
  static const char kState[] = "seed 42";
  const auto fail_in_hook = [] {
    SetFailureHook({[](void* context) {
                      std::fprintf(stderr, "hook: %s\n", static_cast<const char*>(context));
                      DRYWIRE_CHECK(false) << "again";
                    },
                    const_cast<char*>(kState)});
    DRYWIRE_CHECK(false) << "first";
  };
  EXPECT_DEATH(fail_in_hook(), "first\nhook: seed 42\n.*again");
}

TEST(CheckTest, HookIsReplacedAndPutBack) {
  const auto function = [](void*) {};
  const FailureHook before = SetFailureHook({function, nullptr});
  EXPECT_EQ(before.function, nullptr);
  EXPECT_NE(SetFailureHook(before).function, nullptr);
}

}  // namespace
}  // namespace drywire
