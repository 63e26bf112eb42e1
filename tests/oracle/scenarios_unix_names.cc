// Names of UNIX sockets: paths, abstract names, addresses of every length, and who may connect.
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"
#include "tests/oracle/unix_script.h"

namespace drywire::oracle {
namespace {

constexpr int kTypes[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

ORACLE(UnixNames, AddressLengths, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : kTypes) {
      for (const socklen_t length : {0u, 1u, 2u, 3u, 4u, 20u, 109u, 110u, 111u, 127u, 128u, 129u}) {
        const UnixAddress address("x", length);
        s.Row(std::to_string(type) + " length " + std::to_string(length));
        s("connect", os::connect(Unix(type), address.get(), length));
        s("sendto", os::sendto(Unix(type), "x", 1, MSG_NOSIGNAL, address.get(), length));
        const int fd = Unix(type);
        s("bind", os::bind(fd, address.get(), length))("name", UnixLocalLength(fd));
        s("connect", os::connect(Unix(type), address.get(), length));
        os::unlink("x");
      }
      s.Row(std::to_string(type) + " negative");
      const UnixAddress address("x");
      s("bind", os::bind(Unix(type), address.get(), static_cast<socklen_t>(-1)));
      s("connect", os::connect(Unix(type), address.get(), static_cast<socklen_t>(-1)));
    }
  });
}

ORACLE(UnixNames, Families, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      for (const sa_family_t family : {AF_UNSPEC, AF_INET, AF_INET6, 99}) {
        s.Row(std::to_string(type) + " family " + std::to_string(family));
        for (const socklen_t length : {1u, 2u, 16u, 28u, 110u, 111u}) {
          UnixAddress address("x", length);
          address.bytes.family = family;
          const int fd = Unix(type);
          s(std::to_string(length), os::bind(fd, address.get(), length));
          s("connect", os::connect(fd, address.get(), length));
          s("sendto", os::sendto(fd, "x", 1, MSG_NOSIGNAL, address.get(), length));
        }
      }
    }
  });
}

ORACLE(UnixNames, PathWithoutNul, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const size_t size : {1u, 5u, 106u, 107u, 108u}) {
      const std::string path(size, 'p');
      const socklen_t length = static_cast<socklen_t>(2 + size);
      const UnixAddress address(path, length);
      const int fd = Unix();
      s.Row(std::to_string(size))("bind", os::bind(fd, address.get(), length));
      s("name", UnixLocalLength(fd))("listen", os::listen(fd, 1));
      s("connect", os::connect(Unix(), address.get(), length)).Status("stat", path.c_str());
      const int client = Unix();
      s("connect", os::connect(client, address.get(), length)).Text("peer", UnixPeer(client));
    }
    s.Row("NUL inside");
    UnixAddress inside("abc");
    inside.bytes.path[2] = '\0';
    const int fd = Unix();
    s("bind", os::bind(fd, inside.get(), 6)).Text("name", UnixLocal(fd)).Status("ab", "ab");
    s.Row("longer than its path");
    const int padded = Unix();
    s("bind", os::bind(padded, UnixAddress("pad", 60).get(), 60)).Text("name", UnixLocal(padded));
  });
}

ORACLE(UnixNames, Abstract, kPair) {
  it.On("a", [](Script& s) {
    const int stream = ListenUnix("@name");
    s.Row("taken")("bind", BindUnix(Unix(), "@name"))("prefix", BindUnix(Unix(), "@nam"));
    s("longer", BindUnix(Unix(), "@name "))("empty", os::bind(Unix(), UnixAddress("@").get(), 3));
    s.Row("other types")("dgram", BindUnix(Unix(SOCK_DGRAM), "@name"));
    s("connect dgram", ConnectUnix(Unix(SOCK_DGRAM), "@name"));
    s("connect seqpacket", ConnectUnix(Unix(SOCK_SEQPACKET), "@name"));
    s("connect", ConnectUnix(Unix(), "@name"))("unknown", ConnectUnix(Unix(), "@other"));
    s("with a NUL more", os::connect(Unix(), UnixAddress("@name").get(), 8));
    s.Text("name", UnixLocal(stream));
    s.Row("closed")("close", os::close(stream))("connect", ConnectUnix(Unix(), "@name"));
    s("bind", BindUnix(Unix(), "@name"));
    s.Row("longest");
    const std::string longest = "@" + std::string(107, 'l');
    const int fd = Unix();
    s("bind", BindUnix(fd, longest))("name", UnixLocalLength(fd));
    s.Row("no file").Status("stat", "@name");
  });
}

