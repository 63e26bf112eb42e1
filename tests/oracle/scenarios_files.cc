// Paths and names: what they resolve to, and what making, removing and renaming them says. As root,
// so that permissions are not in the way (scenarios_permissions.cc has those).
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

// f (with a hard link hf), d/sub, e (empty), ld -> d, lf -> f, lm -> missing, loop -> loop, a FIFO
// and a socket's inode.
void EnterUsualTree(Script& s) {
  s.EnterDirectory();
  WriteFile("f", "hello");
  os::link("f", "hf");
  os::mkdir("d", 0777);
  os::mkdir("d/sub", 0777);
  os::mkdir("e", 0777);
  os::symlink("d", "ld");
  os::symlink("f", "lf");
  os::symlink("missing", "lm");
  os::symlink("loop", "loop");
  os::mkfifo("fifo", 0666);
  os::mknod("sock", S_IFSOCK | 0777, 0);
}

const char* const kPaths[] = {
    "f",         "f/",        "f/.",     "f/..",   "f/x",     "d",         "d/",       "d/.",
    "d/..",      "d/sub/..",  ".",       "..",     "/",       "///",       "",         "lf",
    "lf/",       "lf/x",      "ld",      "ld/",    "ld/.",    "ld/sub",    "lm",       "lm/",
    "loop",      "loop/",     "fifo",    "sock",   "sock/",   "missing",   "missing/", "missing/..",
    "missing/x", "d/missing", "./././f", "d/../f", "ld/../f", "d//sub///",
};

std::string Name(const char* path) { return std::string("'") + path + "'"; }

ORACLE(Path, Stat, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    for (const char* path : kPaths) {
      struct stat status = {};
      s.Row(Name(path));
      s.Ok("stat", os::stat(path, &status));
      s.Text("type", std::to_string((status.st_mode & S_IFMT) >> 12));
      s.Ok("lstat", os::lstat(path, &status));
      s.Text("type", std::to_string((status.st_mode & S_IFMT) >> 12));
      s("access", os::access(path, F_OK));
    }
  });
}

// Each path in a fresh tree, for calls that change it.
template <typename Call>
void EachPath(Script& s, Call call) {
  s.EnterDirectory();
  int number = 0;
  for (const char* path : kPaths) {
    const std::string tree = "t" + std::to_string(number++);
    os::mkdir(tree.c_str(), 0777);
    os::chdir(tree.c_str());
    WriteFile("f", "hello");
    os::mkdir("d", 0777);
    os::mkdir("d/sub", 0777);
    os::symlink("d", "ld");
    os::symlink("f", "lf");
    os::symlink("missing", "lm");
    os::symlink("loop", "loop");
    os::mkfifo("fifo", 0666);
    os::mknod("sock", S_IFSOCK | 0777, 0);
    s.Row(Name(path));
    call(path);
    os::chdir("..");
  }
}

ORACLE(Path, Mkdir, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) {
      s("mkdir", os::mkdir(path, 0777)).Status("missing", "missing");
    });
  });
}

ORACLE(Path, Rmdir, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) { s("rmdir", os::rmdir(path)).Status("d", "d"); });
  });
}

ORACLE(Path, Unlink, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) {
      s("unlink", os::unlink(path)).Status("f", "f").Status("lf", "lf");
    });
  });
}

ORACLE(Path, Remove, kPair) {
  it.On("a",
        [](Script& s) { EachPath(s, [&](const char* path) { s("remove", os::remove(path)); }); });
}

ORACLE(Path, Symlink, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) { s("symlink", os::symlink("target", path)); });
  });
}

ORACLE(Path, LinkTo, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) { s("link", os::link("f", path)).Status("f", "f"); });
  });
}

ORACLE(Path, LinkFrom, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) { s("link", os::link(path, "new")).Status("new", "new"); });
  });
}

ORACLE(Path, RenameFileTo, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) { s("rename", os::rename("f", path)).Status("f", "f"); });
  });
}

ORACLE(Path, RenameDirectoryTo, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) {
      os::mkdir("e", 0777);
      s("rename", os::rename("e", path)).Status("e", "e");
      s("rename full", os::rename("d", path)).Status("d", "d");
    });
  });
}

ORACLE(Path, RenameFrom, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) {
      s("rename", os::rename(path, "new")).Status("new", "new").Status("d", "d");
    });
  });
}

