// Calls on files and paths: descriptors, positions, errno, FIFOs. Expectations seen on Linux 6.18;
// FreeBSD's are read off vfs_syscalls.c and vfs_vnops.c of 14. What paths lead to is tested in
// tests/stack/vfs.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

using System = SysFixture::System;

std::string ReadAll(SysContext& c, int fd, size_t size = 64) {
  std::string data(size, '\0');
  const SysResult result = SysRead(c, fd, data.data(), data.size());
  if (!result.ok()) return strerrorname_np(result.error);
  data.resize(static_cast<size_t>(result.value));
  return data;
}

SysResult Write(SysContext& c, int fd, const std::string& data) {
  return SysWrite(c, fd, data.data(), data.size());
}

int Open(SysContext& c, const char* path, int flags, mode_t mode = 0666) {
  const SysResult result = SysOpen(c, path, flags, mode);
  EXPECT_TRUE(result.ok()) << path << ": " << strerrorname_np(result.error);
  return static_cast<int>(result.value);
}

// "RDONLY", with the other flags that matter here.
int Flags(SysContext& c, int fd) { return static_cast<int>(SysFcntl(c, fd, F_GETFL, 0).value); }

TEST(FilesTest, AFileHasAPositionThatDescriptorsShare) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    const int fd = Open(c, "/tmp/f", O_RDWR | O_CREAT);
    EXPECT_EQ(fd, 3);
    EXPECT_TRUE(Gives(Write(c, fd, "hello world"), 11));
    EXPECT_EQ(ReadAll(c, fd), "");
    EXPECT_TRUE(Gives(SysLseek(c, fd, 6, SEEK_SET), 6));
    EXPECT_EQ(ReadAll(c, fd, 3), "wor");
    const int copy = static_cast<int>(SysDup(c, fd).value);
    EXPECT_EQ(ReadAll(c, copy), "ld");
    EXPECT_TRUE(Gives(SysLseek(c, fd, 0, SEEK_CUR), 11));
    const int other = Open(c, "/tmp/f", O_RDONLY);
    EXPECT_EQ(ReadAll(c, other), "hello world");
    char data[4];
    EXPECT_TRUE(Gives(SysPread(c, other, data, 4, 2), 4));
    EXPECT_EQ(std::string(data, 4), "llo ");
    EXPECT_TRUE(Gives(SysPwrite(c, fd, "HE", 2, 0), 2));
    EXPECT_TRUE(Gives(SysLseek(c, fd, 0, SEEK_CUR), 11));
    int left = -1;
    EXPECT_TRUE(Gives(SysIoctl(c, fd, FIONREAD, &left), 0));
    EXPECT_EQ(left, 0);
  });
}

TEST(FilesTest, Lseek) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    const int fd = Open(c, "/tmp/f", O_RDWR | O_CREAT);
    Write(c, fd, "hello");
    EXPECT_TRUE(Fails(SysLseek(c, fd, -1, SEEK_SET), EINVAL));
    EXPECT_TRUE(Gives(SysLseek(c, fd, 10, SEEK_SET), 10));
    EXPECT_TRUE(Fails(SysLseek(c, fd, 0, 9), EINVAL));
    EXPECT_TRUE(Gives(SysLseek(c, fd, -2, SEEK_END), 3));
    EXPECT_TRUE(Fails(SysLseek(c, fd, -100, SEEK_CUR), EINVAL));
    EXPECT_TRUE(Gives(SysLseek(c, fd, 0, SEEK_DATA), 0));
    EXPECT_TRUE(Gives(SysLseek(c, fd, 0, SEEK_HOLE), 5));
    EXPECT_TRUE(Fails(SysLseek(c, fd, 5, SEEK_DATA), ENXIO));
    int pipe[2];
    SysPipe2(c, pipe, 0);
    EXPECT_TRUE(Fails(SysLseek(c, pipe[0], 0, SEEK_SET), ESPIPE));
    const int socket = static_cast<int>(SysSocket(c, AF_INET, SOCK_STREAM, 0).value);
    EXPECT_TRUE(Fails(SysLseek(c, socket, 0, SEEK_SET), ESPIPE));
    EXPECT_TRUE(Fails(SysLseek(c, 99, 0, SEEK_SET), EBADF));
  });
}