ORACLE(UnixNames, Autobind, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      const int fd = Unix(type);
      const UnixAddress family("", 2);
      s.Row(std::to_string(type))("bind", os::bind(fd, family.get(), 2));
      s("length", UnixLocalLength(fd))("again", os::bind(fd, family.get(), 2));
      s("other", BindUnix(fd, "@other")).Ok("listen", os::listen(fd, 1));
      UnixAddress name("");
      socklen_t length = sizeof name.bytes;
      os::getsockname(fd, reinterpret_cast<sockaddr*>(&name.bytes), &length);
      int digits = 0;
      for (int i = 1; i < 6; ++i) digits += std::isxdigit(name.bytes.path[i]) != 0 ? 1 : 0;
      s("NUL", name.bytes.path[0])("digits", digits);
      s("connect", os::connect(Unix(type), name.get(), length));
      s.Row(std::to_string(type) + " of a named one");
      const int named = Unix(type);
      s("bind", BindUnix(named, "@named" + std::to_string(type)));
      s("autobind", os::bind(named, family.get(), 2)).Text("name", UnixLocal(named));
    }
  });
}

ORACLE(UnixNames, BindTwice, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : kTypes) {
      const int fd = Unix(type);
      s.Row(std::to_string(type))("bind", BindUnix(fd, "one"))("same", BindUnix(fd, "one"));
      s("other", BindUnix(fd, "two")).Status("two", "two")("abstract", BindUnix(fd, "@two"));
      s("missing directory", BindUnix(fd, "no/such")).Text("name", UnixLocal(fd));
      const int second = Unix(type);
      s("second", BindUnix(second, "one")).Text("name", UnixLocal(second));
      os::close(fd);
      s("after close", BindUnix(second, "one"))("unlink", os::unlink("one"));
      s("after unlink", BindUnix(second, "one"));
      os::unlink("one");
    }
  });
}

ORACLE(UnixNames, InodeModeAndOwner, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const mode_t mask : {0, 022, 077, 0777, 0111}) {
      os::umask(mask);
      const int fd = Unix();
      s.Row("umask " + std::to_string(mask))("bind", BindUnix(fd, "s")).Status("stat", "s");
      struct stat status = {};
      s("fstat", os::fstat(fd, &status))("kind", (status.st_mode & S_IFMT) >> 12);
      s("chmod", os::chmod("s", 0640)).Status("stat", "s");
      s("open", os::open("s", O_RDWR))("truncate", os::truncate("s", 0));
      os::unlink("s");
    }
    os::umask(022);
    s.Row("as another");
    s.Become(2000, 3000);
    s("bind", BindUnix(Unix(), "theirs")).Status("stat", "theirs");
    s.Become(0, 0);
    os::mkdir("set", 0777);
    os::chown("set", 0, 4000);
    os::chmod("set", 02777);
    s.Become(2000, 3000);
    s("in a set-group-ID directory", BindUnix(Unix(), "set/s")).Status("stat", "set/s");
  });
}

ORACLE(UnixNames, BindErrors, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("file", "x");
    os::mkdir("dir", 0755);
    os::symlink("missing", "dangling");
    os::symlink("file", "link");
    os::symlink("loop", "loop");
    os::mkfifo("fifo", 0666);
    const std::string longest = "d/" + std::string(100, 'x');
    for (const char* path :
         {"file", "dir", "dir/", "dir/s", "dir/s/", "new/", "missing/s", "file/s", "dangling",
          "link", "loop", "loop/s", "fifo", ".", "..", "/", "dir/."}) {
      s.Row(path)("bind", BindUnix(Unix(), path));
    }
    s.Status("missing", "missing");
  });
}

