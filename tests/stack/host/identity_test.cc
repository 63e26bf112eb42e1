// User and group ids. Linux's columns were observed on 6.18; FreeBSD's are read off kern_prot.c of
// 14 and setuid(2), setreuid(2).
#include "stack/host/identity.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

std::string Text(const ProcessIds& ids) {
  return absl::StrCat(ids.real, "/", ids.effective, "/", ids.saved);
}

uint32_t Number(const std::string& text) {
  return text == "-" ? Identity::kKeep : static_cast<uint32_t>(std::stoul(text));
}

// "setuid 5", "setreuid 1 -"; "" or the cause's name.
std::string Call(Identity& identity, const std::string& text) {
  std::vector<std::string> words = absl::StrSplit(text, ' ');
  std::vector<uint32_t> ids;
  for (size_t i = 1; i < words.size(); ++i) ids.push_back(Number(words[i]));
  Result<> result = Cause::kNoSuchCall;
  if (words[0] == "setuid") result = identity.SetUid(ids[0]);
  if (words[0] == "seteuid") result = identity.SetEuid(ids[0]);
  if (words[0] == "setreuid") result = identity.SetReuid(ids[0], ids[1]);
  if (words[0] == "setresuid") result = identity.SetResuid({ids[0], ids[1], ids[2]});
  if (words[0] == "setgid") result = identity.SetGid(ids[0]);
  if (words[0] == "setegid") result = identity.SetEgid(ids[0]);
  if (words[0] == "setregid") result = identity.SetRegid(ids[0], ids[1]);
  if (words[0] == "setresgid") result = identity.SetResgid({ids[0], ids[1], ids[2]});
  return result.ok() ? "" : std::string(CauseName(result.cause()));
}

struct Row {
  ProcessIds start;
  const char* call;
  const char* linux_ids;  // after the call; the same as before when it failed
  const char* freebsd_ids;
};

TEST(IdentityTest, UserIds) {
  const Row rows[] = {
      {{0, 0, 0}, "setuid 5", "5/5/5", "5/5/5"},
      {{0, 5, 0}, "setuid 6", "0/5/0", "0/5/0"},
      {{0, 5, 0}, "setuid 5", "0/5/0", "5/5/5"},
      {{0, 5, 0}, "setuid 0", "0/0/0", "0/0/0"},
      {{0, 5, 0}, "seteuid 0", "0/0/0", "0/0/0"},
      {{1, 2, 3}, "setuid 3", "1/3/3", "1/2/3"},
      {{1, 2, 3}, "setuid 2", "1/2/3", "2/2/2"},
      {{1, 2, 3}, "setuid 1", "1/1/3", "1/1/1"},
      {{1, 2, 3}, "setuid 4", "1/2/3", "1/2/3"},
      {{1, 2, 3}, "seteuid 2", "1/2/3", "1/2/3"},
      {{1, 2, 3}, "seteuid 3", "1/3/3", "1/3/3"},
      {{1, 2, 3}, "seteuid 1", "1/1/3", "1/1/3"},
      {{1, 2, 3}, "seteuid 4", "1/2/3", "1/2/3"},
      {{1, 2, 3}, "setreuid 3 -", "1/2/3", "3/2/2"},
      {{1, 2, 3}, "setreuid 2 -", "2/2/2", "1/2/3"},
      {{1, 2, 3}, "setreuid - 3", "1/3/3", "1/3/3"},
      {{1, 2, 3}, "setreuid - 1", "1/1/3", "1/1/3"},
      {{1, 2, 3}, "setreuid - 2", "1/2/2", "1/2/2"},
      {{1, 2, 3}, "setreuid 1 3", "1/3/3", "1/3/3"},
      {{1, 2, 3}, "setreuid 4 -", "1/2/3", "1/2/3"},
      {{0, 0, 0}, "setreuid 5 6", "5/6/6", "5/6/6"},
      {{1, 2, 3}, "setresuid 3 1 2", "3/1/2", "3/1/2"},
      {{1, 2, 3}, "setresuid - - -", "1/2/3", "1/2/3"},
      {{1, 2, 3}, "setresuid 4 - -", "1/2/3", "1/2/3"},
  };
  for (const Row& row : rows) {
    for (const Profile& profile : {LinuxProfile(), FreeBsdProfile()}) {
      Identity identity(Credentials{}, &profile.vfs);
      ASSERT_TRUE(identity.SetResuid(row.start).ok());
      Call(identity, row.call);
      EXPECT_EQ(Text(identity.users()), profile.name == "linux" ? row.linux_ids : row.freebsd_ids)
          << profile.name << ": " << row.call << " from " << Text(row.start);
    }
  }
}