TEST(FilesTest, AppendingGoesToTheEnd) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    const int fd = Open(c, "/tmp/f", O_WRONLY | O_CREAT);
    Write(c, fd, "one");
    const int log = Open(c, "/tmp/f", O_WRONLY | O_APPEND);
    EXPECT_TRUE(Gives(Write(c, log, "two"), 3));
    EXPECT_TRUE(Gives(SysLseek(c, log, 0, SEEK_CUR), 6));
    EXPECT_TRUE(Gives(Write(c, fd, "x"), 1));
    EXPECT_TRUE(Gives(SysLseek(c, log, 0, SEEK_SET), 0));
    Write(c, log, "three");
    EXPECT_EQ(ReadAll(c, Open(c, "/tmp/f", O_RDONLY)), "onexwothree");
    EXPECT_TRUE(Gives(SysFcntl(c, log, F_SETFL, 0), 0));
    SysLseek(c, log, 0, SEEK_SET);
    Write(c, log, "O");
    EXPECT_EQ(ReadAll(c, Open(c, "/tmp/f", O_RDONLY)), "Onexwothree");
  });
}

TEST(FilesTest, HowAFileWasOpenedDecidesWhatMayBeDone) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    SysClose(c, Open(c, "/tmp/f", O_RDWR | O_CREAT, 0));
    const int reader = Open(c, "/tmp/f", O_RDONLY);
    const int writer = Open(c, "/tmp/f", O_WRONLY | O_NONBLOCK);
    const int directory = Open(c, "/tmp", O_RDONLY | O_DIRECTORY);
    EXPECT_TRUE(Fails(Write(c, reader, "x"), EBADF));
    EXPECT_EQ(ReadAll(c, writer), "EBADF");
    EXPECT_EQ(ReadAll(c, directory), "EISDIR");
    EXPECT_TRUE(Fails(SysRead(c, directory, nullptr, 0), EISDIR));
    EXPECT_TRUE(Fails(Write(c, directory, ""), EBADF));
    EXPECT_TRUE(Fails(SysFtruncate(c, reader, 0), EINVAL));
    EXPECT_TRUE(Fails(SysFtruncate(c, writer, -1), EINVAL));
    EXPECT_TRUE(Gives(SysFtruncate(c, writer, 5), 0));
    EXPECT_TRUE(Fails(SysFtruncate(c, directory, 0), EINVAL));
    EXPECT_EQ(Flags(c, reader), O_RDONLY | 0100000);
    EXPECT_EQ(Flags(c, writer), O_WRONLY | O_NONBLOCK | 0100000);
    const int neither = Open(c, "/tmp/f", O_ACCMODE);
    EXPECT_TRUE(Fails(Write(c, neither, "x"), EBADF));
    EXPECT_EQ(ReadAll(c, neither), "EBADF");
    pollfd polled = {reader, POLLIN | POLLOUT, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 1));
    EXPECT_EQ(polled.revents, POLLIN | POLLOUT);
    const int epoll = static_cast<int>(SysEpollCreate1(c, 0).value);
    epoll_event event = {};
    EXPECT_TRUE(Fails(SysEpollCtl(c, epoll, EPOLL_CTL_ADD, reader, &event), EPERM));
  });
}

struct OpenRow {
  const char* path;
  int flags;
  int linux_error;
  int freebsd_error;
};