ORACLE(Path, Readlink, kPair) {
  it.On("a", [](Script& s) {
    EachPath(s, [&](const char* path) {
      char target[16] = "";
      s("readlink", os::readlink(path, target, sizeof target)).Text("target", target);
      s("short", os::readlink(path, target, 2))("none", os::readlink(path, target, 0));
    });
  });
}

ORACLE(Path, Chdir, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    for (const char* path : {"d", "d/", "ld", "d/.", ".", "f", "f/", "lf", "lm", "loop", "missing",
                             "fifo", "", "d/sub"}) {
      const int back = os::open(".", O_RDONLY);
      s.Row(Name(path))("chdir", os::chdir(path)).Status("sub", "sub");
      s("back", os::fchdir(back));
      os::close(back);
    }
    s.Row("fchdir of a file")("fchdir", os::fchdir(os::open("f", O_RDONLY)));
    s.Row("fchdir of a pipe");
    int fds[2];
    os::pipe(fds);
    s("fchdir", os::fchdir(fds[0]))("bad", os::fchdir(99));
  });
}

struct OpenFlags {
  const char* name;
  int flags;
};

ORACLE(Open, Matrix, kPair) {
  it.On("a", [](Script& s) {
    const OpenFlags all[] = {
        {"read", O_RDONLY},
        {"write", O_WRONLY},
        {"trunc", O_WRONLY | O_TRUNC},
        {"read-trunc", O_RDONLY | O_TRUNC},
        {"creat", O_CREAT | O_WRONLY},
        {"creat-read", O_CREAT | O_RDONLY},
        {"excl", O_CREAT | O_EXCL | O_WRONLY},
        {"directory", O_RDONLY | O_DIRECTORY},
        {"nofollow", O_RDONLY | O_NOFOLLOW},
        {"directory-nofollow", O_RDONLY | O_DIRECTORY | O_NOFOLLOW},
        {"creat-nofollow", O_CREAT | O_WRONLY | O_NOFOLLOW},
        {"creat-directory", O_CREAT | O_DIRECTORY},
        {"neither", O_ACCMODE},
    };
    EachPath(s, [&](const char* path) {
      for (const OpenFlags& one : all) {
        s(one.name, Open(path, one.flags | O_NONBLOCK));
        os::unlink("missing");
        os::unlink("d/missing");
      }
    });
  });
}

ORACLE(Open, CreatesWithItsModeAndTheUmask, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const mode_t mask : {0, 022, 077, 0777}) {
      s.Row("umask " + std::to_string(mask));
      s("old", os::umask(mask));
      s("open", Open("f", O_CREAT | O_WRONLY, 07666)).Status("f", "f");
      s("again", Open("f", O_CREAT | O_WRONLY, 0)).Status("f", "f");
      s("mkdir", os::mkdir("d", 07777)).Status("d", "d");
      s("mkfifo", os::mkfifo("p", 0666)).Status("p", "p");
      s("mknod", os::mknod("n", S_IFREG | 06777, 0)).Status("n", "n");
      s("socket", os::mknod("s", S_IFSOCK | 0777, 0)).Status("s", "s");
      s("symlink", os::symlink("x", "l")).Status("l", "l");
      for (const char* name : {"f", "p", "n", "s", "l"}) os::unlink(name);
      os::rmdir("d");
    }
  });
}

ORACLE(Open, OfAModeThatAllowsNothing, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.Row("created");
    const int fd = os::open("f", O_CREAT | O_RDWR, 0);
    s("write", os::write(fd, "x", 1))("seek", os::lseek(fd, 0, SEEK_SET));
    char byte = 0;
    s("read", os::read(fd, &byte, 1)).Status("f", "f");
  });
}

