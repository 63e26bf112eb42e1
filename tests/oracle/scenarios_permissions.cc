// Who may do what: modes, sticky and set-group-ID directories, owners, groups. Root prepares, user
// 2000 acts.
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

// private (0700, of 1000), locked (0755, of root, with f and an empty e), sticky (1777, with f and
// d of 1000), own (of 2000), list (0744), files named after their modes.
void EnterGuardedTree(Script& s) {
  s.EnterDirectory();
  for (const auto& [name, mode] :
       {std::pair<const char*, mode_t>{"r", 0444}, {"w", 0222}, {"none", 0}, {"x", 0111}}) {
    WriteFile(name, "x");
    os::chmod(name, mode);
  }
  os::mkdir("private", 0700);
  WriteFile("private/f", "x");
  os::mkdir("private/sub", 0777);
  os::chown("private", 1000, 1000);
  os::mkdir("locked", 0755);
  WriteFile("locked/f", "x");
  os::mkdir("locked/e", 0755);
  os::mkdir("sticky", 0777);
  os::chmod("sticky", 01777);
  WriteFile("sticky/f", "x");
  os::mkdir("sticky/d", 0755);
  os::chown("sticky/f", 1000, 1000);
  os::chown("sticky/d", 1000, 1000);
  os::mkdir("own", 0755);
  os::chown("own", 2000, 2000);
  os::mkdir("list", 0755);
  WriteFile("list/f", "x");
  os::chmod("list", 0744);
  os::symlink("private/f", "lp");
}

ORACLE(Permissions, Search, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    for (const uid_t uid : {2000, 1000, 0}) {
      s.Become(uid, uid);
      s.Row("as " + std::to_string(uid));
      for (const char* path : {"private", "private/", "private/f", "private/missing", "private/.",
                               "private/..", "private/sub/x", "lp", "list/f", "private/f/x"}) {
        s(path, os::access(path, F_OK));
        struct stat status = {};
        s("stat", os::stat(path, &status));
      }
      s("long", os::access(("private/" + std::string(256, 'n')).c_str(), F_OK));
      s("chdir", os::chdir("private"));
      if (uid != 2000) os::chdir("..");
    }
    s.Become(0, 0);
  });
}

ORACLE(Permissions, Open, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    for (const uid_t uid : {2000, 0}) {
      s.Become(uid, uid);
      for (const char* path : {"r", "w", "none", "x", "locked", "private", "locked/f", "locked/new",
                               "locked/new/", "own/new", "private/f"}) {
        s.Row(std::to_string(uid) + " " + path);
        s("read", Open(path, O_RDONLY))("write", Open(path, O_WRONLY))("both", Open(path, O_RDWR));
        s("truncate", Open(path, O_RDONLY | O_TRUNC))("neither", Open(path, O_ACCMODE));
        s("creat", Open(path, O_RDONLY | O_CREAT))("excl", Open(path, O_RDWR | O_CREAT | O_EXCL));
        os::unlink("locked/new");
        os::unlink("own/new");
      }
    }
  });
}

ORACLE(Permissions, Access, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    for (const uid_t uid : {2000, 0}) {
      s.Row("real " + std::to_string(uid));
      os::setresuid(uid, 0, 0);
      for (const char* path : {"r", "w", "none", "x", "locked", "private", "own", "private/f"}) {
        s(path, os::access(path, R_OK))("w", os::access(path, W_OK))("x", os::access(path, X_OK));
        s("rwx", os::access(path, R_OK | W_OK | X_OK))("f", os::access(path, F_OK));
      }
      s("mode", os::access("r", 8))("missing", os::access("missing", 8));
      os::setresuid(0, 0, 0);
    }
  });
}

ORACLE(Permissions, LockedDirectory, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    s.Become(2000, 2000);
    s.Row("make")("mkdir", os::mkdir("locked/x", 0777))("exists", os::mkdir("locked/e", 0777));
    s("slash", os::mkdir("locked/x/", 0777))("symlink", os::symlink("x", "locked/x"));
    s("exists", os::symlink("x", "locked/f"))("mkfifo", os::mkfifo("locked/x", 0666));
    s("mknod", os::mknod("locked/x", S_IFREG | 0666, 0))("socket",
                                                         os::mknod("locked/x", S_IFSOCK, 0));
    s("long", os::mkdir(("locked/" + std::string(256, 'n')).c_str(), 0777));
    s.Row("remove")("unlink", os::unlink("locked/f"))("missing", os::unlink("locked/m"));
    s("rmdir", os::rmdir("locked/e"))("rmdir of a file", os::rmdir("locked/f"));
    s("unlink of a directory", os::unlink("locked/e"));
    s.Row("rename")("out", os::rename("locked/f", "own/f"))("in", os::rename("own", "locked/own"));
    s("missing", os::rename("locked/m", "own/f"))("within", os::rename("locked/f", "locked/g"));
  });
}

