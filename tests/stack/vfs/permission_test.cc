// Modes, owners, groups, sticky and set-group-ID directories, capabilities. Linux's column was
// observed on 6.18; FreeBSD's is read off vfs_subr.c (vaccess), ufs_lookup.c and ufs_vnops.c of 14.
#include "stack/vfs/permission.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/stack/vfs/vfs_commands.h"

namespace drywire {
namespace {

// As root: private (mode 0700, of 1000), locked (0755, of root, with f and an empty e), sticky
// (1777, with f and d of 1000), own (of 2000), files by their modes. Then it is 2000 who acts.
void MakeGuardedTree(VfsCommands& vfs) {
  for (const char* command : {"open r cw",
                              "chmod r 0444",
                              "open w cw",
                              "chmod w 0222",
                              "open none cw",
                              "chmod none 0",
                              "mkdir private 0700",
                              "open private/f cw",
                              "mkdir private/sub",
                              "chown private 1000 1000",
                              "mkdir locked",
                              "open locked/f cw",
                              "mkdir locked/e",
                              "mkdir sticky",
                              "chmod sticky 01777",
                              "open sticky/f cw",
                              "chown sticky/f 1000 1000",
                              "mkdir sticky/d",
                              "chown sticky/d 1000 1000",
                              "mkdir own",
                              "chown own 2000 2000",
                              "mkdir list",
                              "open list/f cw",
                              "chmod list 0744",
                              "symlink private/f lp",
                              "user 2000"}) {
    EXPECT_EQ(vfs.Run(command), "ok") << command;
  }
}

TEST(PermissionTest, Search) {
  CheckRows(
      {
          {"stat private", "ok"},
          {"stat private/", "ok"},
          {"stat private/f", "kSearchDenied"},
          {"stat private/missing", "kSearchDenied"},
          {"stat private/.", "kSearchDenied"},
          {"stat private/..", "kSearchDenied"},
          {"stat private/sub/f", "kSearchDenied"},
          {"stat lp", "kSearchDenied"},
          {"lstat lp", "ok"},
          {"stat list/f", "kSearchDenied"},
          {"chdir private", "kSearchDenied"},
          {"chdir list", "kSearchDenied"},
          {"user 1000; stat private/f", "ok"},
          {"user 0; stat private/f", "ok"},
      },
      MakeGuardedTree);
}

TEST(PermissionTest, Open) {
  CheckRows(
      {
          {"open none r", "kAccessDenied"},
          {"open r r", "ok"},
          {"open r w", "kAccessDenied"},
          {"open r rt", "kAccessDenied"},
          {"open w w", "ok"},
          {"open w r", "kAccessDenied"},
          {"open w wt", "ok"},
          {"open locked/x cw", "kAccessDenied"},
          {"open locked/f cr", "ok"},
          {"open locked/f crx", "kEntryExists"},
          {"open locked w", "kIsDirectory"},
          {"open private r", "kAccessDenied"},
          {"open private w", "kIsDirectory"},
          {"open locked/x/ c", "kSlashAfterNewName", "kAccessDenied"},
          {"open own/x cr", "ok"},
          {"user 0; open none rw", "ok"},
      },
      MakeGuardedTree);
}

TEST(PermissionTest, ADirectoryThatIsNotWritable) {
  CheckRows(
      {
          {"mkdir locked/x", "kAccessDenied"},
          {"mkdir locked/x/", "kAccessDenied"},
          {"mkdir locked/e", "kEntryExists"},
          {"mkdir locked/N256", "kComponentTooLong"},
          {"unlink locked/f", "kAccessDenied"},
          {"unlink locked/e", "kAccessDenied"},
          {"unlink locked/missing", "kNoSuchEntry"},
          {"rmdir locked/e", "kAccessDenied"},
          {"rmdir locked/f", "kAccessDenied"},
          {"rename locked/f own/f", "kAccessDenied"},
          {"rename own locked/own", "kAccessDenied"},
          {"rename locked/missing own/f", "kNoSuchEntry"},
          {"symlink x locked/x", "kAccessDenied"},
          {"symlink x locked/f", "kEntryExists"},
          {"mknod locked/x", "kAccessDenied"},
          {"mkfifo locked/x", "kAccessDenied"},
          {"bind locked/x", "kAccessDenied"},
          {"bind locked/f", "kEntryExists"},
      },
      MakeGuardedTree);
}

TEST(PermissionTest, StickyDirectories) {
  CheckRows(
      {
          {"unlink sticky/f", "kStickyDenied"},
          {"rmdir sticky/d", "kStickyDenied"},
          {"unlink sticky/d", "kStickyDenied"},
          {"rmdir sticky/f", "kStickyDenied"},
          {"rename sticky/f own/f", "kStickyDenied"},
          {"rename sticky/f sticky/g", "kStickyDenied"},
          {"open sticky/mine cw", "ok"},
          {"open sticky/mine cw; rename sticky/mine sticky/f", "kStickyDenied"},
          {"open sticky/mine cw; unlink sticky/mine", "ok"},
          {"user 1000; unlink sticky/f", "ok"},
          {"user 0; unlink sticky/f", "ok"},
          {"user 0; chown sticky 2000 -1; user 2000; unlink sticky/f", "ok"},
      },
      MakeGuardedTree);
}

TEST(PermissionTest, TheFirstClassThatFitsDecides) {
  CheckRows(
      {
          {"chmod x 0077; chown x 2000 3000; user 2000 3000; open x r", "kAccessDenied"},
          {"chmod x 0707; chown x 1000 2000; user 3000 2000; open x r", "kAccessDenied"},
          {"chmod x 0707; chown x 1000 2000; user 3000 3000 2000; open x r", "kAccessDenied"},
          {"chmod x 0070; chown x 1000 2000; user 3000 3000 2000; open x rw", "ok"},
          {"chmod x 0007; chown x 1000 2000; user 3000; open x rw", "ok"},
          {"chmod x 0; user 0; access x 6", "ok"},
          {"chmod x 0; access x 1", "kAccessDenied"},
          {"chmod x 0001; access x 1", "ok"},
      },
      [](VfsCommands& vfs) { vfs.Run("open x cw"); });
}

TEST(PermissionTest, ChmodAndChown) {
  CheckRows(
      {
          {"chmod r 0777", "kNotOwner"},
          {"chmod missing 0777", "kNoSuchEntry"},
          {"chown r 2000 -1", "kNotOwner"},
          {"chown r -1 -1", "ok"},
          {"open own/f cw; chmod own/f 0600", "ok"},
          {"open own/f cw; chown own/f 2000 2000", "ok"},
          {"open own/f cw; chown own/f 1000 -1", "kNotOwner"},
          {"open own/f cw; chown own/f -1 3000", "kNotOwner"},
          {"open own/f cw; user 2000 2000 3000; chown own/f -1 3000", "ok"},
          // FreeBSD refuses what Linux drops or allows.
          {"open own/f cw; chmod own/f 01644", "ok", "kStickyOnFile"},
          {"user 0; open own/f cw; chown own/f 2000 3000; user 2000; chmod own/f 02755", "ok",
           "kNotGroupMember"},
      },
      MakeGuardedTree);
}

TEST(PermissionTest, MovingADirectoryWritesIt) {
  CheckRows(
      {
          {"rename a/d b/d", "kAccessDenied"},
          {"rename a/d a/e", "ok"},
          {"rename a/f b/f", "ok"},
      },
      [](VfsCommands& vfs) {
        for (const char* command :
             {"mkdir a", "mkdir b", "chmod a 0777", "chmod b 0777", "mkdir a/d", "open a/f cw",
              "chown a/d 1000 1000", "user 2000"}) {
          EXPECT_EQ(vfs.Run(command), "ok") << command;
        }
      });
}

TEST(PermissionTest, HardLinksToFilesOfOthers) {
  const auto prepare = [](VfsCommands& vfs) {
    for (const char* command : {"open sec cw", "chmod sec 0600", "open pub cw", "chmod pub 0666",
                                "open su cw", "chmod su 04777", "mkdir d", "user 2000"}) {
      EXPECT_EQ(vfs.Run(command), "ok") << command;
    }
  };
  CheckRows(
      {
          // fs.protected_hardlinks is 1, security.bsd.hardlink_check_uid 0.
          {"link sec n", "kProtectedHardlink", "ok"},
          {"link pub n", "ok"},
          {"link su n", "kProtectedHardlink", "ok"},
          {"link sec pub", "kEntryExists"},
          {"link sec missing/n", "kNoSuchEntry"},
          {"link sec d/n", "kProtectedHardlink", "kAccessDenied"},
          {"link sec n/", "kSlashAfterNewName"},
      },
      prepare);
  VfsCommands freebsd(FreeBsdProfile());
  prepare(freebsd);
  ASSERT_TRUE(freebsd.profile().Set("security.bsd.hardlink_check_uid", "1").ok());
  EXPECT_EQ(freebsd.Run("link pub n"), "kProtectedHardlink");
  VfsCommands linux_host(LinuxProfile());
  prepare(linux_host);
  ASSERT_TRUE(linux_host.profile().Set("fs.protected_hardlinks", "0").ok());
  EXPECT_EQ(linux_host.Run("link sec n"), "ok");
}

struct ModeRow {
  const char* commands;
  const char* path;
  const char* linux_mode;
  uint32_t linux_gid;
  const char* freebsd_mode;
  uint32_t freebsd_gid;
};

TEST(PermissionTest, ModesAndGroupsOfNewFiles) {
  const ModeRow rows[] = {
      {"mkdir n 07777", "n", "01755", 2000, "00755", 0},
      {"mknod n 07777", "n", "07755", 2000, "05755", 0},
      {"mkfifo n 0666", "n", "00644", 2000, "00644", 0},
      {"bind n", "n", "00755", 2000, "00755", 0},
      {"symlink x n", "n", "00777", 2000, "00755", 0},
      {"open n cw", "n", "00644", 2000, "00644", 0},
      // In a directory of group 3000 with the set-group-ID bit.
      {"mkdir sg/n 07777", "sg/n", "03755", 3000, "00755", 3000},
      {"mknod sg/n 02777", "sg/n", "00755", 3000, "00755", 3000},
      {"mknod sg/n 02666", "sg/n", "02644", 3000, "00644", 3000},
      {"user 2000 2000 3000; mknod sg/n 02777", "sg/n", "02755", 3000, "02755", 3000},
  };
  for (const ModeRow& row : rows) {
    for (const Profile& profile : {LinuxProfile(), FreeBsdProfile()}) {
      SCOPED_TRACE(profile.name + ": " + row.commands);
      VfsCommands vfs(profile);
      for (const char* command : {"mkdir sg", "chown sg 0 3000", "chmod sg 02777", "user 2000"}) {
        EXPECT_EQ(vfs.Run(command), "ok") << command;
      }
      const std::vector<std::string> commands = absl::StrSplit(row.commands, "; ");
      for (const std::string& command : commands) EXPECT_EQ(vfs.Run(command), "ok") << command;
      const bool linux_host = profile.name == "linux";
      EXPECT_EQ(vfs.Mode(row.path), linux_host ? row.linux_mode : row.freebsd_mode);
      EXPECT_EQ(vfs.Stat(row.path).gid, linux_host ? row.linux_gid : row.freebsd_gid);
      EXPECT_EQ(vfs.Stat(row.path).uid, 2000u);
    }
  }
}

std::string ModeAfter(const Profile& profile, const char* mode, uint32_t uid,
                      const std::string& command) {
  VfsCommands vfs(profile);
  vfs.Run("open f cw");
  vfs.Run("chown f 2000 2000");
  EXPECT_EQ(vfs.Run(std::string("chmod f ") + mode), "ok");
  vfs.Run("user " + std::to_string(uid));
  if (command == "write" || command == "write nothing") {
    const NodeRef node = *vfs.vfs().Lookup(vfs.context(), "f", true);
    const uint8_t byte = 'x';
    const size_t size = command == "write" ? 1 : 0;
    EXPECT_TRUE(node->WriteAt(0, absl::MakeConstSpan(&byte, size), vfs.context().actor()).ok());
  } else {
    EXPECT_EQ(vfs.Run(command), "ok");
  }
  return vfs.Mode("f");
}

TEST(PermissionTest, SetIdBitsGoWhenTheFileChanges) {
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 2000, "write nothing"), "06777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 2000, "write"), "00777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 0, "write"), "06777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "02666", 2000, "write"), "02666");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 2000, "truncate f 0"), "00777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 2000, "chown f 2000 2000"), "00777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 2000, "chown f -1 -1"), "00777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "06777", 0, "chown f 0 0"), "00777");
  EXPECT_EQ(ModeAfter(LinuxProfile(), "02666", 0, "chown f 0 0"), "02666");

  EXPECT_EQ(ModeAfter(FreeBsdProfile(), "06777", 2000, "write"), "00777");
  EXPECT_EQ(ModeAfter(FreeBsdProfile(), "02666", 2000, "write"), "00666");
  EXPECT_EQ(ModeAfter(FreeBsdProfile(), "06777", 0, "write"), "06777");
  EXPECT_EQ(ModeAfter(FreeBsdProfile(), "06777", 2000, "chown f 2000 2000"), "06777");
  EXPECT_EQ(ModeAfter(FreeBsdProfile(), "06777", 0, "chown f 0 0"), "06777");
}