TEST(FilesTest, ErrorsOfOpen) {
  const OpenRow rows[] = {
      {"/tmp/missing", O_RDONLY, ENOENT, ENOENT},
      {"", O_RDONLY, ENOENT, ENOENT},
      {"/tmp/f", O_CREAT | O_EXCL, EEXIST, EEXIST},
      {"/tmp/f/x", O_RDONLY, ENOTDIR, ENOTDIR},
      {"/tmp/f", O_DIRECTORY, ENOTDIR, ENOTDIR},
      {"/tmp/d", O_WRONLY, EISDIR, EISDIR},
      {"/tmp/n/", O_CREAT | O_WRONLY, EISDIR, ENOENT},
      {"/tmp/l", O_NOFOLLOW, ELOOP, EMLINK},
      {"/tmp/loop", O_RDONLY, ELOOP, ELOOP},
      {"/tmp/s", O_RDWR, ENXIO, EOPNOTSUPP},
      {"/tmp/d", O_CREAT | O_DIRECTORY, EINVAL, 0},
      {"/tmp/d", O_CREAT | O_DIRECTORY | O_EXCL, EINVAL, EINVAL},
      {"/tmp/f", O_ACCMODE, 0, EINVAL},
      {"/tmp/p", O_WRONLY | O_NONBLOCK, ENXIO, ENXIO},
  };
  for (const System system : {System::kLinux, System::kFreeBsd}) {
    SysFixture sim(system);
    MemoryVfs& vfs = sim.host().memory_vfs();
    const PathContext owner = vfs.OwnerContext();
    ASSERT_TRUE(vfs.AddFile("/tmp/f", "").ok());
    ASSERT_TRUE(vfs.AddDirectory("/tmp/d").ok());
    ASSERT_TRUE(vfs.Symlink(owner, "f", "/tmp/l").ok());
    ASSERT_TRUE(vfs.Symlink(owner, "loop", "/tmp/loop").ok());
    ASSERT_TRUE(vfs.BindSocket(owner, "/tmp/s", nullptr).ok());
    ASSERT_TRUE(vfs.MakeNode(owner, "/tmp/p", FileType::kFifo, 0666).ok());
    sim.RunTask([&](SysContext& c) {
      for (const OpenRow& row : rows) {
        const SysResult result = SysOpen(c, row.path, row.flags, 0666);
        const int expected = system == System::kLinux ? row.linux_error : row.freebsd_error;
        EXPECT_EQ(result.error, expected)
            << row.path << " " << row.flags << ": " << strerrorname_np(result.error);
      }
    });
  }
}

TEST(FilesTest, PathsMayBeBadOrLong) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    const auto* const bad = reinterpret_cast<const char*>(8);
    struct stat status;
    EXPECT_TRUE(Fails(SysOpen(c, bad, O_RDONLY, 0), EFAULT));
    EXPECT_TRUE(Fails(SysStat(c, nullptr, &status), EFAULT));
    EXPECT_TRUE(Fails(SysRename(c, "/tmp", bad), EFAULT));
    EXPECT_TRUE(Fails(SysStat(c, "/", reinterpret_cast<struct stat*>(8)), EFAULT));
    const std::string longest = std::string(4094, '/') + ".";
    EXPECT_TRUE(Gives(SysStat(c, longest.c_str(), &status), 0));
    EXPECT_TRUE(Fails(SysStat(c, (longest + "/").c_str(), &status), ENAMETOOLONG));
    // A path may end at the end of the last page there is.
    const long page = sysconf(_SC_PAGESIZE);
    auto* const pages =
        static_cast<char*>(::mmap(nullptr, static_cast<size_t>(2 * page), PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_EQ(::mprotect(pages + page, static_cast<size_t>(page), PROT_NONE), 0);
    std::memcpy(pages + page - 5, "/tmp", 5);
    EXPECT_TRUE(Gives(SysStat(c, pages + page - 5, &status), 0));
    pages[page - 1] = '/';
    EXPECT_TRUE(Fails(SysStat(c, pages + page - 5, &status), EFAULT));
    ::munmap(pages, static_cast<size_t>(2 * page));
  });
}

TEST(FilesTest, DescriptorsAreLimitedBeforeAnythingIsMade) {
  SysFixture sim;
  sim.RunTask([&](SysContext& c) {
    const rlimit limit = {3, 3};
    ASSERT_TRUE(Gives(SysSetrlimit(c, RLIMIT_NOFILE, &limit), 0));
    EXPECT_TRUE(Fails(SysOpen(c, "/tmp/f", O_CREAT | O_WRONLY, 0666), EMFILE));
    struct stat status;
    EXPECT_TRUE(Fails(SysStat(c, "/tmp/f", &status), ENOENT));
  });
}