ORACLE(Files, ReadAndWrite, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    char data[32] = "";
    s.Row("write");
    const int fd = os::open("f", O_CREAT | O_RDWR, 0666);
    s("write", os::write(fd, "hello world", 11))("read", os::read(fd, data, 4));
    s("seek", os::lseek(fd, 6, SEEK_SET))("read", os::read(fd, data, 32)).Text("data", data);
    s("at end", os::read(fd, data, 1));
    s.Row("hole")("seek", os::lseek(fd, 20, SEEK_SET))("write", os::write(fd, "x", 1));
    s.Status("f", "f")("pread", os::pread(fd, data, 32, 9))("zero", data[4]);
    s.Row("pwrite")("pwrite", os::pwrite(fd, "HELLO", 5, 0))("position",
                                                             os::lseek(fd, 0, SEEK_CUR));
    s("pread", os::pread(fd, data, 5, 0)).Text("data", std::string(data, 5));
    s("negative", os::pread(fd, data, 5, -1))("beyond", os::pread(fd, data, 5, 100));
    s.Row("truncate")("ftruncate", os::ftruncate(fd, 3)).Status("f", "f");
    s("grow", os::ftruncate(fd, 8)).Status("f", "f")("pread", os::pread(fd, data, 32, 0));
    s("path", os::truncate("f", 1)).Status("f", "f");
    s("negative", os::ftruncate(fd, -1))("directory", os::truncate(".", 0));
    s("missing", os::truncate("missing", 0))("negative path", os::truncate("missing", -1));
    s.Row("sync")("fsync", os::fsync(fd))("bad", os::fsync(99));
  });
}

ORACLE(Files, Lseek, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "hello");
    const int fd = os::open("f", O_RDWR);
    s.Row("lseek")("negative", os::lseek(fd, -1, SEEK_SET))("far", os::lseek(fd, 100, SEEK_SET));
    s("end", os::lseek(fd, -2, SEEK_END))("before", os::lseek(fd, -4, SEEK_CUR));
    s("back", os::lseek(fd, -3, SEEK_CUR))("whence", os::lseek(fd, 0, 9));
    s("data", os::lseek(fd, 2, SEEK_DATA))("hole", os::lseek(fd, 2, SEEK_HOLE));
    s("no data", os::lseek(fd, 5, SEEK_DATA))("no hole", os::lseek(fd, 6, SEEK_HOLE));
    int fds[2];
    os::pipe(fds);
    s.Row("others")("pipe", os::lseek(fds[0], 0, SEEK_SET))("bad", os::lseek(99, 0, SEEK_SET));
    const int socket = os::socket(AF_INET, SOCK_STREAM, 0);
    s("socket", os::lseek(socket, 0, SEEK_SET))("pread", os::pread(socket, fds, 1, 0));
    s("pipe pread", os::pread(fds[0], fds, 1, 0));
  });
}

ORACLE(Files, Append, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "one");
    char data[32] = "";
    const int log = os::open("f", O_RDWR | O_APPEND);
    s.Row("append")("start", os::lseek(log, 0, SEEK_CUR))("write", os::write(log, "two", 3));
    s("position", os::lseek(log, 0, SEEK_CUR))("rewind", os::lseek(log, 0, SEEK_SET));
    s("write", os::write(log, "3", 1))("pwrite", os::pwrite(log, "4", 1, 0));
    s("pread", os::pread(log, data, 32, 0)).Text("data", data);
    s.Row("flags")("getfl", os::fcntl(log, F_GETFL));
    s("clear", os::fcntl(log, F_SETFL, 0))("getfl", os::fcntl(log, F_GETFL));
    s("write", os::pwrite(log, "O", 1, 0))("pread", os::pread(log, data, 32, 0)).Text("data", data);
  });
}

ORACLE(Files, WhatADescriptorMayDo, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "hello");
    char data[8] = "";
    for (const OpenFlags& one : {OpenFlags{"read", O_RDONLY}, OpenFlags{"write", O_WRONLY},
                                 OpenFlags{"both", O_RDWR}, OpenFlags{"neither", O_ACCMODE}}) {
      const int fd = os::open("f", one.flags);
      s.Row(one.name)("getfl", os::fcntl(fd, F_GETFL))("read", os::read(fd, data, 1));
      s("write", os::write(fd, "H", 1))("empty read", os::read(fd, data, 0));
      s("ftruncate", os::ftruncate(fd, 5))("fchmod", os::fchmod(fd, 0600)).Poll(fd);
      int left = -1;
      s("ioctl", os::ioctl(fd, FIONREAD, &left))("left", left);
      const int epoll = os::epoll_create1(0);
      epoll_event event = {};
      s("epoll", os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
      os::close(epoll);
      os::close(fd);
    }
    const int directory = os::open(".", O_RDONLY);
    s.Row("directory")("read", os::read(directory, data, 1))("empty", os::read(directory, data, 0));
    s("write", os::write(directory, "x", 1))("ftruncate", os::ftruncate(directory, 0));
    s("seek", os::lseek(directory, 0, SEEK_SET)).Poll(directory);
  });
}

