// Paths relative to open directories, reading directories, file times, unmounting.
#include <dirent.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

constexpr char kLoop[] = R"(
hosts:
  a: {}
)";

// d/f, d/sub, d/lf -> f, d/lm -> missing, g; the working directory is another one.
struct Tree {
  int d = -1;
  int sub = -1;
  int file = -1;
};

Tree EnterTree(Script& s) {
  s.EnterDirectory();
  os::mkdir("d", 0777);
  os::mkdir("d/sub", 0777);
  os::mkdir("elsewhere", 0777);
  WriteFile("d/f", "hello");
  WriteFile("g", "other");
  os::symlink("f", "d/lf");
  os::symlink("missing", "d/lm");
  Tree tree;
  tree.d = os::open("d", O_RDONLY | O_DIRECTORY);
  tree.sub = os::open("d/sub", O_RDONLY);
  tree.file = os::open("d/f", O_RDWR);
  os::chdir("elsewhere");
  return tree;
}

// From where: an open directory, a file, a socket, no descriptor, the working directory.
template <typename Call>
void EachBeginning(Script& s, const Tree& tree, Call call) {
  int fds[2];
  os::pipe(fds);
  struct Beginning {
    const char* name;
    int at;
  };
  for (const Beginning& from :
       {Beginning{"directory", tree.d}, Beginning{"file", tree.file}, Beginning{"pipe", fds[0]},
        Beginning{"none", 99}, Beginning{"cwd", AT_FDCWD}, Beginning{"negative", -5}}) {
    s.Row(from.name);
    call(from.at);
  }
}

ORACLE(At, Open, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    EachBeginning(s, tree, [&](int at) {
      for (const char* path : {"f", "sub", "sub/..", "../g", "lf", "lm", "missing", "", "/", "."}) {
        s.Ok(path, os::openat(at, path, O_RDONLY));
      }
      s.Ok("null", os::openat(at, nullptr, O_RDONLY));
    });
    s.Row("new").Ok("creat", os::openat(tree.sub, "new", O_CREAT | O_WRONLY | O_EXCL, 0640));
    s.Ok("again", os::openat(tree.sub, "new", O_CREAT | O_WRONLY | O_EXCL, 0640));
    s.Status("new", "../d/sub/new");
  });
}

ORACLE(At, MakeAndRemove, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    EachBeginning(s, tree, [&](int at) {
      s("mkdir", os::mkdirat(at, "new", 0751))("again", os::mkdirat(at, "new", 0751));
      s("absolute", os::mkdirat(at, "/", 0777))("empty", os::mkdirat(at, "", 0777));
      s("fifo", os::mkfifoat(at, "fifo", 0640))("node", os::mknodat(at, "node", S_IFREG | 0600, 0));
      s("symlink", os::symlinkat("target", at, "link"));
      char target[16] = "";
      s("readlink", os::readlinkat(at, "link", target, sizeof target)).Text("to", target);
      s("none", os::readlinkat(at, "link", target, 0));
      s("unlink directory", os::unlinkat(at, "new", 0));
      s("rmdir file", os::unlinkat(at, "node", AT_REMOVEDIR));
      s("flags", os::unlinkat(at, "new", 0x4000));
      s("rmdir", os::unlinkat(at, "new", AT_REMOVEDIR))("unlink", os::unlinkat(at, "node", 0));
    });
    s.Row("after").Status("fifo", "../d/fifo").Status("here", "fifo");
  });
}

ORACLE(At, Status, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    EachBeginning(s, tree, [&](int at) {
      struct stat status = {};
      for (const char* path : {"f", "lf", "lm", "sub", ""}) {
        for (const int flags : {0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH}) {
          status = {};
          s(path, os::fstatat(at, path, &status, flags))
              .Text("mode", std::to_string(status.st_mode));
        }
      }
      s("flag", os::fstatat(at, "f", &status, 0x8));
      s("null", os::fstatat(at, "f", reinterpret_cast<struct stat*>(8), 0));
    });
  });
}