TEST(FilesTest, StatTellsVirtualTime) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    const timespec pause = {5, 7};
    SysNanosleep(c, &pause, nullptr);
    const int fd = Open(c, "/tmp/f", O_RDWR | O_CREAT, 0640);
    Write(c, fd, "hello");
    struct stat by_path = {}, by_fd = {};
    EXPECT_TRUE(Gives(SysStat(c, "/tmp/f", &by_path), 0));
    EXPECT_TRUE(Gives(SysFstat(c, fd, &by_fd), 0));
    EXPECT_EQ(std::memcmp(&by_path, &by_fd, sizeof by_fd), 0);
    EXPECT_EQ(by_fd.st_mode, static_cast<mode_t>(S_IFREG | 0640));
    EXPECT_EQ(by_fd.st_size, 5);
    EXPECT_EQ(by_fd.st_blocks, 8);
    EXPECT_EQ(by_fd.st_mtim.tv_sec, 1'000'000'005);
    EXPECT_EQ(by_fd.st_mtim.tv_nsec, 7);
    int pipe[2];
    SysPipe2(c, pipe, 0);
    EXPECT_TRUE(Gives(SysFstat(c, pipe[0], &by_fd), 0));
    EXPECT_TRUE(S_ISFIFO(by_fd.st_mode));
    EXPECT_TRUE(Gives(SysFstat(c, 1, &by_fd), 0));
    EXPECT_TRUE(S_ISCHR(by_fd.st_mode));
    EXPECT_TRUE(Fails(SysFstat(c, 99, &by_fd), EBADF));
  });
}

TEST(FilesTest, WorkingDirectoryRootAndUmask) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    char buffer[64];
    EXPECT_TRUE(Gives(SysGetcwd(c, buffer, sizeof buffer), 2));
    EXPECT_STREQ(buffer, "/");
    EXPECT_TRUE(Gives(SysUmask(c, 027), 022));
    EXPECT_TRUE(Gives(SysUmask(c, 07777), 027));
    EXPECT_TRUE(Gives(SysUmask(c, 022), 0777));
    EXPECT_TRUE(Gives(SysMkdir(c, "/tmp/a", 0777), 0));
    EXPECT_TRUE(Gives(SysMkdir(c, "/tmp/a/b", 0777), 0));
    EXPECT_TRUE(Gives(SysChdir(c, "/tmp/a/b"), 0));
    EXPECT_TRUE(Gives(SysGetcwd(c, buffer, sizeof buffer), 9));
    EXPECT_STREQ(buffer, "/tmp/a/b");
    EXPECT_TRUE(Fails(SysGetcwd(c, buffer, 8), ERANGE));
    EXPECT_TRUE(Fails(SysGetcwd(c, reinterpret_cast<char*>(8), 64), EFAULT));
    const int directory = Open(c, "..", O_RDONLY);
    EXPECT_TRUE(Gives(SysFchdir(c, directory), 0));
    SysGetcwd(c, buffer, sizeof buffer);
    EXPECT_STREQ(buffer, "/tmp/a");
    EXPECT_TRUE(Fails(SysFchdir(c, 1), ENOTDIR));
    EXPECT_TRUE(Fails(SysFchdir(c, 99), EBADF));
    EXPECT_TRUE(Gives(SysChroot(c, "."), 0));
    SysGetcwd(c, buffer, sizeof buffer);
    EXPECT_STREQ(buffer, "/");
    struct stat status;
    EXPECT_TRUE(Gives(SysStat(c, "/b", &status), 0));
    EXPECT_TRUE(Fails(SysStat(c, "/tmp", &status), ENOENT));
  });
}

TEST(FilesTest, Readlink) {
  for (const System system : {System::kLinux, System::kFreeBsd}) {
    SysFixture sim(system);
    sim.RunTask([&](SysContext& c) {
      EXPECT_TRUE(Gives(SysSymlink(c, "target", "/tmp/l"), 0));
      char buffer[16] = "..............";
      EXPECT_TRUE(Gives(SysReadlink(c, "/tmp/l", buffer, sizeof buffer), 6));
      EXPECT_EQ(std::string(buffer, 7), "target.");
      EXPECT_TRUE(Gives(SysReadlink(c, "/tmp/l", buffer, 3), 3));
      EXPECT_TRUE(Fails(SysReadlink(c, "/tmp", buffer, 3), EINVAL));
      EXPECT_TRUE(Fails(SysReadlink(c, "/tmp/l", reinterpret_cast<char*>(8), 3), EFAULT));
      const SysResult none = SysReadlink(c, "/tmp/l", buffer, 0);
      EXPECT_TRUE(system == System::kLinux ? Fails(none, EINVAL) : Gives(none, 0));
    });
  }
}

struct MknodRow {
  mode_t mode;
  int linux_error;
  int freebsd_error;
};

