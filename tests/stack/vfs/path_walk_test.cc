// Path resolution of each system. Linux's column was observed on 6.18 (ext4, tmpfs); FreeBSD's is
// read off vfs_lookup.c and ufs_lookup.c of 14.
#include "stack/vfs/path_walk.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/stack/vfs/vfs_commands.h"

namespace drywire {
namespace {

TEST(PathWalkTest, DotsSlashesAndLinks) {
  CheckRows(
      {
          {"stat f", "ok"},
          {"stat EMPTY", "kPathEmpty"},
          {"stat /", "ok"},
          {"stat ///", "ok"},
          {"stat //w//./d/../f", "ok"},
          {"stat ../w/f", "ok"},
          {"stat /../../w/f", "ok"},
          {"stat f/", "kNotDirectory"},
          {"stat f/.", "kNotDirectory"},
          {"stat f/..", "kNotDirectory"},
          {"stat f/x", "kNotDirectory"},
          {"stat d/", "ok"},
          {"stat d/.", "ok"},
          {"stat missing", "kNoSuchEntry"},
          {"stat missing/", "kNoSuchEntry"},
          {"stat missing/..", "kNoSuchEntry"},
          {"stat lf", "ok"},
          {"stat lf/", "kNotDirectory"},
          {"lstat lf", "ok"},
          {"lstat lf/", "kNotDirectory"},
          {"lstat ld/", "ok"},
          {"stat ld/sub", "ok"},
          {"stat lm", "kNoSuchEntry"},
          {"lstat lm", "ok"},
          {"lstat lm/", "kNoSuchEntry"},
          {"stat loop", "kTooManySymlinks"},
          {"lstat loop", "ok"},
          {"lstat loop/", "kTooManySymlinks"},
          {"readlink lf", "f"},
          {"readlink lf/", "kNotDirectory"},
          {"readlink ld/", "kNotSymlink"},
          {"readlink f", "kNotSymlink"},
          {"readlink missing", "kNoSuchEntry"},
          {"symlink /w/d abs; stat abs/sub", "ok"},
          {"symlink / root; stat root/w/f", "ok"},
          {"symlink d/ slash; lstat slash", "ok"},
          {"symlink f/ slash; stat slash", "kNotDirectory"},
          {"symlink ld ld2; stat ld2/sub/../../f", "ok"},
      },
      MakeUsualTree);
}

TEST(PathWalkTest, EmptyTargets) {
  CheckRows(
      {
          // symlink(2) of Linux; ufs_symlink takes anything, and namei gives up at it.
          {"symlink EMPTY n", "kPathEmpty", "ok"},
          {"symlink EMPTY n; stat n", "kNoSuchEntry"},
          {"symlink EMPTY n; stat n/x", "kNoSuchEntry"},
      },
      MakeUsualTree);
}

TEST(PathWalkTest, ComponentsHaveALimit) {
  const std::string longest(255, 'n');
  for (const Profile& profile : {LinuxProfile(), FreeBsdProfile()}) {
    VfsCommands vfs(profile);
    EXPECT_EQ(vfs.Run("open " + longest + " cw"), "ok");
    EXPECT_EQ(vfs.Run("stat " + longest), "ok");
  }
  CheckRows(
      {
          {"open N256 cw", "kComponentTooLong"},
          {"stat N256", "kComponentTooLong"},
          {"mkdir N256", "kComponentTooLong"},
          {"unlink N256", "kComponentTooLong"},
          {"rmdir N256", "kComponentTooLong"},
          {"rename f N256", "kComponentTooLong"},
          {"link f N256", "kComponentTooLong"},
          {"symlink x N256", "kComponentTooLong"},
          {"chdir N256", "kComponentTooLong"},
          {"stat N256/x", "kComponentTooLong"},
          {"stat N256/..", "kComponentTooLong"},
          {"stat missing/N256", "kNoSuchEntry"},
          {"stat f/N256", "kNotDirectory"},
          // A symbolic link's target can hold one.
          {"symlink N256 l; stat l", "kComponentTooLong"},
          {"symlink N256 l; connect l", "kComponentTooLong"},
          // Linux asks for search permission first, namei for the length.
          {"mkdir n 0700; user 1000; stat n/N256", "kSearchDenied", "kComponentTooLong"},
      },
      MakeUsualTree);
}

// "./././f" of `length` letters.
std::string Dots(size_t length) {
  std::string path;
  while (path.size() + 3 <= length) path += "./";
  return path + std::string(length - path.size() - 1, '/') + "f";
}

TEST(PathWalkTest, LinuxPathsEndAt4095) {
  VfsCommands vfs(LinuxProfile());
  MakeUsualTree(vfs);
  EXPECT_EQ(vfs.Run("stat " + Dots(4095)), "ok");
  EXPECT_EQ(vfs.Run("stat " + Dots(4096)), "kPathTooLong");
  EXPECT_EQ(vfs.Run("symlink " + std::string(4095, 'x') + " l1"), "ok");
  EXPECT_EQ(vfs.Run("symlink " + std::string(4096, 'x') + " l2"), "kPathTooLong");
  // A link's target does not count.
  EXPECT_EQ(vfs.Run("symlink " + std::string(2000, '/') + "w l3"), "ok");
  EXPECT_EQ(vfs.Run("stat l3/" + Dots(4000)), "ok");
}

TEST(PathWalkTest, FreeBsdPathsEndAt1023WithWhatLinksAdd) {
  VfsCommands vfs(FreeBsdProfile());
  MakeUsualTree(vfs);
  EXPECT_EQ(vfs.Run("stat " + Dots(1023)), "ok");
  EXPECT_EQ(vfs.Run("stat " + Dots(1024)), "kPathTooLong");
  EXPECT_EQ(vfs.Run("symlink " + std::string(1023, 'x') + " l1"), "ok");
  EXPECT_EQ(vfs.Run("symlink " + std::string(1024, 'x') + " l2"), "kPathTooLong");
  // The target and what follows the link are one path: 500 + 1 + 522 letters and a NUL are 1024.
  const std::string target = std::string(498, '/') + "w/";
  ASSERT_EQ(target.size(), 500u);
  EXPECT_EQ(vfs.Run("symlink " + target + " l"), "ok");
  EXPECT_EQ(vfs.Run("stat l/" + Dots(522)), "ok");
  EXPECT_EQ(vfs.Run("stat l/" + Dots(523)), "kPathTooLong");
  EXPECT_EQ(vfs.Run("connect l/" + Dots(523)), "kPathTooLong");
}

std::string ChainResult(const Profile& profile, int links, const char* call) {
  VfsCommands vfs(profile);
  MakeUsualTree(vfs);
  EXPECT_EQ(vfs.Run("symlink f s1"), "ok");
  for (int i = 2; i <= links; ++i) {
    EXPECT_EQ(vfs.Run("symlink s" + std::to_string(i - 1) + " s" + std::to_string(i)), "ok");
  }
  return vfs.Run(std::string(call) + " s" + std::to_string(links));
}

TEST(PathWalkTest, LinksAreFollowed40And32Times) {
  EXPECT_EQ(ChainResult(LinuxProfile(), 40, "stat"), "ok");
  EXPECT_EQ(ChainResult(LinuxProfile(), 41, "stat"), "kTooManySymlinks");
  EXPECT_EQ(ChainResult(LinuxProfile(), 41, "lstat"), "ok");
  EXPECT_EQ(ChainResult(FreeBsdProfile(), 32, "stat"), "ok");
  EXPECT_EQ(ChainResult(FreeBsdProfile(), 33, "stat"), "kTooManySymlinks");
  // Side by side counts like one after the other.
  for (const auto& [profile, most] :
       {std::make_pair(LinuxProfile(), 40), std::make_pair(FreeBsdProfile(), 32)}) {
    VfsCommands vfs(profile);
    MakeUsualTree(vfs);
    EXPECT_EQ(vfs.Run("symlink . here"), "ok");
    std::string path;
    for (int i = 0; i < most; ++i) path += "here/";
    EXPECT_EQ(vfs.Run("stat " + path + "f"), "ok");
    EXPECT_EQ(vfs.Run("stat " + path + "here/f"), "kTooManySymlinks");
  }
}

TEST(PathWalkTest, ChrootIsARootForEverything) {
  for (const Profile& profile : {LinuxProfile(), FreeBsdProfile()}) {
    VfsCommands vfs(profile);
    MakeUsualTree(vfs);
    EXPECT_EQ(vfs.Run("symlink /sub d/abs"), "ok");
    EXPECT_EQ(vfs.Run("chroot d"), "ok");
    EXPECT_EQ(vfs.Run("stat /sub"), "ok");
    EXPECT_EQ(vfs.Run("stat /abs"), "ok");
    EXPECT_EQ(vfs.Run("stat /w"), "kNoSuchEntry");
    EXPECT_EQ(vfs.Run("stat /../../w"), "kNoSuchEntry");
    // The working directory stays where it was, outside.
    EXPECT_EQ(vfs.Run("stat f"), "ok");
    EXPECT_EQ(vfs.Run("getcwd"), "kNoSuchEntry");
    EXPECT_EQ(vfs.Run("chdir /sub"), "ok");
    EXPECT_EQ(vfs.Run("getcwd"), "/sub");
    EXPECT_EQ(vfs.Run("stat ../../../../sub"), "ok");
    EXPECT_EQ(vfs.Run("stat ../../w"), "kNoSuchEntry");
  }
}

TEST(PathWalkTest, ChrootNeedsPrivilege) {
  CheckRows(
      {
          {"user 1000; chroot d", "kNoPermission"},
          // Linux looks first, FreeBSD asks first.
          {"user 1000; chroot missing", "kNoSuchEntry", "kNoPermission"},
          {"user 1000; chroot f", "kNotDirectory", "kNoPermission"},
          {"chroot f", "kNotDirectory"},
          {"chroot missing", "kNoSuchEntry"},
      },
      MakeUsualTree);
  VfsCommands vfs(LinuxProfile());
  MakeUsualTree(vfs);
  vfs.Run("user 1000");
  vfs.credentials().capabilities = {Capability::kSysChroot};
  EXPECT_EQ(vfs.Run("chroot d"), "ok");
}

TEST(PathWalkTest, RemovedDirectories) {
  for (const char* call : {"open x cw", "mkdir x", "symlink a x", "link /w/f x", "rename /w/f x",
                           "mkfifo x", "bind x"}) {
    CheckRows({{call, "kDirectoryRemoved"}}, [](VfsCommands& vfs) {
      MakeUsualTree(vfs);
      EXPECT_EQ(vfs.Run("chdir e"), "ok");
      EXPECT_EQ(vfs.Run("rmdir /w/e"), "ok");
    });
  }
  CheckRows(
      {
          {"chdir e; rmdir ../e; stat .", "ok"},
          {"chdir e; rmdir ../e; stat x", "kNoSuchEntry"},
          {"chdir e; rmdir ../e; getcwd", "kNoSuchEntry"},
          {"chdir e; rmdir ../e; chdir .", "ok"},
          // Linux remembers the parent; UFS has emptied the directory.
          {"chdir e; rmdir ../e; stat ..", "ok", "kDirectoryRemoved"},
          {"chdir e; rmdir ../e; stat ../f", "ok", "kDirectoryRemoved"},
      },
      MakeUsualTree);
}

TEST(PathWalkTest, LinuxProtectsLinksInStickyDirectories) {
  VfsCommands vfs(LinuxProfile());
  ASSERT_TRUE(vfs.profile().Set("fs.protected_symlinks", "1").ok());
  MakeUsualTree(vfs);
  EXPECT_EQ(vfs.Run("mkdir s"), "ok");
  EXPECT_EQ(vfs.Run("chmod s 01777"), "ok");
  EXPECT_EQ(vfs.Run("symlink ../f s/l"), "ok");
  EXPECT_EQ(vfs.Run("lchown s/l 2000 -1"), "ok");
  EXPECT_EQ(vfs.Run("stat s/l"), "kProtectedSymlink");
  EXPECT_EQ(vfs.Run("lstat s/l"), "ok");
  EXPECT_EQ(vfs.Run("user 2000"), "ok");
  EXPECT_EQ(vfs.Run("stat s/l"), "ok");
}

}  // namespace
}  // namespace drywire