ORACLE(At, ChangeAttributes, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    EachBeginning(s, tree, [&](int at) {
      s("chmod", os::fchmodat(at, "f", 0640, 0))("through", os::fchmodat(at, "lf", 0604, 0));
      s("chown", os::fchownat(at, "f", 7, 8, 0));
      s("link", os::fchownat(at, "lf", 5, 6, AT_SYMLINK_NOFOLLOW));
      s("flag", os::fchownat(at, "f", 1, 1, 0x8)).Status("f", "../d/f").Status("lf", "../d/lf");
      s("chown", os::fchownat(at, "f", 0, 0, 0));
    });
    s.Row("itself")("chown", os::fchownat(tree.file, "", 7, 8, AT_EMPTY_PATH))
        .Status("f", "../d/f");
  });
}

ORACLE(At, Access, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    os::chmod("../d/f", 0640);
    EachBeginning(s, tree, [&](int at) {
      for (const char* path : {"f", "lf", "lm", "missing"}) {
        s(path, os::faccessat(at, path, R_OK, 0))("x", os::faccessat(at, path, X_OK, 0));
      }
      s("mode", os::faccessat(at, "f", 8, 0))("flag", os::faccessat(at, "f", R_OK, 0x8));
    });
    os::setresuid(5, 0, 0);
    s.Row("real")("real", os::faccessat(tree.d, "f", R_OK, 0));
    s("effective", os::faccessat(tree.d, "f", R_OK, AT_EACCESS));
    os::setresuid(0, 0, 0);
    s.Become(5, 5);
    s.Row("unprivileged")("real", os::faccessat(tree.d, "f", W_OK, 0));
    s("effective", os::faccessat(tree.d, "f", W_OK, AT_EACCESS));
  });
}

// AT_EMPTY_PATH: the descriptor itself, whatever it is.
ORACLE(At, EmptyPath, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    const timespec times[2] = {{100, 5}, {200, 6}};
    const timespec bad[2] = {{100, -5}, {200, 6}};
    const auto calls = [&](const char* label, int fd) {
      struct stat status = {};
      s.Row(label)("access", os::faccessat(fd, "", R_OK, AT_EMPTY_PATH));
      s("execute", os::faccessat(fd, "", X_OK, AT_EMPTY_PATH));
      s("mode", os::faccessat(fd, "", 64, AT_EMPTY_PATH))("not", os::faccessat(fd, "", R_OK, 0));
      s("times", os::utimensat(fd, "", times, AT_EMPTY_PATH));
      s("bad times", os::utimensat(fd, "", bad, AT_EMPTY_PATH));
      s("no times", os::utimensat(fd, "", times, 0));
      s("own", os::fchownat(fd, "", 0, 0, AT_EMPTY_PATH));
      s("status", os::fstatat(fd, "", &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
      s.Text("mode", std::to_string(status.st_mode));
      s("no status", os::fstatat(fd, "", &status, AT_SYMLINK_NOFOLLOW));
      // No path is an empty one for fstatat() alone.
      s("null status", os::fstatat(fd, nullptr, &status, AT_EMPTY_PATH));
      s("null without", os::fstatat(fd, nullptr, &status, 0));
      s("null own", os::fchownat(fd, nullptr, 0, 0, AT_EMPTY_PATH));
      s("null access", os::faccessat(fd, nullptr, R_OK, AT_EMPTY_PATH));
    };
    calls("file", tree.file);
    calls("directory", tree.sub);
    calls("here", AT_FDCWD);
    calls("nothing", 99);
  });
}

// The order in which the arguments are judged.
ORACLE(Files, ReadAtAnOffset, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    int pipe[2];
    os::pipe(pipe);
    const int only_read = os::openat(tree.d, "f", O_RDONLY);
    const int only_write = os::openat(tree.d, "f", O_WRONLY);
    char byte = 0;
    for (const int fd : {only_read, only_write, tree.sub, pipe[0], pipe[1], 99}) {
      for (const off_t offset : {off_t{-1}, off_t{0}}) {
        s.Row(std::to_string(offset))("read", os::pread(fd, &byte, 1, offset));
        s("write", os::pwrite(fd, "x", 1, offset));
      }
    }
  });
}