TEST(FilesTest, WhatMknodMakes) {
  const MknodRow rows[] = {
      {S_IFREG | 0666, 0, EINVAL},     {0666, 0, EINVAL},
      {S_IFSOCK | 0666, 0, EINVAL},    {S_IFIFO | 0666, 0, 0},
      {S_IFDIR | 0666, EPERM, EINVAL}, {S_IFLNK | 0666, EINVAL, EINVAL},
      {0170000, EINVAL, EINVAL},       {S_IFCHR | 0666, EPERM, EPERM},
  };
  for (const System system : {System::kLinux, System::kFreeBsd}) {
    for (const MknodRow& row : rows) {
      SysFixture sim(system);
      sim.process().set_credentials({1000, 1000, {}});
      sim.RunTask([&](SysContext& c) {
        const SysResult result = SysMknod(c, "/tmp/n", row.mode, 0);
        EXPECT_EQ(result.error, system == System::kLinux ? row.linux_error : row.freebsd_error)
            << std::oct << row.mode;
        struct stat status;
        if (result.ok()) {
          EXPECT_TRUE(Gives(SysStat(c, "/tmp/n", &status), 0));
          EXPECT_EQ(status.st_mode & 07777, 0644u);
        }
      });
    }
  }
}

TEST(FilesTest, AccessAsksForTheRealUser) {
  SysFixture sim;
  ASSERT_TRUE(sim.host().memory_vfs().AddFile("/tmp/f", "", 0600).ok());
  sim.RunTask([](SysContext& c) {
    EXPECT_TRUE(Gives(SysAccess(c, "/tmp/f", R_OK | W_OK), 0));
    EXPECT_TRUE(Fails(SysAccess(c, "/tmp/f", X_OK), EACCES));
    EXPECT_TRUE(Fails(SysAccess(c, "/tmp/f", 8), EINVAL));
    EXPECT_TRUE(Fails(SysAccess(c, "/tmp/missing", 8), EINVAL));
    EXPECT_TRUE(Gives(SysSetresuid(c, 1000, 0, 0), 0));
    EXPECT_TRUE(Fails(SysAccess(c, "/tmp/f", R_OK), EACCES));
    EXPECT_TRUE(Gives(SysAccess(c, "/tmp/f", F_OK), 0));
    EXPECT_TRUE(SysOpen(c, "/tmp/f", O_RDONLY, 0).ok());
  });
}

TEST(FilesTest, IdentityCalls) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    gid_t groups[4] = {};
    EXPECT_TRUE(Gives(SysGetgroups(c, 0, nullptr), 0));
    const gid_t given[3] = {30, 10, 20};
    EXPECT_TRUE(Gives(SysSetgroups(c, 3, given), 0));
    EXPECT_TRUE(Gives(SysGetgroups(c, 4, groups), 3));
    EXPECT_EQ(groups[0], 10u);
    EXPECT_TRUE(Fails(SysGetgroups(c, 2, groups), EINVAL));
    EXPECT_TRUE(Fails(SysGetgroups(c, -1, groups), EINVAL));
    EXPECT_TRUE(Fails(SysGetgroups(c, 4, reinterpret_cast<gid_t*>(8)), EFAULT));
    EXPECT_TRUE(Fails(SysSetgroups(c, 70000, given), EINVAL));
    EXPECT_TRUE(Fails(SysSetuid(c, static_cast<uid_t>(-1)), EINVAL));
    EXPECT_TRUE(Gives(SysSetresgid(c, 1, 2, 3), 0));
    EXPECT_TRUE(Gives(SysSetresuid(c, 4, 5, 6), 0));
    EXPECT_TRUE(Gives(SysGetuid(c), 4));
    EXPECT_TRUE(Gives(SysGeteuid(c), 5));
    EXPECT_TRUE(Gives(SysGetgid(c), 1));
    EXPECT_TRUE(Gives(SysGetegid(c), 2));
    uid_t ids[3];
    EXPECT_TRUE(Gives(SysGetresuid(c, &ids[0], &ids[1], &ids[2]), 0));
    EXPECT_EQ(ids[2], 6u);
    EXPECT_TRUE(Gives(SysGetresgid(c, &ids[0], &ids[1], &ids[2]), 0));
    EXPECT_EQ(ids[2], 3u);
    EXPECT_TRUE(Fails(SysSetuid(c, 0), EPERM));
    EXPECT_TRUE(Fails(SysSetgroups(c, 0, nullptr), EPERM));
  });
}

// --- FIFOs ---

