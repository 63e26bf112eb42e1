// Mount points and read-only mounts.
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

// m and m2 are mount points; m has f (0666), d, a FIFO, a socket's inode, l -> f, x (0600) and nw
// (0700); ff is beside them.
void EnterMounts(Script& s) {
  s.EnterDirectory();
  os::mkdir("m", 0755);
  os::mkdir("m2", 0755);
  s.Mount("m");
  s.Mount("m2");
  WriteFile("ff", "x");
  WriteFile("m/f", "x");
  os::chmod("m/f", 0666);
  os::mkdir("m/d", 0755);
  os::mkfifo("m/fifo", 0666);
  os::chmod("m/fifo", 0666);
  os::mknod("m/sock", S_IFSOCK | 0777, 0);
  os::chmod("m/sock", 0777);
  os::symlink("f", "m/l");
  WriteFile("m/x", "x", 0600);
  os::mkdir("m/nw", 0700);
}

ORACLE(Mounts, Crossing, kPair) {
  it.On("a", [](Script& s) {
    EnterMounts(s);
    struct stat here = {}, there = {};
    os::stat("m", &there);
    os::stat(".", &here);
    s.Row("stat")("apart", here.st_dev != there.st_dev)("up", os::stat("m/..", &there));
    s("same", here.st_ino == there.st_ino)("over", os::access("m/d/../../ff", F_OK));
    s.Row("rmdir")("it", os::rmdir("m"))("slash", os::rmdir("m/"))("dot", os::rmdir("m/."));
    s("unlink", os::unlink("m"))("mkdir", os::mkdir("m", 0777))("below", os::rmdir("m/d"));
    os::mkdir("m/d", 0755);
    s.Row("rename")("it", os::rename("m", "q"))("onto", os::rename("m2/../m2", "m"));
    s("out", os::rename("m/f", "f"))("in", os::rename("ff", "m/ff"));
    s("directory", os::rename("m/d", "m2/d"))("missing", os::rename("m/missing", "f"));
    s("dot", os::rename("m/.", "f"))("onto its own", os::rename("m/d", "m"));
    s.Row("link")("out", os::link("m/f", "f"))("exists", os::link("m/f", "ff"));
    s("missing", os::link("m/missing", "f"))("directory", os::link("m/d", "f"));
    s("within", os::link("m/f", "m/f2"));
  });
}

ORACLE(Mounts, ReadOnly, kPair) {
  it.On("a", [](Script& s) {
    EnterMounts(s);
    s.MakeReadOnly("m");
    for (const uid_t uid : {0, 2000}) {
      s.Become(uid, uid);
      const std::string who = std::to_string(uid) + " ";
      s.Row(who + "open")("creat", Open("m/n", O_CREAT | O_WRONLY))("slash", Open("m/n/", O_CREAT));
      for (const char* path : {"m/f", "m/d", "m/fifo", "m/l", "m/x", "m/n", "m/nw/x", "m/sock"}) {
        s(path, Open(path, O_RDONLY | O_NONBLOCK))("rw", Open(path, O_RDWR | O_NONBLOCK));
        s("creat", Open(path, O_CREAT | O_RDONLY | O_NONBLOCK));
        s("excl", Open(path, O_CREAT | O_EXCL | O_RDWR))("trunc", Open(path, O_TRUNC | O_NONBLOCK));
        s("access", os::access(path, W_OK))("x", os::access(path, X_OK));
      }
      s.Row(who + "make")("mkdir", os::mkdir("m/n", 0777))("exists", os::mkdir("m/d", 0777));
      s("missing", os::mkdir("m/q/n", 0777))("symlink", os::symlink("x", "m/n"));
      s("exists", os::symlink("x", "m/f"))("slash", os::symlink("x", "m/n/"));
      s("mknod", os::mknod("m/n", S_IFREG | 0666, 0))("mkfifo", os::mkfifo("m/f", 0666));
      s("link", os::link("m/f", "m/g"))("exists", os::link("m/f", "m/l"));
      s("missing", os::link("m/n", "m/g"))("in", os::link("ff", "m/ff"));
      s.Row(who + "remove")("unlink", os::unlink("m/f"))("missing", os::unlink("m/n"));
      s("directory", os::unlink("m/d"))("dot", os::unlink("m/."))("slash", os::unlink("m/f/"));
      s("rmdir", os::rmdir("m/d"))("missing", os::rmdir("m/n"))("file", os::rmdir("m/f"));
      s("dot", os::rmdir("m/."))("dots", os::rmdir("m/d/.."));
      s.Row(who + "rename")("within", os::rename("m/f", "m/g"))("missing",
                                                                os::rename("m/n", "m/g"));
      s("out", os::rename("m/f", "out"))("in", os::rename("ff", "m/in"));
      s("dot", os::rename("m/.", "m/g"))("same", os::rename("m/f", "m/f"));
      s.Row(who + "change")("chmod", os::chmod("m/f", 0600))("missing", os::chmod("m/n", 0));
      s("chown", os::chown("m/f", 5, 5))("truncate", os::truncate("m/f", 0));
      s("directory", os::truncate("m/d", 0))("fchmod", os::fchmod(os::open("m/f", O_RDONLY), 0600));
    }
  });
}

}  // namespace
}  // namespace drywire::oracle
