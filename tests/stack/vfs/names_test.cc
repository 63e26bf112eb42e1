// Making, removing and renaming entries. Linux's column was observed on 6.18 (ext4, tmpfs);
// FreeBSD's is read off vfs_lookup.c, vfs_syscalls.c, ufs_lookup.c and ufs_vnops.c of 14.
#include <string>

#include "gtest/gtest.h"
#include "tests/stack/vfs/vfs_commands.h"

namespace drywire {
namespace {

TEST(NamesTest, Mkdir) {
  CheckRows(
      {
          {"mkdir n", "ok"},
          {"mkdir n/", "ok"},
          {"mkdir n//", "ok"},
          {"mkdir d", "kEntryExists"},
          {"mkdir d/", "kEntryExists"},
          {"mkdir d/.", "kEntryExists"},
          {"mkdir d/..", "kEntryExists"},
          {"mkdir .", "kEntryExists"},
          {"mkdir ..", "kEntryExists"},
          {"mkdir /", "kEntryExists", "kIsDirectory"},
          {"mkdir EMPTY", "kPathEmpty"},
          {"mkdir f", "kEntryExists"},
          {"mkdir f/", "kEntryExists", "kNotDirectory"},
          {"mkdir f/x", "kNotDirectory"},
          {"mkdir lm", "kEntryExists"},
          {"mkdir lm/", "kEntryExists", "ok"},  // FreeBSD makes what the link leads to
          {"mkdir lm/; stat missing", "kNoSuchEntry", "ok"},
          {"mkdir ld/", "kEntryExists"},
          {"mkdir n/.", "kNoSuchEntry"},
          {"mkdir n/x", "kNoSuchEntry"},
      },
      MakeUsualTree);
}

TEST(NamesTest, Rmdir) {
  CheckRows(
      {
          {"rmdir e", "ok"},
          {"rmdir e/", "ok"},
          {"rmdir d", "kDirectoryNotEmpty"},
          {"rmdir .", "kDotEntry"},
          {"rmdir e/.", "kDotEntry"},
          {"rmdir ..", "kDotDotEntry"},
          {"rmdir d/sub/..", "kDotDotEntry"},
          {"rmdir /", "kDirectoryBusy", "kIsDirectory"},
          {"rmdir f", "kNotDirectory"},
          {"rmdir f/", "kNotDirectory"},
          {"rmdir f/.", "kNotDirectory"},
          {"rmdir ld", "kNotDirectory"},
          {"rmdir ld/", "kNotDirectory", "kDirectoryNotEmpty"},  // FreeBSD removes what it leads to
          {"symlink e le; rmdir le/; stat e", "ok", "kNoSuchEntry"},
          {"rmdir lm/", "kNotDirectory", "kNoSuchEntry"},
          {"rmdir missing", "kNoSuchEntry"},
          {"rmdir missing/", "kNoSuchEntry"},
          {"rmdir missing/.", "kNoSuchEntry"},
      },
      MakeUsualTree);
}

TEST(NamesTest, Unlink) {
  CheckRows(
      {
          {"unlink f", "ok"},
          {"unlink fifo", "ok"},
          {"unlink sock", "ok"},
          {"unlink lf; stat f", "ok"},
          {"unlink lm", "ok"},
          {"unlink d", "kUnlinkDirectory"},
          {"unlink d/", "kUnlinkDirectory"},
          {"unlink .", "kDotEntry"},
          {"unlink ..", "kDotDotEntry"},
          {"unlink d/.", "kDotEntry"},
          {"unlink /", "kUnlinkDirectory", "kIsDirectory"},
          {"unlink f/", "kNotDirectory"},
          {"unlink f/x", "kNotDirectory"},
          {"unlink missing", "kNoSuchEntry"},
          {"unlink missing/", "kNoSuchEntry"},
          {"unlink lf/", "kNotDirectory"},
          {"unlink ld/", "kNotDirectory", "kUnlinkDirectory"},
          {"unlink lm/", "kNotDirectory", "kNoSuchEntry"},
      },
      MakeUsualTree);
}

TEST(NamesTest, Rename) {
  CheckRows(
      {
          {"rename f n", "ok"},
          {"rename f n; stat f", "kNoSuchEntry"},
          {"rename f hf", "ok"},  // links of one file: nothing happens
          {"rename f hf; stat f", "ok"},
          {"rename f f", "ok"},
          {"rename d d", "ok"},
          {"rename d n", "ok"},
          {"rename d n/", "ok"},
          {"rename d/ e/", "ok"},
          {"rename d e; stat e/sub", "ok"},
          {"rename e d", "kDirectoryNotEmpty"},
          {"rename f fifo; stat fifo", "ok"},
          {"rename f d", "kIsDirectory"},
          {"rename d f", "kNotDirectory"},
          {"rename . n", "kDotEntry"},
          {"rename d .", "kDotEntry"},
          {"rename f .", "kDotEntry"},
          {"rename .. n", "kDotEntry", "kDotDotEntry"},
          {"rename d ..", "kDotEntry", "kDotDotEntry"},
          {"rename d d/.", "kDotEntry"},
          {"rename d/. n", "kDotEntry"},
          {"rename d/sub/.. n", "kDotEntry", "kDotDotEntry"},
          {"rename / n", "kDotEntry", "kIsDirectory"},
          {"rename d /", "kDotEntry"},
          {"rename f /", "kDotEntry", "kIsDirectory"},
          {"rename d d/x", "kMoveIntoItself"},
          {"rename d d/sub/x", "kMoveIntoItself"},
          {"rename d/sub d", "kDirectoryNotEmpty"},
          {"rename f/ n", "kNotDirectory"},
          {"rename f n/", "kNotDirectory", "kSlashAfterNewName"},
          {"rename f f/", "kNotDirectory"},
          {"rename ld/ n", "kNotDirectory", "ok"},  // FreeBSD renames what it leads to
          {"rename ld/ n; stat d", "ok", "kNoSuchEntry"},
          {"rename e lf/", "kNotDirectory"},
          {"rename e ld/", "kNotDirectory", "kDirectoryNotEmpty"},
          {"rename ld n; lstat n", "ok"},
          {"rename missing n", "kNoSuchEntry"},
          {"rename missing/ n", "kNoSuchEntry"},
          {"rename f missing/n", "kNoSuchEntry"},
          {"rename lm lf; stat lf", "kNoSuchEntry"},
      },
      MakeUsualTree);
}

TEST(NamesTest, Link) {
  CheckRows(
      {
          {"link f n", "ok"},
          {"link f hf", "kEntryExists"},
          {"link f .", "kEntryExists"},
          {"link f /", "kEntryExists", "kIsDirectory"},
          {"link f d/", "kEntryExists"},
          {"link f n/", "kSlashAfterNewName"},
          {"link f/ n", "kNotDirectory"},
          {"link f lm", "kEntryExists"},
          {"link d n", "kLinkDirectory"},
          {"link d f", "kEntryExists", "kLinkDirectory"},
          {"link ld/ n", "kLinkDirectory"},
          {"link missing n", "kNoSuchEntry"},
          {"link missing d", "kNoSuchEntry"},
          // link(2) of Linux makes another link of the symbolic link, FreeBSD's of the file.
          {"link lf n; readlink n", "f", "kNotSymlink"},
          {"link lm n", "ok", "kNoSuchEntry"},
          {"link ld n", "ok", "kLinkDirectory"},
      },
      MakeUsualTree);
}

TEST(NamesTest, Symlink) {
  CheckRows(
      {
          {"symlink x n; readlink n", "x"},
          {"symlink x f", "kEntryExists"},
          {"symlink x lm", "kEntryExists"},
          {"symlink x .", "kEntryExists"},
          {"symlink x /", "kEntryExists", "kIsDirectory"},
          {"symlink x d/", "kEntryExists"},
          {"symlink x lm/", "kEntryExists", "kSlashAfterNewName"},
          {"symlink x n/", "kSlashAfterNewName"},
          {"symlink x f/x", "kNotDirectory"},
          {"symlink x EMPTY", "kPathEmpty"},
      },
      MakeUsualTree);
}

TEST(NamesTest, BindMakesASocketAndConnectFindsIt) {
  CheckRows(
      {
          {"bind n", "ok"},
          {"bind n; connect n", "ok"},
          {"bind f", "kEntryExists"},
          {"bind sock", "kEntryExists"},
          {"bind lm", "kEntryExists"},
          {"bind d/", "kEntryExists"},
          {"bind n/", "kSlashAfterNewName"},
          {"bind missing/n", "kNoSuchEntry"},
          {"connect sock", "ok"},
          {"connect f", "kNotSocketFile"},
          {"connect d", "kNotSocketFile"},
          {"connect missing", "kNoSuchEntry"},
          {"connect sock/", "kNotDirectory"},
          {"symlink sock ls; connect ls", "ok"},
          {"rename sock n; connect n", "ok"},
          {"unlink sock; connect sock", "kNoSuchEntry"},
          {"chmod sock 0755; user 1000; connect sock", "kAccessDenied"},
          {"user 1000; connect f", "kAccessDenied", "kNotSocketFile"},
          {"user 1000; mkdir p 0700; bind p/s; user 2000; connect p/s", "kSearchDenied"},
      },
      [](VfsCommands& vfs) {
        MakeUsualTree(vfs);
        vfs.Run("chmod f 0600");
      });
}

class Client final : public NodeClient {};

TEST(NamesTest, ABoundSocketIsFoundThroughItsInode) {
  VfsCommands vfs(LinuxProfile());
  Client client;
  vfs.context().umask = 0027;
  vfs.Run("user 1000 2000");
  const Result<NodeRef> bound = vfs.vfs().BindSocket(vfs.context(), "s", &client);
  ASSERT_TRUE(bound.ok());
  const Attributes attributes = vfs.Stat("s");
  EXPECT_EQ(attributes.type, FileType::kSocket);
  EXPECT_EQ(attributes.mode, 0750u);
  EXPECT_EQ(attributes.uid, 1000u);
  EXPECT_EQ(attributes.gid, 2000u);
  EXPECT_EQ(vfs.Run("link s s2"), "ok");
  EXPECT_EQ(vfs.Run("rename s s3"), "ok");
  for (const char* path : {"s2", "s3"}) {
    const Result<NodeRef> found = vfs.vfs().FindSocket(vfs.context(), path);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ((*found)->client(), &client);
    EXPECT_EQ(*found, *bound);
  }
  // The socket goes, its name stays.
  (*bound)->set_client(nullptr);
  EXPECT_EQ((*vfs.vfs().FindSocket(vfs.context(), "s2"))->client(), nullptr);
}

TEST(NamesTest, LinksAreCounted) {
  VfsCommands vfs(LinuxProfile());
  MakeUsualTree(vfs);
  EXPECT_EQ(vfs.Stat("f").links, 2u);
  EXPECT_EQ(vfs.Stat("d").links, 3u);
  EXPECT_EQ(vfs.Stat("e").links, 2u);
  vfs.Run("rename d/sub e/sub");
  EXPECT_EQ(vfs.Stat("d").links, 2u);
  EXPECT_EQ(vfs.Stat("e").links, 3u);
  vfs.Run("rmdir e/sub");
  EXPECT_EQ(vfs.Stat("e").links, 2u);
  vfs.Run("unlink hf");
  EXPECT_EQ(vfs.Stat("f").links, 1u);
  vfs.profile().vfs.link_max = 3;
  EXPECT_EQ(vfs.Run("link f a"), "ok");
  EXPECT_EQ(vfs.Run("link f b"), "ok");
  EXPECT_EQ(vfs.Run("link f c"), "kTooManyLinks");
  EXPECT_EQ(vfs.Run("mkdir d/x"), "ok");
  EXPECT_EQ(vfs.Run("mkdir d/y"), "kTooManyLinks");
}

TEST(NamesTest, InodeNumbersAreCountedAndNeverGivenOutAgain) {
  VfsCommands vfs(LinuxProfile());
  vfs.Run("open a cw");
  const uint64_t first = vfs.Stat("a").number;
  vfs.Run("unlink a");
  vfs.Run("open b cw");
  EXPECT_EQ(vfs.Stat("b").number, first + 1);
}

TEST(NamesTest, AnOpenFileOutlivesItsName) {
  VfsCommands vfs(LinuxProfile());
  ASSERT_TRUE(vfs.vfs().AddFile("/w/f", "text").ok());
  const NodeRef node = *vfs.vfs().Lookup(vfs.context(), "f", true);
  EXPECT_EQ(vfs.Run("unlink f"), "ok");
  uint8_t bytes[8];
  EXPECT_EQ(*node->ReadAt(0, absl::MakeSpan(bytes), vfs.context().actor()), 4u);
  EXPECT_EQ(node->Stat().links, 0u);
}

TEST(NamesTest, ADeepTreeFallsWithoutFallingOverItself) {
  VfsCommands vfs(LinuxProfile());
  for (int i = 0; i < 100'000; ++i) {
    vfs.Run("mkdir d");
    vfs.Run("chdir d");
  }
  // From the bottom up, with the working directory kept at the end.
  NodeRef at = vfs.context().directory;
  for (int i = 0; i < 50'000; ++i) {
    PathContext context = vfs.context();
    context.directory = NodeRef(Inode::Of(at.get())->parent());
    ASSERT_TRUE(vfs.vfs().RemoveDirectory(context, "d").ok());
    at = context.directory;
  }
  at = NodeRef();
  vfs.context().directory = vfs.vfs().Root();
}

}  // namespace
}  // namespace drywire