class FifoFixture {
 protected:
  explicit FifoFixture(System system) : sim_(system) {
    MemoryVfs& vfs = sim_.host().memory_vfs();
    EXPECT_TRUE(vfs.MakeNode(vfs.OwnerContext(), "/tmp/p", FileType::kFifo, 0666).ok());
  }
  static void Sleep(SysContext& c, int seconds) {
    const timespec time = {seconds, 0};
    SysNanosleep(c, &time, nullptr);
  }
  SysFixture sim_;
};

class FifoTest : public FifoFixture, public testing::TestWithParam<System> {
 protected:
  FifoTest() : FifoFixture(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Both, FifoTest, testing::Values(System::kLinux, System::kFreeBsd),
                         [](const auto& system) {
                           return system.param == System::kLinux ? "Linux" : "FreeBsd";
                         });

class LinuxFifoTest : public FifoFixture, public testing::Test {
 protected:
  LinuxFifoTest() : FifoFixture(System::kLinux) {}
};

TEST_P(FifoTest, EachEndWaitsForTheOther) {
  std::vector<std::string> order;
  sim_.Spawn("reader", [&](SysContext& c) {
    const int fd = Open(c, "/tmp/p", O_RDONLY);
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    EXPECT_EQ(ReadAll(c, fd), "hello");
    EXPECT_EQ(ReadAll(c, fd), "");  // the writer has closed
    EXPECT_EQ(c.now(), Instant::Zero() + 3_s);
  });
  sim_.Spawn("writer", [&](SysContext& c) {
    Sleep(c, 2);
    const int fd = Open(c, "/tmp/p", O_WRONLY);
    EXPECT_EQ(c.now(), Instant::Zero() + 2_s);
    EXPECT_TRUE(Gives(Write(c, fd, "hello"), 5));
    Sleep(c, 1);
    SysClose(c, fd);
  });
  const RunReport report = sim_.Run();
  EXPECT_TRUE(report.ok()) << report.text;
}

TEST_P(FifoTest, AWriterThatHasGoneAgainWakesTheReader) {
  sim_.Spawn("reader", [&](SysContext& c) {
    const int fd = Open(c, "/tmp/p", O_RDONLY);
    EXPECT_EQ(ReadAll(c, fd), "");
  });
  sim_.Spawn("writer", [&](SysContext& c) {
    Sleep(c, 1);
    SysClose(c, Open(c, "/tmp/p", O_WRONLY));
  });
  const RunReport report = sim_.Run();
  EXPECT_TRUE(report.ok()) << report.text;
}

TEST_F(LinuxFifoTest, WithoutWaiting) {
  sim_.RunTask([](SysContext& c) {
    EXPECT_TRUE(Fails(SysOpen(c, "/tmp/p", O_WRONLY | O_NONBLOCK, 0), ENXIO));
    const int reader = Open(c, "/tmp/p", O_RDONLY | O_NONBLOCK);
    EXPECT_EQ(ReadAll(c, reader), "");
    pollfd polled = {reader, POLLIN, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 0));
    const int writer = Open(c, "/tmp/p", O_WRONLY | O_NONBLOCK);
    EXPECT_EQ(ReadAll(c, reader), "EAGAIN");
    EXPECT_TRUE(Gives(Write(c, writer, std::string(70'000, 'x')), 65536));
    EXPECT_TRUE(Fails(Write(c, writer, "x"), EAGAIN));
    polled = {writer, POLLOUT, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 0));
    EXPECT_EQ(ReadAll(c, reader, 70'000).size(), 65536u);
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 1));
    EXPECT_TRUE(Fails(SysLseek(c, reader, 0, SEEK_SET), ESPIPE));
    struct stat status;
    EXPECT_TRUE(Gives(SysFstat(c, reader, &status), 0));
    EXPECT_TRUE(S_ISFIFO(status.st_mode));
    EXPECT_EQ(status.st_mode & 07777, 0666u);
    SysClose(c, writer);
    polled = {reader, POLLIN, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 1));
    EXPECT_EQ(polled.revents, POLLHUP);
    SysClose(c, reader);
    // Nobody has it open: what was in it is gone.
    const int both = Open(c, "/tmp/p", O_RDWR | O_NONBLOCK);
    EXPECT_EQ(ReadAll(c, both), "EAGAIN");
  });
}

// kern_preadv() and kern_pwritev(): the descriptor, what it was opened for, the offset.
TEST(FreeBsdFilesTest, TheOffsetIsJudgedLast) {
  SysFixture sim(System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    const int fd = Open(c, "/tmp/f", O_WRONLY | O_CREAT);
    int fds[2];
    EXPECT_TRUE(Gives(SysPipe2(c, fds, 0), 0));
    char byte = 0;
    EXPECT_TRUE(Fails(SysPread(c, 99, &byte, 1, -1), EBADF));
    EXPECT_TRUE(Fails(SysPread(c, fds[0], &byte, 1, -1), ESPIPE));
    EXPECT_TRUE(Fails(SysPread(c, fd, &byte, 1, -1), EBADF));
    EXPECT_TRUE(Fails(SysPwrite(c, fd, &byte, 1, -1), EINVAL));
  });
}

// kern_utimensat(): flags, times, then the path, which is looked at even for two UTIME_OMIT;
// kern_futimens() leaves the descriptor alone then.
TEST(FreeBsdFilesTest, TimesAreJudgedFirst) {
  SysFixture sim(System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    const timespec bad[2] = {{0, -5}, {0, 0}};
    const timespec omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    const auto set = [&](int at, const char* path, const timespec* times, int flags = 0) {
      return SysUtimensat(c, at, path, times, flags);
    };
    EXPECT_TRUE(Fails(set(99, "missing", omit, 0x8), EINVAL));
    EXPECT_TRUE(Fails(set(99, "missing", bad), EINVAL));
    EXPECT_TRUE(Fails(set(99, "missing", omit), EBADF));
    EXPECT_TRUE(Fails(set(AT_FDCWD, "/missing", omit), ENOENT));
    EXPECT_TRUE(Gives(set(AT_FDCWD, "/tmp", omit), 0));
    EXPECT_TRUE(Fails(set(99, nullptr, bad), EINVAL));
    EXPECT_TRUE(Gives(set(99, nullptr, omit), 0));
  });
}

