// Opening, contents, times, mounts and policies.
#include "stack/vfs/memory_vfs.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/stack/vfs/vfs_commands.h"

namespace drywire {
namespace {

TEST(OpenTest, KindsAndFlags) {
  CheckRows(
      {
          {"open f rw", "ok"},
          {"open f/ r", "kNotDirectory"},
          {"open d r", "ok"},
          {"open d w", "kIsDirectory"},
          {"open d rt", "kIsDirectory"},
          {"open missing r", "kNoSuchEntry"},
          {"open n cw", "ok"},
          {"open n/ cw", "kSlashAfterNewName"},
          {"open f/ cw", "kSlashAfterNewName", "kNotDirectory"},
          {"open d/ c", "kSlashAfterNewName", "kIsDirectory"},
          {"open d cr", "kIsDirectory"},
          {"open . c", "kIsDirectory"},
          {"open .. cw", "kIsDirectory"},
          {"open / c", "kIsDirectory"},
          {"open / cx", "kEntryExists", "kIsDirectory"},
          {"open . cx", "kEntryExists"},
          {"open d cx", "kEntryExists"},
          {"open f cx", "kEntryExists"},
          {"open lm cx", "kEntryExists"},
          {"open lm/ cx", "kSlashAfterNewName"},
          {"open d/ cx", "kSlashAfterNewName", "kEntryExists"},
          {"open lm cw; stat missing", "ok"},
          {"open lm/ cw", "kSlashAfterNewName"},
          {"open ld/x/ cw", "kSlashAfterNewName"},
          {"open lf rn", "kSymlinkNotFollowed"},
          {"open ld rn", "kSymlinkNotFollowed"},
          {"open f rd", "kNotDirectory"},
          {"open lf rd", "kNotDirectory"},
          {"open ld rd", "ok"},
          {"open ld rdn", "kNotDirectory", "kSymlinkNotFollowed"},
          {"open d rd", "ok"},
          {"open sock rw", "kSocketOpened"},
          {"open fifo r", "ok"},
          {"open loop r", "kTooManySymlinks"},
      },
      MakeUsualTree);
}

TEST(OpenTest, TruncatesRegularFilesOnly) {
  VfsCommands vfs(LinuxProfile());
  MakeUsualTree(vfs);
  ASSERT_TRUE(vfs.vfs().AddFile("/w/f", "text").ok());
  EXPECT_EQ(vfs.Run("open f w"), "ok");
  EXPECT_EQ(vfs.Stat("f").size, 4);
  EXPECT_EQ(vfs.Run("open f wt"), "ok");
  EXPECT_EQ(vfs.Stat("f").size, 0);
  EXPECT_EQ(vfs.Run("open fifo wt"), "ok");
}

TEST(ContentsTest, ReadWriteTruncate) {
  VfsCommands vfs(LinuxProfile());
  vfs.Run("open f cw");
  const NodeRef node = *vfs.vfs().Lookup(vfs.context(), "f", true);
  const Actor actor = vfs.context().actor();
  const std::string text = "hello";
  const auto bytes = [](const std::string& from) {
    return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(from.data()), from.size());
  };
  EXPECT_EQ(*node->WriteAt(0, bytes(text), actor), 5u);
  EXPECT_EQ(*node->WriteAt(8, bytes("x"), actor), 1u);
  EXPECT_EQ(*vfs.vfs().FileContents("/w/f"), std::string("hello\0\0\0x", 9));
  uint8_t buffer[4];
  EXPECT_EQ(*node->ReadAt(3, absl::MakeSpan(buffer), actor), 4u);
  EXPECT_EQ(*node->ReadAt(8, absl::MakeSpan(buffer), actor), 1u);
  EXPECT_EQ(*node->ReadAt(9, absl::MakeSpan(buffer), actor), 0u);
  EXPECT_EQ(*node->ReadAt(1 << 20, absl::MakeSpan(buffer), actor), 0u);
  EXPECT_TRUE(node->Truncate(2, actor).ok());
  EXPECT_EQ(*vfs.vfs().FileContents("/w/f"), "he");
  EXPECT_TRUE(node->Truncate(4, actor).ok());
  EXPECT_EQ(*vfs.vfs().FileContents("/w/f"), std::string("he\0\0", 4));
  EXPECT_EQ(node->Truncate(kMaxFileSize + 1, actor).cause(), Cause::kFileTooBig);
  EXPECT_EQ(node->WriteAt(kMaxFileSize, bytes("x"), actor).cause(), Cause::kFileTooBig);
  EXPECT_EQ(*node->SeekData(1, /*hole=*/false), 1);
  EXPECT_EQ(*node->SeekData(1, /*hole=*/true), 4);
  EXPECT_EQ(node->SeekData(4, /*hole=*/false).cause(), Cause::kNoDataThere);
  EXPECT_EQ(node->Stat().blocks, 8);
}

TEST(ContentsTest, TruncateByPath) {
  CheckRows(
      {
          {"truncate f 3", "ok"},
          {"truncate d 0", "kIsDirectory"},
          {"truncate missing 0", "kNoSuchEntry"},
          {"truncate fifo 0", "kNotRegularFile"},
          {"user 1000; truncate f 0", "kAccessDenied"},
      },
      MakeUsualTree);
}

TEST(TimesTest, AreVirtualAndMarkedAsPosixSays) {
  VfsCommands vfs(LinuxProfile());
  const auto at = [&](int second) {
    vfs.context().now = Instant::Zero() + Duration::Seconds(second);
  };
  const auto seconds = [](Instant time) { return time.since_start().seconds(); };
  const auto expect = [&](const char* path, int accessed, int modified, int changed) {
    const Attributes attributes = vfs.Stat(path);
    EXPECT_EQ(seconds(attributes.accessed), accessed) << path;
    EXPECT_EQ(seconds(attributes.modified), modified) << path;
    EXPECT_EQ(seconds(attributes.changed), changed) << path;
  };
  at(10);
  vfs.Run("mkdir d");
  vfs.Run("open f cw");
  expect("d", 10, 10, 10);
  at(20);
  vfs.Run("chmod f 0600");
  expect("f", 10, 10, 20);
  at(30);
  vfs.Run("rename f d/f");
  expect("d/f", 10, 10, 30);
  expect("d", 10, 30, 30);
  at(40);
  vfs.Run("open d/f wt");
  expect("d/f", 10, 40, 40);
  const NodeRef node = *vfs.vfs().Lookup(vfs.context(), "d/f", true);
  uint8_t buffer[1];
  at(50);
  EXPECT_TRUE(node->ReadAt(0, absl::MakeSpan(buffer), vfs.context().actor()).ok());
  expect("d/f", 50, 40, 40);
  // relatime: not again before a day has passed.
  at(60);
  EXPECT_TRUE(node->ReadAt(0, absl::MakeSpan(buffer), vfs.context().actor()).ok());
  expect("d/f", 50, 40, 40);
  at(24 * 3600 + 50);
  EXPECT_TRUE(node->ReadAt(0, absl::MakeSpan(buffer), vfs.context().actor()).ok());
  expect("d/f", 24 * 3600 + 50, 40, 40);
  at(24 * 3600 + 60);
  vfs.Run("unlink d/f");
  expect("d", 10, 24 * 3600 + 60, 24 * 3600 + 60);
  EXPECT_EQ(seconds(node->Stat().changed), 24 * 3600 + 60);
}

// m and m2 are mount points; m has f (0666), d, fifo, sock, l -> f, x (0600), nw (0700).
void MakeMounts(VfsCommands& vfs) {
  vfs.Run("mkdir m");
  vfs.Run("mkdir m2");
  EXPECT_TRUE(vfs.vfs().AddMount("/w/m").ok());
  EXPECT_TRUE(vfs.vfs().AddMount("/w/m2").ok());
  for (const char* command :
       {"open ff cw", "open m/f cw", "chmod m/f 0666", "mkdir m/d", "mkfifo m/fifo", "bind m/sock",
        "symlink f m/l", "open m/x cw", "chmod m/x 0600", "mkdir m/nw 0700", "chmod m/fifo 0666",
        "chmod m/sock 0777"}) {
    EXPECT_EQ(vfs.Run(command), "ok") << command;
  }
}

TEST(MountTest, AreCrossedAndBusy) {
  CheckRows(
      {
          {"stat m/f", "ok"},
          {"stat m/../ff", "ok"},
          {"stat m/d/../../ff", "ok"},
          {"chdir m/d; getcwd", "/w/m/d"},
          {"rmdir m", "kDirectoryBusy"},
          {"rmdir m/", "kDirectoryBusy"},
          {"rmdir m/.", "kDotEntry"},
          {"unlink m", "kUnlinkDirectory"},
          {"rename m q", "kDirectoryBusy", "kCrossMount"},
          {"rename m2/../m2 m", "kDirectoryBusy", "kCrossMount"},
          {"rename m/f f", "kCrossMount"},
          {"rename m/d m2/d", "kCrossMount"},
          {"rename m/missing f", "kCrossMount", "kNoSuchEntry"},
          {"link m/f f", "kCrossMount"},
          {"link m/f ff", "kEntryExists"},
          {"link m/missing f", "kNoSuchEntry"},
          {"mkdir m", "kEntryExists"},
      },
      MakeMounts);
  VfsCommands vfs(LinuxProfile());
  MakeMounts(vfs);
  EXPECT_NE(vfs.Stat("m").device, vfs.Stat("ff").device);
  EXPECT_EQ(vfs.Stat("m").number, 2u);
  EXPECT_EQ(vfs.vfs().AddMount("/w/m").cause(), Cause::kDirectoryBusy);
  EXPECT_EQ(vfs.vfs().AddMount("/w/ff").cause(), Cause::kNotDirectory);
}

void MakeReadOnlyMount(VfsCommands& vfs) {
  MakeMounts(vfs);
  EXPECT_TRUE(vfs.vfs().SetReadOnly("/w/m", true).ok());
}

TEST(MountTest, ReadOnly) {
  CheckRows(
      {
          {"open m/n cw", "kReadOnlyMount"},
          {"open m/f cr", "ok"},
          {"open m/f w", "kReadOnlyMount"},
          {"open m/f cx", "kEntryExists"},
          {"open m/d w", "kIsDirectory"},
          {"open m/fifo rw", "ok"},
          {"open m/f rt", "kReadOnlyMount"},
          {"open m/n r", "kNoSuchEntry"},
          {"open m/x w", "kReadOnlyMount"},
          {"mkdir m/n", "kReadOnlyMount"},
          {"mkdir m/d", "kEntryExists"},
          {"mkdir m/q/n", "kNoSuchEntry"},
          {"unlink m/f", "kReadOnlyMount"},
          {"unlink m/n", "kReadOnlyMount"},
          {"unlink m/d", "kReadOnlyMount"},
          {"unlink m/.", "kDotEntry"},
          {"rmdir m/d", "kReadOnlyMount"},
          {"rmdir m/n", "kReadOnlyMount"},
          {"rmdir m/.", "kDotEntry"},
          {"rename m/f m/g", "kReadOnlyMount"},
          {"rename m/n m/g", "kReadOnlyMount"},
          {"rename m/f m/f", "kReadOnlyMount"},
          {"rename m/f out", "kCrossMount", "kReadOnlyMount"},
          {"rename ff m/in", "kCrossMount", "kReadOnlyMount"},
          {"rename m/. m/g", "kDotEntry"},
          {"link m/f m/g", "kReadOnlyMount"},
          {"link m/f m/l", "kEntryExists"},
          {"symlink x m/n", "kReadOnlyMount"},
          {"symlink x m/f", "kEntryExists"},
          {"symlink x m/n/", "kSlashAfterNewName", "kReadOnlyMount"},
          {"chmod m/f 0600", "kReadOnlyMount"},
          {"chmod m/n 0600", "kNoSuchEntry"},
          {"chown m/f 0 0", "kReadOnlyMount"},
          {"chown m/f -1 -1", "kReadOnlyMount", "ok"},
          {"truncate m/f 0", "kReadOnlyMount"},
          {"truncate m/d 0", "kIsDirectory"},
          {"mknod m/f", "kEntryExists"},
          {"access m/f 2", "kReadOnlyMount"},
          {"access m/d 2", "kReadOnlyMount"},
          {"access m/l 2", "kReadOnlyMount"},
          {"access m/fifo 2", "ok"},
          {"access m/sock 2", "ok"},
          {"access m/x 4", "ok"},
          {"access m/x 1", "kAccessDenied"},
          {"connect m/sock", "ok"},
          {"bind m/sock", "kEntryExists"},
          {"bind m/s2", "kReadOnlyMount"},
          {"user 2000; open m/nw/x cw", "kSearchDenied"},
          {"user 2000; open m/x w", "kReadOnlyMount"},
          {"user 2000; unlink m/f", "kReadOnlyMount"},
      },
      MakeReadOnlyMount);
}

TEST(PolicyTest, DeniesWhatPermissionsAllow) {
  VfsCommands vfs(LinuxProfile());
  MakeUsualTree(vfs);
  const Node* const sock = vfs.vfs().Lookup(vfs.context(), "sock", true)->get();
  vfs.vfs().SetPolicy([sock](const PolicyQuery& query) {
    return (query.action == PolicyAction::kWrite && query.node == sock) ||
           (query.action == PolicyAction::kCreate && query.name == "secret");
  });
  EXPECT_EQ(vfs.Run("connect sock"), "kPolicyDeniedEperm");
  EXPECT_EQ(vfs.Run("mkdir secret"), "kPolicyDeniedEperm");
  EXPECT_EQ(vfs.Run("rename f secret"), "kPolicyDeniedEperm");
  EXPECT_EQ(vfs.Run("mkdir open"), "ok");
  EXPECT_EQ(vfs.Run("unlink sock"), "ok");
  vfs.vfs().SetPolicy(nullptr);
  EXPECT_EQ(vfs.Run("mkdir secret"), "ok");
}

TEST(OwnerTest, FillsTheFilesystem) {
  const Profile profile = LinuxProfile();
  MemoryVfs vfs(&profile.vfs);
  EXPECT_EQ(*vfs.List("/"), std::vector<std::string>{"tmp"});
  EXPECT_TRUE(vfs.AddDirectory("/srv/www/html", 02775, 33, 33).ok());
  EXPECT_TRUE(vfs.AddFile("/srv/www/html/index", "hello", 0640, 33, 33).ok());
  EXPECT_EQ(*vfs.FileContents("/srv/www/html/index"), "hello");
  EXPECT_EQ(*vfs.List("/srv/www/html"), std::vector<std::string>{"index"});
  EXPECT_EQ(vfs.AddFile("/none/f", "").cause(), Cause::kNoSuchEntry);
  EXPECT_EQ(vfs.AddDirectory("/srv/www/html/index/x").cause(), Cause::kNotDirectory);
  EXPECT_EQ(vfs.List("/srv/www/html/index").cause(), Cause::kNotDirectory);
  const NodeRef node = *vfs.Lookup(vfs.OwnerContext(), "/srv/www/html", true);
  EXPECT_EQ(node->Stat().mode, 02775u);
  EXPECT_EQ(node->Stat().uid, 33u);
}

}  // namespace
}  // namespace drywire