ORACLE(Files, OutliveTheirNames, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "hello");
    const int fd = os::open("f", O_RDWR);
    char data[8] = "";
    struct stat status = {};
    s.Row("unlinked")("unlink", os::unlink("f"))("fstat", os::fstat(fd, &status));
    s("links", static_cast<int>(status.st_nlink))("read", os::read(fd, data, 5)).Text("data", data);
    s("write", os::write(fd, "!", 1))("open", Open("f", O_RDONLY));
    s.Row("renamed");
    WriteFile("g", "other");
    const int g = os::open("g", O_RDONLY);
    WriteFile("h", "third");
    s("rename", os::rename("h", "g"))("read", os::read(g, data, 5)).Text("data", data);
  });
}

ORACLE(Files, HardLinks, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "hello");
    s.Row("links")("link", os::link("f", "g")).Status("f", "f").Status("g", "g");
    struct stat f = {}, g = {};
    os::stat("f", &f);
    os::stat("g", &g);
    s("same", f.st_ino == g.st_ino && f.st_dev == g.st_dev);
    s("chmod", os::chmod("g", 0600)).Status("f", "f");
    s("same name", os::rename("f", "f"))("each other", os::rename("f", "g"));
    s.Status("f", "f").Status("g", "g")("unlink", os::unlink("f")).Status("g", "g");
    os::symlink("g", "l");
    s.Row("of a symbolic link")("link", os::link("l", "l2")).Status("l2", "l2").Status("l", "l");
  });
}

ORACLE(Files, DirectoryLinks, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    s.Row("links").Status(".", ".")("mkdir", os::mkdir("a", 0755)).Status(".", ".");
    s("mkdir", os::mkdir("a/b", 0755)).Status("a", "a")("mkdir", os::mkdir("c", 0755));
    s("rename", os::rename("a/b", "c/b")).Status("a", "a").Status("c", "c");
    s("over", os::rename("a", "c/b")).Status("c", "c").Status(".", ".");
    s("rmdir", os::rmdir("c/b")).Status("c", "c");
  });
}

ORACLE(Files, TimesMove, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("d", 0755);
    WriteFile("d/f", "hello");
    struct stat before = {}, now = {};
    const auto moved = [](const timespec& a, const timespec& b) {
      return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec;
    };
    const auto row = [&](const char* name, const char* path, auto change) {
      os::stat(path, &before);
      SleepMs(20);
      change();
      os::stat(path, &now);
      s.Row(name)("modified", moved(before.st_mtim, now.st_mtim));
      s("changed", moved(before.st_ctim, now.st_ctim));
    };
    row("write", "d/f", [] { WriteFile("d/f", "x"); });
    row("write nothing", "d/f", [] {
      const int fd = os::open("d/f", O_WRONLY);
      os::write(fd, "", 0);
      os::close(fd);
    });
    row("chmod", "d/f", [] { os::chmod("d/f", 0600); });
    row("chown", "d/f", [] { os::chown("d/f", 1, 1); });
    row("link", "d/f", [] { os::link("d/f", "d/g"); });
    row("directory of a link", "d", [] { os::link("d/f", "d/h"); });
    row("rename", "d/f", [] { os::rename("d/g", "d/g2"); });
    row("directory of a rename", "d", [] { os::rename("d/g2", "d/g3"); });
    row("truncate", "d/f", [] { os::truncate("d/f", 1); });
    row("open", "d/f", [] { Open("d/f", O_RDWR); });
    row("directory of an open", "d", [] { Open("d/f", O_CREAT | O_RDWR); });
    row("stat", "d/f", [] { os::access("d/f", R_OK); });
  });
}

// --- Limits ---

std::string Slashes(size_t length) { return std::string(length - 1, '/') + "f"; }