TEST_F(LinuxFifoTest, NoReaderIsABrokenPipe) {
  sim_.RunTask([](SysContext& c) {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    SysSigaction(c, SIGPIPE, &ignore, nullptr);
    const int reader = Open(c, "/tmp/p", O_RDONLY | O_NONBLOCK);
    const int writer = Open(c, "/tmp/p", O_WRONLY);
    SysClose(c, reader);
    EXPECT_TRUE(Fails(Write(c, writer, "x"), EPIPE));
    pollfd polled = {writer, POLLOUT, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 1));
    EXPECT_EQ(polled.revents, POLLOUT | POLLERR);
  });
}

// fifo_open(), pipe_poll(): 64 KiB are taken, in one piece when they fit.
TEST(FreeBsdFifoTest, WithoutWaiting) {
  SysFixture sim(System::kFreeBsd);
  sim.RunTask([](SysContext& c) {
    EXPECT_TRUE(Gives(SysMknod(c, "/tmp/p", S_IFIFO | 0600, 0), 0));
    EXPECT_TRUE(Fails(SysOpen(c, "/tmp/p", O_WRONLY | O_NONBLOCK, 0), ENXIO));
    const int reader = Open(c, "/tmp/p", O_RDONLY | O_NONBLOCK);
    EXPECT_EQ(ReadAll(c, reader), "");
    const int writer = Open(c, "/tmp/p", O_WRONLY | O_NONBLOCK);
    EXPECT_EQ(ReadAll(c, reader), "EAGAIN");
    EXPECT_TRUE(Gives(Write(c, writer, std::string(70'000, 'x')), 65536));
    EXPECT_TRUE(Fails(Write(c, writer, "x"), EAGAIN));
    EXPECT_EQ(ReadAll(c, reader, 70'000).size(), 65536u);
    SysClose(c, writer);
    pollfd polled = {reader, POLLIN, 0};
    EXPECT_TRUE(Gives(SysPoll(c, &polled, 1, 0), 1));
    EXPECT_EQ(polled.revents, POLLIN | POLLHUP);
  });
}

TEST_P(FifoTest, ASignalEndsTheWait) {
  sim_.RunTask([](SysContext& c) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    SysSigaction(c, SIGALRM, &action, nullptr);
    SysAlarm(c, 1);
    EXPECT_TRUE(Fails(SysOpen(c, "/tmp/p", O_RDONLY, 0), EINTR));
    EXPECT_TRUE(Fails(SysOpen(c, "/tmp/p", O_WRONLY | O_NONBLOCK, 0), ENXIO));
  });
}

}  // namespace
}  // namespace drywire