ORACLE(Permissions, StickyDirectory, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    for (const uid_t uid : {2000, 1000, 0}) {
      s.Become(uid, uid);
      s.Row("as " + std::to_string(uid));
      s("creat", Open("sticky/mine", O_CREAT | O_EXCL | O_WRONLY));
      s("over", os::rename("sticky/mine", "sticky/f"))("unlink mine", os::unlink("sticky/mine"));
      s("rename", os::rename("sticky/f", "sticky/g"))("back", os::rename("sticky/g", "sticky/f"));
      s("unlink directory", os::unlink("sticky/d"))("rmdir file", os::rmdir("sticky/f"));
      s("rmdir", os::rmdir("sticky/d"))("unlink", os::unlink("sticky/f"));
    }
    s.Row("the directory's owner");
    s.Become(0, 0);
    WriteFile("sticky/f", "x");
    os::chown("sticky", 2000, 2000);
    s.Become(2000, 2000);
    s("unlink", os::unlink("sticky/f"));
  });
}

ORACLE(Permissions, ClassesOfAMode, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "x");
    os::chown("f", 2000, 3000);
    struct Who {
      const char* name;
      uid_t uid;
      gid_t gid;
      std::vector<gid_t> groups;
    };
    for (const mode_t mode : {0077, 0707, 0770, 0700, 0070, 0007, 0044, 0400, 0111}) {
      s.Become(0, 0);
      os::chmod("f", mode);
      s.Row("mode " + std::to_string(mode));
      for (const Who& who : {Who{"owner", 2000, 4000, {}}, Who{"owner in group", 2000, 3000, {}},
                             Who{"group", 1000, 3000, {}}, Who{"supplementary", 1000, 4000, {3000}},
                             Who{"other", 1000, 4000, {}}, Who{"root", 0, 0, {}}}) {
        s.Become(who.uid, who.gid, who.groups);
        s(who.name, Open("f", O_RDONLY))("w", Open("f", O_WRONLY))("rw", Open("f", O_RDWR));
      }
    }
  });
}

ORACLE(Permissions, Chmod, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    s.Become(2000, 2000);
    s.Row("others")("chmod", os::chmod("r", 0777))("missing", os::chmod("missing", 0777));
    s("fchmod", os::fchmod(os::open("r", O_RDONLY), 0777));
    WriteFile("own/f", "x");
    for (const mode_t mode : {0600, 01644, 02755, 04755, 06777, 07777, 010644, 0}) {
      s.Row("mode " + std::to_string(mode))("chmod", os::chmod("own/f", mode)).Status("f", "own/f");
    }
    s.Row("a group of others");
    s.Become(0, 0);
    os::chown("own/f", 2000, 3000);
    s.Become(2000, 2000);
    s("chmod", os::chmod("own/f", 02755)).Status("f", "own/f");
    s.Become(2000, 2000, {3000});
    s("member", os::chmod("own/f", 02755)).Status("f", "own/f");
    os::symlink("f", "own/l");
    s.Row("through a link")("chmod", os::chmod("own/l", 0640))
        .Status("l", "own/l")
        .Status("f", "own/f");
  });
}

ORACLE(Permissions, Chown, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    s.Become(2000, 2000);
    constexpr uid_t kSame = ~uid_t{0};
    s.Row("others")("uid", os::chown("r", 2000, kSame))("gid", os::chown("r", kSame, 2000));
    s("nothing", os::chown("r", kSame, kSame))("missing", os::chown("missing", 0, 0));
    WriteFile("own/f", "x");
    s.Row("own")("same", os::chown("own/f", 2000, 2000))("give", os::chown("own/f", 1000, kSame));
    s("group", os::chown("own/f", kSame, 3000))("root", os::chown("own/f", 0, 0));
    s.Become(2000, 2000, {3000});
    s("member", os::chown("own/f", kSame, 3000)).Status("f", "own/f");
    s("fchown", os::fchown(os::open("own/f", O_RDONLY), kSame, 2000)).Status("f", "own/f");
    os::symlink("f", "own/l");
    s("lchown", os::lchown("own/l", kSame, 3000)).Status("l", "own/l").Status("f", "own/f");
    s.Become(0, 0);
    s.Row("root")("chown", os::chown("own/l", 5, 6)).Status("l", "own/l").Status("f", "own/f");
  });
}