ORACLE(At, RenameAndLink, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    EachBeginning(s, tree, [&](int at) {
      s("rename", os::renameat(at, "f", tree.sub, "moved")).Status("moved", "../d/sub/moved");
      s("back", os::renameat(tree.sub, "moved", at, "f")).Status("f", "../d/f");
      s("link", os::linkat(at, "f", tree.sub, "hard", 0)).Status("hard", "../d/sub/hard");
      s("of a link", os::linkat(at, "lf", tree.sub, "ofl", 0)).Status("ofl", "../d/sub/ofl");
      s("through", os::linkat(at, "lf", tree.sub, "thr", AT_SYMLINK_FOLLOW));
      s.Status("thr", "../d/sub/thr")("dangling",
                                      os::linkat(at, "lm", tree.sub, "x", AT_SYMLINK_FOLLOW));
      s("flag", os::linkat(at, "f", tree.sub, "y", 0x8));
      s("no replace", os::renameat2(at, "f", tree.sub, "hard", 1));
      s("flags", os::renameat2(at, "f", tree.sub, "hard", 0x80));
      for (const char* name : {"hard", "ofl", "thr"}) os::unlinkat(tree.sub, name, 0);
    });
  });
}

// A directory that was removed, or that one may not search, as a beginning.
ORACLE(At, RemovedAndClosed, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    os::chmod("../d", 0700);
    s.Become(5, 5);
    s.Row("closed").Ok("open", os::openat(tree.d, "f", O_RDONLY));
    s.Ok("dot", os::openat(tree.d, ".", O_RDONLY)).Ok("up", os::openat(tree.sub, "..", O_RDONLY));
    s.Become(0, 0);
    os::rmdir("../d/sub");
    s.Row("removed").Ok("open", os::openat(tree.sub, "f", O_RDONLY));
    s("mkdir", os::mkdirat(tree.sub, "x", 0777)).Ok("dot", os::openat(tree.sub, ".", O_RDONLY));
    s.Ok("up", os::openat(tree.sub, "../f", O_RDONLY));
    s("to", os::renameat(tree.d, "f", tree.sub, "x"))("fchdir", os::fchdir(tree.sub));
  });
}

// --- Directories ---

void List(Script& s, DIR* stream) {
  if (stream == nullptr) {
    s.Text("list", ErrorName(errno));
    return;
  }
  // The order is the filesystem's.
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = os::readdir(stream)) {
    names.push_back(std::string(entry->d_name) + ":" + std::to_string(entry->d_type));
  }
  s.Text("error", errno == 0 ? "0" : ErrorName(errno));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) s.Text("entry", name);
}

ORACLE(Readdir, Lists, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    os::mkfifo("../d/fifo", 0600);
    os::mknod("../d/sock", S_IFSOCK | 0600, 0);
    DIR* stream = os::opendir("../d");
    s.Row("first");
    List(s, stream);
    s.Row("end");
    List(s, stream);
    os::unlink("../d/fifo");
    os::rewinddir(stream);
    s.Row("again");
    List(s, stream);
    s("dirfd", os::fcntl(os::dirfd(stream), F_GETFD))("close", os::closedir(stream));
    s.Row("empty");
    List(s, os::fdopendir(tree.sub));
    for (const char* path : {"missing", "../d/f", "", "../d/lf", "../d/lm"}) {
      s.Row(std::string("'") + path + "'");
      List(s, os::opendir(path));
    }
    s.Row("of a file");
    List(s, os::fdopendir(tree.file));
    s.Row("of nothing");
    List(s, os::fdopendir(99));
    os::chmod("../d", 0311);
    s.Become(5, 5);
    s.Row("not readable");
    List(s, os::opendir("../d"));
  });
}

