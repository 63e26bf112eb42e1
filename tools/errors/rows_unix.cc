// Rows about UNIX sockets: paths, permissions, and who is there.
#include <string>

#include "tools/errors/atlas.h"

namespace drywire {
namespace {

// A listener at `path`, made by root.
int Listen(Calls& sys, const char* path, int type = SOCK_STREAM, int backlog = 8) {
  const int fd = sys.socket(AF_UNIX, type);
  sys.bind(fd, UnixName(path));
  if (type != SOCK_DGRAM) sys.listen(fd, backlog);
  return fd;
}

int Connect(Calls& sys, const char* path, int type = SOCK_STREAM) {
  return sys.connect(sys.socket(AF_UNIX, type), UnixName(path));
}

void FileInThePrefix(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    sys.creat("/tmp/file", 0644);
    sys.Observe(Connect(sys, "/tmp/file/socket"));
  });
}

// sun_path cannot hold such a name, but the target of a symbolic link can.
void LongComponent(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    sys.symlink("/tmp/" + std::string(256, 'n'), "/tmp/link");
    sys.Observe(Connect(sys, "/tmp/link"));
  });
}

// A link whose target is long but leads to its own directory: with it the path has 1028 bytes.
void LongPath(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    Listen(sys, "/tmp/socket");
    std::string dots;
    while (dots.size() < 990) dots += "./";
    sys.symlink(dots, "/tmp/here");
    std::string through = "/tmp/here/";
    for (int i = 0; i < 15; ++i) through += "./";
    sys.Observe(Connect(sys, (through + "socket").c_str()));
  });
}

void Missing(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) { sys.Observe(Connect(sys, "/tmp/missing")); });
}

void ClosedDirectory(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    sys.mkdir("/tmp/private", 0700);
    Listen(sys, "/tmp/private/socket");
    sys.chmod("/tmp/private/socket", 0777);
    sys.seteuid(1000);
    sys.Observe(Connect(sys, "/tmp/private/socket"));
  });
}

void ReadOnlySocket(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    Listen(sys, "/tmp/socket");
    sys.chmod("/tmp/socket", 0755);
    sys.seteuid(1000);
    sys.Observe(Connect(sys, "/tmp/socket"));
  });
}

void LinksInACircle(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    sys.symlink("/tmp/two", "/tmp/one");
    sys.symlink("/tmp/one", "/tmp/two");
    sys.Observe(Connect(sys, "/tmp/one"));
  });
}

void Policy(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.DenyWritingToSockets(host);
  scene.Spawn(host, "client", [](Calls& sys) {
    Listen(sys, "/tmp/socket");
    sys.Observe(Connect(sys, "/tmp/socket"));
  });
}

void NobodyListens(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    sys.close(Listen(sys, "/tmp/stale"));
    sys.Observe(Connect(sys, "/tmp/stale"));
    const int fd = sys.socket(AF_UNIX, SOCK_STREAM);
    sys.bind(fd, UnixName("/tmp/bound"));
    sys.Observe(Connect(sys, "/tmp/bound"));
  });
}

void NoSocketThere(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    sys.creat("/tmp/file", 0666);
    sys.Observe(Connect(sys, "/tmp/file"));
  });
}

void AnotherType(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    Listen(sys, "/tmp/datagrams", SOCK_DGRAM);
    sys.Observe(Connect(sys, "/tmp/datagrams"));
  });
}

void FullBacklog(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    Listen(sys, "/tmp/socket", SOCK_STREAM, 0);
    Connect(sys, "/tmp/socket");
    sys.Observe(Connect(sys, "/tmp/socket", SOCK_STREAM | SOCK_NONBLOCK));
  });
}

void ListenerConnects(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    Listen(sys, "/tmp/other");
    const int listener = Listen(sys, "/tmp/socket");
    sys.Observe(sys.connect(listener, UnixName("/tmp/other")));
  });
}

void ConnectedElsewhere(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    const int one = Listen(sys, "/tmp/one", SOCK_DGRAM);
    Listen(sys, "/tmp/two", SOCK_DGRAM);
    sys.connect(one, UnixName("/tmp/two"));
    sys.Observe(Connect(sys, "/tmp/one", SOCK_DGRAM));
  });
}

void AddressTooLong(Scene& scene) {
  Host& host = scene.AddHost("host", "10.0.0.1/24");
  scene.Spawn(host, "client", [](Calls& sys) {
    char bytes[120] = {};
    const sa_family_t family = AF_UNIX;
    __builtin_memcpy(bytes, &family, sizeof family);
    __builtin_memset(bytes + sizeof family, 'x', 113);
    const int fd = sys.socket(AF_UNIX, SOCK_STREAM);
    sys.Observe(sys.connect(fd, reinterpret_cast<const sockaddr*>(bytes), 115));
    sys.Observe(sys.connect(fd, reinterpret_cast<const sockaddr*>(bytes), 2));
  });
}

constexpr AtlasColumn kSearchOnLinux = {
    "EACCES", "the directory of the socket has mode 0700 and another owner; observed on Linux 6.18",
    ClosedDirectory};
constexpr AtlasColumn kSearchOnFreeBsd = {
    "EACCES", "the directory of the socket has mode 0700 and another owner; vfs_lookup.c",
    ClosedDirectory};
constexpr AtlasColumn kWriteOnLinux = {
    "EACCES", "the socket has mode 0755 and another owner; observed on Linux 6.18", ReadOnlySocket};
constexpr AtlasColumn kWriteOnFreeBsd = {
    "EACCES", "the socket has mode 0755 and another owner; uipc_usrreq.c unp_connectat",
    ReadOnlySocket};