ORACLE(UnixNames, ConnectErrors, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("file", "x");
    os::mkdir("dir", 0755);
    os::symlink("missing", "dangling");
    os::symlink("loop", "loop");
    os::symlink("stale", "to stale");
    os::mkfifo("fifo", 0666);
    os::mknod("inode", S_IFSOCK | 0777, 0);
    os::close(ListenUnix("stale"));
    BindUnix(Unix(), "bound");
    for (const int type : kTypes) {
      s.Row(std::to_string(type));
      for (const char* path : {"file", "dir", "missing", "missing/s", "file/s", "dangling", "loop",
                               "fifo", "inode", "stale", "stale/", "to stale", "bound", ".", "/"}) {
        s(path, ConnectUnix(Unix(type), path))("sendto", SendToUnix(Unix(type), path, "x"));
      }
      s("empty", os::connect(Unix(type), UnixAddress("").get(), 3));
    }
  });
}

ORACLE(UnixNames, WrongType, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : kTypes) {
      const std::string path = "t" + std::to_string(type);
      const int fd = Unix(type);
      BindUnix(fd, path);
      os::listen(fd, 8);
      s.Row(path);
      for (const int other : kTypes) {
        s(std::to_string(other), ConnectUnix(Unix(other), path));
        s("sendto", SendToUnix(Unix(other), path, "x"));
      }
    }
  });
}

ORACLE(UnixNames, ThroughLinks, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("d", 0755);
    const int listener = ListenUnix("d/s");
    os::symlink("d/s", "soft");
    os::symlink("soft", "softer");
    os::symlink("d", "directory");
    for (const char* path : {"d/s", "soft", "softer", "directory/s", "d/../d/./s"}) {
      const int fd = Unix();
      s.Row(path)("connect", ConnectUnix(fd, path)).Text("peer", UnixPeer(fd));
    }
    s.Row("hard link")("link", os::link("d/s", "hard"))("connect", ConnectUnix(Unix(), "hard"));
    s.Row("renamed")("rename", os::rename("d/s", "moved"));
    s("old", ConnectUnix(Unix(), "d/s"))("new", ConnectUnix(Unix(), "moved"));
    s("soft", ConnectUnix(Unix(), "soft")).Text("name", UnixLocal(listener));
    s.Row("unlinked")("unlink", os::unlink("moved"))("gone", ConnectUnix(Unix(), "moved"));
    s("hard", ConnectUnix(Unix(), "hard"))("unlink", os::unlink("hard"));
    s("rebind", BindUnix(Unix(), "d/s"))("not listening", ConnectUnix(Unix(), "d/s"));
    s.Row("too many");
    os::symlink("d/s", "n0");
    for (int i = 1; i <= 41; ++i) {
      os::symlink(("n" + std::to_string(i - 1)).c_str(), ("n" + std::to_string(i)).c_str());
    }
    s("39", ConnectUnix(Unix(), "n39"))("40", ConnectUnix(Unix(), "n40"));
  });
}

ORACLE(UnixNames, UnlinkAndRebind, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int old = ListenUnix("s");
    const int early = Unix();
    s.Row("rebind")("connect", ConnectUnix(early, "s"))("unlink", os::unlink("s"));
    const int fresh = ListenUnix("s");
    const int late = Unix();
    s("connect", ConnectUnix(late, "s")).Poll(old).Poll(fresh);
    s.Row("rename over")("old", BindUnix(Unix(), "other"))("rename", os::rename("other", "s"));
    s("connect", ConnectUnix(Unix(), "s")).Poll(fresh);
    s.Row("close unlinks nothing")("close", os::close(fresh)).Status("stat", "s");
    s("close", os::close(old)).Poll(early).Poll(late);
    s.Row("a file in its place")("unlink", os::unlink("s"));
    WriteFile("s", "x");
    s("connect", ConnectUnix(Unix(), "s"));
  });
}