ORACLE(Readdir, InodesAndRemoval, kLoop) {
  it.On("a", [](Script& s) {
    const Tree tree = EnterTree(s);
    DIR* stream = os::opendir("../d");
    while (const dirent* entry = os::readdir(stream)) {
      struct stat status = {};
      os::fstatat(tree.d, entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
      if (entry->d_ino != status.st_ino) s.Text("another inode", entry->d_name);
    }
    // rm -r
    os::rewinddir(stream);
    int removed = 0;
    while (const dirent* entry = os::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const int flags = entry->d_type == DT_DIR ? AT_REMOVEDIR : 0;
      if (os::unlinkat(os::dirfd(stream), name.c_str(), flags) == 0) ++removed;
    }
    s("removed", removed)("rmdir", os::rmdir("../d"));
    os::rewinddir(stream);
    s.Row("removed");
    List(s, stream);
  });
}

// --- Times ---

std::string Time(const timespec& time) {
  return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

ORACLE(Times, Set, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "x");
    os::symlink("f", "link");
    const auto row = [&](const char* label, int result, const char* path = "f") {
      struct stat status = {};
      os::lstat(path, &status);
      s.Row(label)("result", result);
      // Times that nobody set are now.
      const auto show = [&](const char* name, const timespec& time) {
        s.Text(name, time.tv_sec > 1'000'000 ? "now" : Time(time));
      };
      show("accessed", status.st_atim);
      show("modified", status.st_mtim);
      show("changed", status.st_ctim);
    };
    const int fd = os::open("f", O_RDWR);
    const timespec both[2] = {{100, 5}, {200, 999'999'999}};
    row("both", os::utimensat(AT_FDCWD, "f", both, 0));
    const timespec one[2] = {{0, UTIME_OMIT}, {300, 0}};
    row("one", os::futimens(fd, one));
    const timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    row("now", os::utimensat(AT_FDCWD, "f", now, 0));
    row("null", os::utimensat(AT_FDCWD, "f", nullptr, 0));
    row("through", os::utimensat(AT_FDCWD, "link", both, 0));
    row("link", os::utimensat(AT_FDCWD, "link", both, AT_SYMLINK_NOFOLLOW), "link");
    const timeval micros[2] = {{10, 1}, {20, 2}};
    row("utimes", os::utimes("f", micros));
    const utimbuf seconds = {30, 40};
    row("utime", os::utime("f", &seconds));
    os::write(fd, "y", 1);
    row("written", 0);
  });
}

ORACLE(Times, Errors, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "x", 0644);
    WriteFile("w", "x", 0666);
    os::chmod("w", 0666);
    const timespec both[2] = {{100, 5}, {200, 6}};
    const timespec bad[2] = {{100, 1'000'000'000}, {200, 6}};
    const timespec negative[2] = {{100, 5}, {200, -1}};
    const timespec omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    const timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    const timespec mixed[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    const auto calls = [&](const char* path) {
      s(path, os::utimensat(AT_FDCWD, path, both, 0))("now", os::utimensat(AT_FDCWD, path, now, 0));
      s("mixed", os::utimensat(AT_FDCWD, path, mixed, 0));
      s("null", os::utimensat(AT_FDCWD, path, nullptr, 0));
      s("omit", os::utimensat(AT_FDCWD, path, omit, 0));
    };
    s.Row("root");
    for (const char* path : {"f", "missing", ""}) calls(path);
    s("nanos", os::utimensat(AT_FDCWD, "f", bad, 0));
    s("negative", os::utimensat(AT_FDCWD, "missing", negative, 0));
    s("flag", os::utimensat(AT_FDCWD, "f", both, 0x8))("not open", os::futimens(99, both));
    s("bad", os::utimensat(AT_FDCWD, "f", reinterpret_cast<timespec*>(8), 0));
    s("omit of nothing", os::utimensat(99, "x", omit, 0));
    s("bad of nothing", os::utimensat(99, "x", bad, 0));
    s("both bad", os::futimens(99, bad))("unknown flag of nothing",
                                         os::utimensat(99, "x", omit, 0x8));
    s.Become(5, 5);
    s.Row("another user");
    for (const char* path : {"f", "w"}) calls(path);
  });
}

ORACLE(Mounts, Unmount, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("m", 0755);
    WriteFile("m/below", "x");
    s.Mount("m");
    WriteFile("m/f", "x");
    os::mkdir("m/d", 0777);
    s("no mount point", os::umount("m/d"))("missing", os::umount("missing"));
    const int fd = os::open("m/f", O_RDONLY);
    s("open", os::umount("m"))("close", os::close(fd));
    os::chdir("m/d");
    s("inside", os::umount("../../m"))("out", os::chdir("../.."));
    s.Become(5, 5);
    s("unprivileged", os::umount("m"))("not even", os::umount("m/d"));
    s.Become(0, 0);
    s("done", os::umount2("m", 0)).Status("below", "m/below").Status("f", "m/f");
    s("again", os::umount("m"))("flags", os::umount2("m", 0x100));
  });
}

}  // namespace
}  // namespace drywire::oracle