ORACLE(Permissions, SetIdBitsAreLost, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    constexpr uid_t kSame = ~uid_t{0};
    for (const mode_t mode : {06777, 02666, 04644, 02755}) {
      for (const uid_t uid : {2000, 0}) {
        s.Become(0, 0);
        const auto row = [&](const char* name, auto change) {
          s.Become(0, 0);
          WriteFile("f", "hello");
          os::chown("f", 2000, 2000);
          os::chmod("f", mode);
          s.Become(uid, uid);
          s(name, change()).Status("f", "f");
          s.Become(0, 0);
          os::unlink("f");
        };
        s.Row(std::to_string(mode) + " " + std::to_string(uid));
        row("write", [] {
          const int fd = os::open("f", O_WRONLY);
          const auto result = static_cast<int>(os::write(fd, "x", 1));
          os::close(fd);
          return result;
        });
        row("write nothing", [] {
          const int fd = os::open("f", O_WRONLY);
          const auto result = static_cast<int>(os::write(fd, "", 0));
          os::close(fd);
          return result;
        });
        row("truncate", [] { return os::truncate("f", 1); });
        row("open", [] { return Open("f", O_WRONLY | O_TRUNC); });
        row("chown", [] { return os::chown("f", 2000, 2000); });
        row("chown nothing", [] { return os::chown("f", kSame, kSame); });
      }
    }
    s.Row("a directory");
    s.Become(0, 0);
    os::mkdir("d", 0777);
    os::chmod("d", 06777);
    s("chown", os::chown("d", 2000, 2000)).Status("d", "d");
  });
}

ORACLE(Permissions, SetGroupIdDirectories, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("sg", 0777);
    os::chown("sg", 0, 3000);
    os::chmod("sg", 02777);
    for (const bool member : {false, true}) {
      s.Become(2000, 2000, member ? std::vector<gid_t>{3000} : std::vector<gid_t>{});
      s.Row(member ? "member" : "stranger");
      s("open", Open("sg/f", O_CREAT | O_WRONLY, 02777)).Status("f", "sg/f");
      s("no execution", Open("sg/g", O_CREAT | O_WRONLY, 02666)).Status("g", "sg/g");
      s("mkdir", os::mkdir("sg/d", 07777)).Status("d", "sg/d");
      s("below", os::mkdir("sg/d/e", 0755)).Status("e", "sg/d/e");
      s("mkfifo", os::mkfifo("sg/p", 0666)).Status("p", "sg/p");
      s("symlink", os::symlink("x", "sg/l")).Status("l", "sg/l");
      s.Become(0, 0);
      os::rmdir("sg/d/e");
      os::rmdir("sg/d");
      for (const char* name : {"sg/f", "sg/g", "sg/p", "sg/l"}) os::unlink(name);
    }
  });
}

ORACLE(Permissions, MovingADirectory, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const char* name : {"a", "b", "a/d", "a/mine"}) os::mkdir(name, 0777);
    os::chmod("a", 0777);
    os::chmod("b", 0777);
    os::chmod("a/d", 0755);
    os::chown("a/mine", 2000, 2000);
    s.Become(2000, 2000);
    s.Row("of another")("same parent", os::rename("a/d", "a/e"));
    s("other parent", os::rename("a/e", "b/e"));
    s.Row("one's own")("other parent", os::rename("a/mine", "b/mine"));
    s("into itself", os::rename("b", "b/mine/b"));
  });
}

ORACLE(Permissions, Privileges, kPair) {
  it.On("a", [](Script& s) {
    EnterGuardedTree(s);
    s.Become(2000, 2000);
    s.Row("chroot")("own", os::chroot("own"))("missing", os::chroot("missing"));
    s("file", os::chroot("r"))("denied", os::chroot("private"));
    s.Row("mknod")("directory", os::mknod("own/n", S_IFDIR | 0777, 0));
    s("link", os::mknod("own/n", S_IFLNK | 0777, 0))("what", os::mknod("own/n", 0170000, 0));
    s("nothing", os::mknod("own/n", 0666, 0)).Status("n", "own/n");
    s("exists", os::mknod("own/n", S_IFREG | 0666, 0));
  });
}

}  // namespace
}  // namespace drywire::oracle