ORACLE(Limits, Components, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    const std::string longest(255, 'n');
    const std::string longer(256, 'n');
    struct stat status = {};
    s.Row("255")("open", Open(longest.c_str(), O_CREAT | O_WRONLY));
    s("stat", os::stat(longest.c_str(), &status))("rename", os::rename(longest.c_str(), "x"));
    s.Row("256")("open", Open(longer.c_str(), O_CREAT | O_WRONLY));
    s("stat", os::stat(longer.c_str(), &status))("mkdir", os::mkdir(longer.c_str(), 0777));
    s("rmdir", os::rmdir(longer.c_str()))("unlink", os::unlink(longer.c_str()));
    s("rename to", os::rename("f", longer.c_str()))("from", os::rename(longer.c_str(), "y"));
    s("link", os::link("f", longer.c_str()))("symlink", os::symlink("x", longer.c_str()));
    s("chdir", os::chdir(longer.c_str()))("access", os::access(longer.c_str(), F_OK));
    s("below", os::access((longer + "/x").c_str(), F_OK));
    s("dots", os::access((longer + "/..").c_str(), F_OK));
    s("in missing", os::access(("missing/" + longer).c_str(), F_OK));
    s("in a file", os::access(("f/" + longer).c_str(), F_OK));
    s.Row("in a target")("symlink", os::symlink(longer.c_str(), "l"))("stat",
                                                                      os::stat("l", &status));
  });
}

ORACLE(Limits, Paths, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    const std::string fits = "." + Slashes(4094);
    const std::string long_one = "." + Slashes(4095);
    struct stat status = {};
    for (const std::string* path : {&fits, &long_one}) {
      const char* const text = path->c_str();
      s.Row(std::to_string(path->size()));
      s("stat", os::stat(text, &status))("open", Open(text, O_RDONLY))("mkdir", os::mkdir(text, 0));
      s("link", os::link(text, "x"))("unlink", os::unlink("x"))("from", os::rename("f", text));
      s("symlink", os::symlink(text, "l1"))("follow", os::stat("l1", &status));
      s("after missing", os::rename("missing", text));
      os::unlink("l1");
    }
    s.Row("a target does not count");
    os::symlink(("." + Slashes(2000).substr(0, 1999) + "d").c_str(), "far");
    s("stat", os::stat(("far" + std::string(3000, '/') + "sub").c_str(), &status));
    s.Row("empty")("target", os::symlink("", "l2"))("path", os::symlink("x", ""));
  });
}

ORACLE(Limits, SymbolicLinks, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    struct stat status = {};
    os::symlink("f", "s1");
    for (int i = 2; i <= 41; ++i) {
      os::symlink(("s" + std::to_string(i - 1)).c_str(), ("s" + std::to_string(i)).c_str());
    }
    s.Row("chain")("39", os::stat("s39", &status))("40", os::stat("s40", &status));
    s("41", os::stat("s41", &status))("lstat", os::lstat("s41", &status));
    s("open", Open("s41", O_RDONLY))("nofollow", Open("s41", O_RDONLY | O_NOFOLLOW));
    s("unlink", os::unlink("s41"));
    os::symlink(".", "here");
    std::string path;
    for (int i = 0; i < 40; ++i) path += "here/";
    s.Row("side by side")("40", os::stat((path + "f").c_str(), &status));
    s("41", os::stat((path + "here/f").c_str(), &status))("link",
                                                          os::stat((path + "lf").c_str(), &status));
  });
}

ORACLE(Limits, BadPointers, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const auto* const bad = reinterpret_cast<const char*>(8);
    struct stat status = {};
    char target[4];
    s.Row("path")("open", Open(bad, O_RDONLY))("stat", os::stat(bad, &status));
    s("mkdir", os::mkdir(bad, 0))("rename", os::rename("missing", bad))("link", os::link(bad, "x"));
    s("symlink", os::symlink(bad, "x"))("readlink", os::readlink(bad, target, 4));
    s("chdir", os::chdir(bad))("access", os::access(bad, F_OK))("unlink", os::unlink(bad));
    os::symlink("target", "l");
    s.Row("buffer")("stat", os::stat(".", reinterpret_cast<struct stat*>(8)));
    s("readlink", os::readlink("l", reinterpret_cast<char*>(8), 4));
    s("missing", os::stat("missing", reinterpret_cast<struct stat*>(8)));
  });
}

// --- Directories of the process ---

ORACLE(Directories, Removed, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    os::mkdir("gone", 0777);
    os::chdir("gone");
    struct stat status = {};
    char path[256];
    s.Row("removed")("rmdir", os::rmdir("../gone"))("stat", os::stat(".", &status));
    s("links", static_cast<int>(status.st_nlink))("up", os::stat("..", &status));
    s("beside", os::stat("../f", &status))("inside", os::stat("x", &status));
    s("creat", Open("x", O_CREAT | O_WRONLY))("mkdir", os::mkdir("x", 0777));
    s("symlink", os::symlink("a", "x"))("link", os::link("../f", "x"));
    s("rename", os::rename("../f", "x"))("mkfifo", os::mkfifo("x", 0666));
    s("rmdir", os::rmdir("."))("chdir", os::chdir("."))("open", Open(".", O_RDONLY));
    s.Text("getcwd", os::getcwd(path, sizeof path) == nullptr ? ErrorName(errno) : path);
    s("chdir", os::chdir("..")).Status("f", "f");
  });
}