ORACLE(UnixNames, Permissions, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const char* name : {"rw", "r", "w", "none", "x"}) {
      const int listener = ListenUnix(name);
      (void)listener;
    }
    const int datagrams = Unix(SOCK_DGRAM);
    BindUnix(datagrams, "dgram");
    os::chmod("dgram", 0444);
    os::chmod("rw", 0666);
    os::chmod("r", 0444);
    os::chmod("w", 0222);
    os::chmod("none", 0);
    os::chmod("x", 0111);
    os::mkdir("private", 0700);
    ListenUnix("private/s");
    WriteFile("file", "x");
    os::chmod("file", 0444);
    os::mkdir("dir", 0755);
    for (const uid_t uid : {2000, 0}) {
      s.Become(uid, uid);
      s.Row("as " + std::to_string(uid));
      for (const char* path : {"rw", "r", "w", "none", "x", "private/s", "private/missing",
                               "missing", "file", "dir"}) {
        s(path, ConnectUnix(Unix(), path));
      }
      s("type", ConnectUnix(Unix(SOCK_DGRAM), "r"));
      s("sendto", SendToUnix(Unix(SOCK_DGRAM), "dgram", "x"));
      s("bind", BindUnix(Unix(), "private/t"))("in a closed directory", BindUnix(Unix(), "dir/t"));
      s("over another's", BindUnix(Unix(), "rw"));
    }
  });
}

ORACLE(UnixNames, ClassesOfAMode, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    ListenUnix("s", 100);
    os::chown("s", 2000, 3000);
    for (const mode_t mode : {0700, 0070, 0007, 0200, 0020, 0002, 0577, 0757, 0775}) {
      s.Become(0, 0);
      os::chmod("s", mode);
      s.Row(std::to_string(mode));
      s.Become(2000, 4000);
      s("owner", ConnectUnix(Unix(), "s"));
      s.Become(0, 0);
      s.Become(1000, 3000);
      s("group", ConnectUnix(Unix(), "s"));
      s.Become(0, 0);
      s.Become(1000, 4000, {3000});
      s("supplementary", ConnectUnix(Unix(), "s"));
      s.Become(0, 0);
      s.Become(1000, 4000);
      s("others", ConnectUnix(Unix(), "s"));
      s.Become(0, 0);
      s("root", ConnectUnix(Unix(), "s"));
    }
  });
}

ORACLE(UnixNames, ReadOnlyMount, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("m", 0777);
    s.Mount("m");
    ListenUnix("m/s");
    const int datagrams = Unix(SOCK_DGRAM);
    BindUnix(datagrams, "m/d");
    s.MakeReadOnly("m");
    s.Row("read-only")("connect", ConnectUnix(Unix(), "m/s"));
    s("sendto", SendToUnix(Unix(SOCK_DGRAM), "m/d", "x"))("bind", BindUnix(Unix(), "m/new"));
    s("over", BindUnix(Unix(), "m/s"));
  });
}

ORACLE(UnixNames, RelativeToTheDirectory, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::mkdir("d", 0755);
    os::mkdir("e", 0755);
    os::chdir("d");
    const int listener = ListenUnix("s");
    s.Row("in d")("connect", ConnectUnix(Unix(), "s"))("up", ConnectUnix(Unix(), "../d/s"));
    os::chdir("../e");
    s.Row("in e")("connect", ConnectUnix(Unix(), "s"))("by d", ConnectUnix(Unix(), "../d/s"));
    s.Text("name", UnixLocal(listener));
    os::chdir("..");
    os::chroot("d");
    s.Row("in a root")("connect", ConnectUnix(Unix(), "/s"))("out", ConnectUnix(Unix(), "/d/s"));
  });
}

}  // namespace
}  // namespace drywire::oracle