TEST(PermissionTest, CapabilitiesStandForRoot) {
  const auto result = [](CapabilitySet capabilities, const char* command) {
    VfsCommands vfs(LinuxProfile());
    MakeGuardedTree(vfs);
    vfs.credentials().capabilities = capabilities;
    return vfs.Run(command);
  };
  EXPECT_EQ(result({Capability::kDacOverride}, "open none rw"), "ok");
  EXPECT_EQ(result({Capability::kDacOverride}, "stat private/f"), "ok");
  EXPECT_EQ(result({Capability::kDacOverride}, "mkdir locked/x"), "ok");
  EXPECT_EQ(result({Capability::kDacOverride}, "access none 1"), "kAccessDenied");
  EXPECT_EQ(result({Capability::kDacOverride}, "chmod r 0777"), "kNotOwner");
  EXPECT_EQ(result({Capability::kDacReadSearch}, "open none r"), "ok");
  EXPECT_EQ(result({Capability::kDacReadSearch}, "open none w"), "kAccessDenied");
  EXPECT_EQ(result({Capability::kDacReadSearch}, "stat private/f"), "ok");
  EXPECT_EQ(result({Capability::kDacReadSearch}, "mkdir locked/x"), "kAccessDenied");
  EXPECT_EQ(result({Capability::kFowner}, "chmod r 0777"), "ok");
  EXPECT_EQ(result({Capability::kFowner}, "unlink sticky/f"), "ok");
  EXPECT_EQ(result({Capability::kFowner}, "chown r 2000 -1"), "kNotOwner");
  EXPECT_EQ(result({Capability::kChown}, "chown r 2000 3000"), "ok");
  EXPECT_EQ(result({}, "open none r"), "kAccessDenied");
  // And root without them is nobody special.
  VfsCommands root(LinuxProfile());
  MakeGuardedTree(root);
  root.Run("user 0");
  root.credentials().capabilities = CapabilitySet();
  EXPECT_EQ(root.Run("stat private/f"), "kSearchDenied");
  EXPECT_EQ(root.Run("open none r"), "kAccessDenied");
}

}  // namespace
}  // namespace drywire