constexpr AtlasRow kRows[] = {
    {"fbsd-unix-enotdir",
     AtlasPage::kFreeBsd,
     "A component of the path's prefix is no directory.",
     {"ENOTDIR", "the prefix names a regular file; observed on Linux 6.18", FileInThePrefix},
     {"ENOTDIR", "the prefix names a regular file; vfs_lookup.c", FileInThePrefix}},
    {"fbsd-unix-enametoolong-component",
     AtlasPage::kFreeBsd,
     "A component of the path has more than 255 bytes.",
     {"ENAMETOOLONG", "the target of a symbolic link; observed on Linux 6.18", LongComponent},
     {"ENAMETOOLONG", "the target of a symbolic link; vfs_lookup.c", LongComponent}},
    {"fbsd-unix-enametoolong-path",
     AtlasPage::kFreeBsd,
     "The whole path, symbolic links included, has more than 1023 bytes.",
     {"0", "Linux does not count links, and sun_path is shorter than 4096; observed on Linux 6.18",
      LongPath},
     {"ENAMETOOLONG", "a link's target and what follows it are one path; vfs_lookup.c namei",
      LongPath}},
    {"fbsd-unix-enoent",
     AtlasPage::kFreeBsd,
     "The named socket does not exist.",
     {"ENOENT", "nothing has that name; observed on Linux 6.18", Missing},
     {"ENOENT", "nothing has that name; vfs_lookup.c", Missing}},
    {"fbsd-unix-eacces-search", AtlasPage::kFreeBsd,
     "A directory of the path's prefix denies search permission.", kSearchOnLinux,
     kSearchOnFreeBsd},
    {"fbsd-unix-eacces-write", AtlasPage::kFreeBsd, "The socket denies write permission.",
     kWriteOnLinux, kWriteOnFreeBsd},
    {"fbsd-unix-eloop",
     AtlasPage::kFreeBsd,
     "There are too many symbolic links in the path.",
     {"ELOOP", "two links lead to each other: 40 are followed; observed on Linux 6.18",
      LinksInACircle},
     {"ELOOP", "two links lead to each other: 32 are followed; vfs_lookup.c namei",
      LinksInACircle}},
    {"fbsd-unix-eperm",
     AtlasPage::kFreeBsd,
     "A security policy denies writing to the socket.",
     {"EPERM", "a policy hook of the filesystem, as an LSM is; connect(2)", Policy},
     {"EPERM", "a policy hook of the filesystem, as a MAC policy is; connect(2)", Policy}},
    {"linux-unix-eacces-write", AtlasPage::kLinux, "The socket file denies write permission.",
     kWriteOnLinux, kWriteOnFreeBsd},
    {"linux-unix-eacces-search", AtlasPage::kLinux,
     "A directory of the path's prefix denies search permission.", kSearchOnLinux,
     kSearchOnFreeBsd},
    {"cause-unix-no-listener",
     AtlasPage::kCause,
     "The socket at the path was closed, or does not listen.",
     {"ECONNREFUSED, ECONNREFUSED", "the inode outlives its socket; observed on Linux 6.18",
      NobodyListens},
     {"ECONNREFUSED, ECONNREFUSED", "the inode outlives its socket; uipc_usrreq.c unp_connectat",
      NobodyListens}},
    {"cause-unix-no-socket",
     AtlasPage::kCause,
     "The path names a file that is no socket.",
     {"ECONNREFUSED", "a regular file; observed on Linux 6.18", NoSocketThere},
     {"ENOTSOCK", "a regular file; uipc_usrreq.c unp_connectat", NoSocketThere}},
    {"cause-unix-wrong-type",
     AtlasPage::kCause,
     "The socket at the path is of another type.",
     {"EPROTOTYPE", "a stream connects to a datagram socket; observed on Linux 6.18", AnotherType},
     {"EPROTOTYPE", "a stream connects to a datagram socket; uipc_usrreq.c unp_connectat",
      AnotherType}},
    {"cause-unix-full-backlog",
     AtlasPage::kCause,
     "The listener's queue is full.",
     {"EAGAIN", "a non-blocking connect(); a blocking one waits; observed on Linux 6.18",
      FullBacklog},
     {"ECONNREFUSED", "no connect() waits; uipc_usrreq.c unp_connectat, sonewconn()", FullBacklog}},
    {"cause-unix-listener-connects",
     AtlasPage::kCause,
     "A UNIX socket that listens connects.",
     {"EINVAL", "where TCP says EISCONN; observed on Linux 6.18", ListenerConnects},
     {"EOPNOTSUPP", "uipc_socket.c soconnectat", ListenerConnects}},
    {"cause-unix-connected-elsewhere",
     AtlasPage::kCause,
     "The datagram socket at the path is connected to another one.",
     {"EPERM", "it takes messages from its peer only; observed on Linux 6.18", ConnectedElsewhere},
     {"0", "it takes messages from everybody; uipc_usrreq.c", ConnectedElsewhere}},
    {"cause-unix-address-length",
     AtlasPage::kCause,
     "The address is longer than struct sockaddr_un, or has no path.",
     {"EINVAL, EINVAL", "110 bytes at most, 3 at least; observed on Linux 6.18", AddressTooLong},
     {"EINVAL, EINVAL", "106 bytes at most, 3 at least; uipc_usrreq.c unp_connectat",
      AddressTooLong}},
};

}  // namespace

absl::Span<const AtlasRow> UnixRows() { return kRows; }

}  // namespace drywire