TEST(IdentityTest, GroupIds) {
  const Profile profile = LinuxProfile();
  Identity root(Credentials{0, 7, {}}, &profile.vfs);
  EXPECT_EQ(Call(root, "setgid 5"), "");
  EXPECT_EQ(Call(root, "setegid 6"), "");
  EXPECT_EQ(Text(root.groups()), "5/6/5");
  EXPECT_EQ(Call(root, "setgid 8"), "");
  EXPECT_EQ(Text(root.groups()), "8/8/8");
  EXPECT_EQ(Call(root, "setresgid 7 8 9"), "");
  EXPECT_EQ(Call(root, "setuid 1"), "");
  EXPECT_EQ(Call(root, "setgid 9"), "");
  EXPECT_EQ(Text(root.groups()), "7/9/9");
  EXPECT_EQ(Call(root, "setgid 8"), "kNoPermission");
  EXPECT_EQ(Call(root, "setegid 10"), "kNoPermission");
  EXPECT_EQ(Call(root, "setregid 9 7"), "");
  EXPECT_EQ(Text(root.groups()), "9/7/7");
}

TEST(IdentityTest, SupplementaryGroups) {
  const Profile profile = LinuxProfile();
  Identity identity(Credentials{0, 7, {}}, &profile.vfs);
  EXPECT_TRUE(identity.SetGroups({3, 1, 2, 1}).ok());
  EXPECT_EQ(identity.GroupList(), (std::vector<uint32_t>{1, 1, 2, 3}));
  EXPECT_TRUE(identity.effective().InGroup(2));
  EXPECT_TRUE(identity.effective().InGroup(7));
  EXPECT_FALSE(identity.effective().InGroup(4));
  EXPECT_EQ(identity.SetGroups(std::vector<uint32_t>(65537)).cause(), Cause::kInvalidArgument);
  EXPECT_EQ(Call(identity, "seteuid 5"), "");
  EXPECT_EQ(identity.SetGroups({}).cause(), Cause::kNoPermission);

  const Profile freebsd = FreeBsdProfile();
  Identity bsd(Credentials{0, 7, {}}, &freebsd.vfs);
  EXPECT_TRUE(bsd.SetGroups({3, 2, 1}).ok());
  EXPECT_EQ(bsd.effective().gid, 3u);
  EXPECT_EQ(bsd.GroupList(), (std::vector<uint32_t>{3, 1, 2}));
  EXPECT_EQ(bsd.SetGroups(std::vector<uint32_t>(1026)).cause(), Cause::kInvalidArgument);
}

TEST(IdentityTest, LinuxWantsAnIdWhereThereMustBeOne) {
  const Profile profile = LinuxProfile();
  for (const char* call : {"setuid -", "seteuid -", "setgid -", "setegid -"}) {
    Identity identity(Credentials{}, &profile.vfs);
    EXPECT_EQ(Call(identity, call), "kInvalidArgument") << call;
  }
}

TEST(IdentityTest, CapabilitiesFollowTheUserId) {
  const Profile profile = LinuxProfile();
  Credentials credentials;
  credentials.capabilities = {Capability::kSetuid, Capability::kChown};
  Identity identity(credentials, &profile.vfs);
  EXPECT_EQ(Call(identity, "seteuid 5"), "");
  EXPECT_FALSE(identity.effective().Has(Capability::kChown));
  EXPECT_TRUE(identity.Real().Has(Capability::kChown));
  EXPECT_EQ(Call(identity, "seteuid 0"), "");
  EXPECT_TRUE(identity.effective().Has(Capability::kChown));
  EXPECT_FALSE(identity.effective().Has(Capability::kDacOverride));
  EXPECT_EQ(Call(identity, "setuid 5"), "");
  EXPECT_FALSE(identity.effective().Has(Capability::kChown));
  EXPECT_EQ(Call(identity, "setuid 0"), "kNoPermission");
}

TEST(IdentityTest, TheRealIdentityIsWhatAccessJudgesBy) {
  const Profile profile = LinuxProfile();
  Identity identity(Credentials{}, &profile.vfs);
  ASSERT_TRUE(identity.SetResgid({7, 0, 0}).ok());
  ASSERT_TRUE(identity.SetResuid({5, 0, 0}).ok());
  const Credentials real = identity.Real();
  EXPECT_EQ(real.uid, 5u);
  EXPECT_EQ(real.gid, 7u);
  EXPECT_FALSE(real.Has(Capability::kDacOverride));
  EXPECT_TRUE(identity.effective().Has(Capability::kDacOverride));
}

}  // namespace
}  // namespace drywire