ORACLE(Directories, Getcwd, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    s("chroot", os::chroot("."));
    char path[64] = "";
    const auto get = [&](size_t size) {
      return os::getcwd(path, size) == nullptr ? ErrorName(errno) : std::string(path);
    };
    s.Row("root")("chdir", os::chdir("/")).Text("cwd", get(64)).Text("exact", get(2));
    s.Text("short", get(1)).Text("none", get(0));
    s.Row("below")("chdir", os::chdir("ld/sub")).Text("cwd", get(64)).Text("exact", get(7));
    s("rename", os::rename("../../d", "../../d2")).Text("moved", get(64));
  });
}

ORACLE(Directories, Chroot, kPair) {
  it.On("a", [](Script& s) {
    EnterUsualTree(s);
    os::symlink("/f2", "d/abs");
    WriteFile("d/f2", "x");
    char path[64] = "";
    s.Row("errors")("file", os::chroot("f"))("missing", os::chroot("missing"));
    s("empty", os::chroot(""))("link", os::chroot("lm"));
    s.Row("outside")("chroot", os::chroot("d"))("absolute", os::access("/f2", F_OK));
    s("above", os::access("/../f", F_OK))("relative", os::access("f", F_OK));
    s("link", os::access("/abs", F_OK));
    s.Text("cwd", os::getcwd(path, sizeof path) == nullptr ? ErrorName(errno) : path);
    s.Row("inside")("chdir", os::chdir("/sub"))("above", os::access("../../../f2", F_OK));
    s("outside", os::access("../../f", F_OK))("rmdir", os::rmdir("/"))("mkdir", os::mkdir("/", 0));
    s("rename", os::rename("/", "/x"))("unlink", os::unlink("/"))("open", Open("/", O_RDONLY));
  });
}

// --- FIFOs ---

ORACLE(Fifo, WithoutWaiting, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkfifo("p", 0666);
    os::signal(SIGPIPE, SIG_IGN);
    char data[8] = "";
    s.Row("alone")("writer", Open("p", O_WRONLY | O_NONBLOCK));
    const int reader = os::open("p", O_RDONLY | O_NONBLOCK);
    s("read", os::read(reader, data, 1)).Poll(reader);
    const int writer = os::open("p", O_WRONLY | O_NONBLOCK);
    s.Row("together").Poll(reader).Poll(writer)("read", os::read(reader, data, 1));
    s("write", os::write(writer, "hello", 5)).Poll(reader)("read", os::read(reader, data, 8));
    s.Text("data", data)("seek", os::lseek(reader, 0, SEEK_SET))("wrong way",
                                                                 os::write(reader, "x", 1));
    s("wrong way", os::read(writer, data, 1))("getfl", os::fcntl(writer, F_GETFL));
    struct stat status = {};
    os::fstat(reader, &status);
    s("mode", static_cast<int>(status.st_mode));
    s.Row("writer gone");
    os::write(writer, "x", 1);
    os::close(writer);
    s.Poll(reader)("read", os::read(reader, data, 8))
        .Poll(reader)("end", os::read(reader, data, 8));
    s.Row("reader gone");
    const int again = os::open("p", O_WRONLY | O_NONBLOCK);
    s.Poll(reader);
    os::close(reader);
    s.Poll(again)("write", os::write(again, "x", 1));
    s.Row("both ways");
    const int both = os::open("p", O_RDWR | O_NONBLOCK);
    s("write", os::write(both, "ab", 2))("read", os::read(both, data, 8)).Poll(both);
  });
}

ORACLE(Fifo, NobodyAtTheOtherEnd, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkfifo("p", 0666);
    AlarmAfter(100, DoNothing);
    s.Row("interrupted")("read", Open("p", O_RDONLY)).Elapsed();
    AlarmAfter(100, DoNothing);
    s("write", Open("p", O_WRONLY)).Elapsed();
    s("without", Open("p", O_WRONLY | O_NONBLOCK));
  });
}

}  // namespace
}  // namespace drywire::oracle
