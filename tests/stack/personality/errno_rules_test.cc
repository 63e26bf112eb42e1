#include "stack/personality/errno_rules.h"

#include <cerrno>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

TEST(ErrnoRulesTest, EveryRowNamesItsSource) {
  for (const ErrnoRule& rule : ErrnoRules()) EXPECT_FALSE(rule.source.empty());
}

TEST(ErrnoRulesTest, EveryCauseHasAnErrnoForEveryOperation) {
  for (int operation = 0; operation < kOperationCount; ++operation) {
    for (int cause = 0; cause < kCauseCount; ++cause) {
      for (const ErrnoColumn* column : {&LinuxErrnos(), &FreeBsdErrnos()}) {
        const int error =
            column->Errno(static_cast<Operation>(operation), static_cast<Cause>(cause));
        EXPECT_EQ(error == 0, static_cast<Cause>(cause) == Cause::kNone)
            << CauseName(static_cast<Cause>(cause));
      }
    }
  }
}

TEST(ErrnoRulesTest, ARowForAnOperationWinsOverTheGeneralOne) {
  EXPECT_EQ(LinuxErrnos().Errno(Operation::kRecv, Cause::kNotConnected), ENOTCONN);
  EXPECT_EQ(LinuxErrnos().Errno(Operation::kSend, Cause::kNotConnected), EPIPE);
  EXPECT_EQ(FreeBsdErrnos().Errno(Operation::kSend, Cause::kNotConnected), ENOTCONN);
}

// A third system: a column chosen row by row, some entries of its own, and a profile.
TEST(ErrnoRulesTest, AThirdPersonalityIsAColumnAndAProfile) {
  ErrnoColumn plan9(+[](const ErrnoRule& rule) { return rule.freebsd_errno; });
  plan9.Override(Operation::kConnect, Cause::kSynTimeout, EIO);
  plan9.OverrideAll(Cause::kNotSocket, ENXIO);
  EXPECT_EQ(plan9.Errno(Operation::kConnect, Cause::kSynTimeout), EIO);
  EXPECT_EQ(plan9.Errno(Operation::kRecv, Cause::kSynTimeout), ETIMEDOUT);
  EXPECT_EQ(plan9.Errno(Operation::kBind, Cause::kNotSocket), ENXIO);
  EXPECT_EQ(plan9.Errno(Operation::kConnect, Cause::kAddressTooLong), ENAMETOOLONG);

  Profile profile = LinuxProfile();
  profile.name = "plan9";
  EXPECT_TRUE(profile.Set("net.ipv4.tcp_syn_retries", "2").ok());
  EXPECT_EQ(*profile.Get("net.ipv4.tcp_syn_retries"), "2");
  EXPECT_EQ(LinuxErrnos().Errno(Operation::kConnect, Cause::kSynTimeout), ETIMEDOUT);
}

}  // namespace
}  // namespace drywire
