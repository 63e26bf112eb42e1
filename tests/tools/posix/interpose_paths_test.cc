// Whose a path is under :interpose: the simulated host's where the world gave it files, the real
// machine's everywhere else.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "sim/testing/drywire_test.h"

namespace drywire {
namespace {

// Runs `body` on a host that was given /srv with site/index and an empty data of user 1000, and one
// file among the real machine's.
void RunOnSite(World& world, std::function<void()> body, const Credentials& credentials = {}) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.AddDirectory(host, "/srv");
  world.AddFile(host, "/srv/site/index", "hello\n");
  world.AddFile(host, "/etc/motd", "welcome\n");
  world.AddDirectory(host, "/srv/data", 0750, 1000, 1000);
  world.Spawn(host, "program", std::move(body), credentials);
  EXPECT_TRUE(world.Run().ok());
}

std::string Contents(const char* path) {
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return strerrorname_np(errno);
  char data[64];
  const ssize_t size = read(fd, data, sizeof data);
  EXPECT_EQ(close(fd), 0);
  return size < 0 ? strerrorname_np(errno) : std::string(data, static_cast<size_t>(size));
}

DRYWIRE_TEST(InterposePaths, WhatTheWorldGaveIsSimulated) {
  RunOnSite(world, [] {
    EXPECT_EQ(Contents("/srv/site/index"), "hello\n");
    EXPECT_EQ(Contents("/srv/./data/../site//index"), "hello\n");
    struct stat status = {};
    EXPECT_EQ(stat("/srv/data", &status), 0);
    EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFDIR | 0750));
    EXPECT_EQ(status.st_uid, 1000u);
    EXPECT_EQ(status.st_mtim.tv_sec, 1'000'000'000);
    EXPECT_EQ(mkdir("/srv/data/new", 0777), 0);
    EXPECT_EQ(access("/srv/data/new", F_OK), 0);
    EXPECT_EQ(rename("/srv/data/new", "/srv/data/newer"), 0);
    EXPECT_EQ(symlink("newer", "/srv/data/link"), 0);
    char target[16] = "";
    EXPECT_EQ(readlink("/srv/data/link", target, sizeof target), 5);
    EXPECT_EQ(link("/srv/data/link", "/srv/data/link2"), 0);
    EXPECT_EQ(unlink("/srv/data/link2"), 0);
    EXPECT_EQ(remove("/srv/data/newer"), 0);
    EXPECT_EQ(access("/srv/data/link", F_OK), -1);
    EXPECT_EQ(errno, ENOENT);
  });
  EXPECT_NE(access("/srv/data", F_OK), 0) << "the real machine has no such directory";
}

DRYWIRE_TEST(InterposePaths, EverythingElseIsTheRealMachines) {
  char directory[] = "/tmp/drywire-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/f";
  RunOnSite(world, [&] {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
    EXPECT_EQ(write(fd, "real", 4), 4);
    EXPECT_EQ(lseek(fd, 1, SEEK_SET), 1);
    struct stat status = {};
    EXPECT_EQ(fstat(fd, &status), 0);
    EXPECT_EQ(status.st_size, 4);
    EXPECT_EQ(close(fd), 0);
    EXPECT_EQ(chmod(path.c_str(), 0644), 0);
    EXPECT_EQ(Contents(path.c_str()), "real");
    // A library's own files, and the loader's.
    EXPECT_EQ(access("/etc/passwd", R_OK), 0);
    EXPECT_EQ(Contents("/etc/motd"), "welcome\n");
    EXPECT_NE(dlopen("libc.so.6", RTLD_NOW), nullptr);
    // Nothing moves from one to the other.
    EXPECT_EQ(rename(path.c_str(), "/srv/data/f"), -1);
    EXPECT_EQ(errno, EXDEV);
    EXPECT_EQ(link("/srv/site/index", path.c_str()), -1);
    EXPECT_EQ(errno, EXDEV);
    EXPECT_EQ(unlink(path.c_str()), 0);
  });
  EXPECT_EQ(rmdir(directory), 0);
}

DRYWIRE_TEST(InterposePaths, DescriptorsOfBothKindsLiveTogether) {
  RunOnSite(world, [] {
    const int simulated = open("/srv/data/f", O_RDWR | O_CREAT, 0666);
    EXPECT_EQ(simulated, 3);
    const int real = open("/etc/passwd", O_RDONLY);
    EXPECT_EQ(real, 4);
    EXPECT_EQ(dprintf(simulated, "number %d", 7), 8);
    EXPECT_EQ(lseek(simulated, 0, SEEK_CUR), 8);
    char text[9] = "";
    EXPECT_EQ(pread(simulated, text, 8, 0), 8);
    EXPECT_STREQ(text, "number 7");
    EXPECT_EQ(ftruncate(simulated, 3), 0);
    EXPECT_EQ(fchmod(simulated, 0600), 0);
    struct stat status = {};
    EXPECT_EQ(fstat(simulated, &status), 0);
    EXPECT_EQ(status.st_size, 3);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(fsync(simulated), 0);
    EXPECT_GT(lseek(real, 0, SEEK_END), 0);
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    EXPECT_EQ(lseek(pipe_fds[0], 0, SEEK_SET), -1);
    EXPECT_EQ(errno, ESPIPE);
  });
}

DRYWIRE_TEST(InterposePaths, Streams) {
  RunOnSite(world, [] {
    FILE* const out = fopen("/srv/data/log", "w");
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(fputs("first\nsecond\n", out), 1);
    EXPECT_EQ(fclose(out), 0);
    FILE* const log = fopen("/srv/data/log", "a+");
    ASSERT_NE(log, nullptr);
    fputs("third\n", log);
    EXPECT_EQ(fseek(log, 6, SEEK_SET), 0);
    char line[16];
    EXPECT_STREQ(fgets(line, sizeof line, log), "second\n");
    EXPECT_STREQ(fgets(line, sizeof line, log), "third\n");
    EXPECT_EQ(fclose(log), 0);
    EXPECT_EQ(fopen("/srv/data/none", "r"), nullptr);
    EXPECT_EQ(errno, ENOENT);
    EXPECT_EQ(fopen("/srv/data/log", "wx"), nullptr);
    EXPECT_EQ(errno, EEXIST);
  });
}

DRYWIRE_TEST(InterposePaths, RelativePathsFollowChdir) {
  RunOnSite(world, [] {
    char real[4096], buffer[64];
    EXPECT_NE(getcwd(real, sizeof real), nullptr);
    EXPECT_STRNE(real, "/");
    EXPECT_EQ(access("index", F_OK), -1);
    EXPECT_EQ(chdir("/srv/site"), 0);
    EXPECT_EQ(Contents("index"), "hello\n");
    EXPECT_STREQ(getcwd(buffer, sizeof buffer), "/srv/site");
    EXPECT_EQ(chdir("../data"), 0);
    EXPECT_STREQ(getcwd(buffer, sizeof buffer), "/srv/data");
    EXPECT_EQ(access("../site/index", F_OK), 0);
    // And chroot() makes every absolute path the host's.
    EXPECT_EQ(chroot("/srv"), 0);
    EXPECT_EQ(Contents("/site/index"), "hello\n");
    EXPECT_EQ(access("/etc/passwd", F_OK), -1);
  });
}

DRYWIRE_TEST(InterposePaths, TemporaryNamesComeFromTheProcesssChance) {
  std::string names[2];
  for (std::string& name : names) {
    World other;
    Host& host = other.AddHost("host");
    other.AddDirectory(host, "/srv", 01777);
    other.Spawn(host, "program", [&] {
      char path[] = "/srv/f-XXXXXX";
      const int fd = mkstemp(path);
      EXPECT_EQ(fd, 3);
      name = path;
      struct stat status = {};
      EXPECT_EQ(stat(path, &status), 0);
      EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFREG | 0600));
      char directory[] = "/srv/d-XXXXXX";
      EXPECT_EQ(mkdtemp(directory), directory);
      EXPECT_EQ(rmdir(directory), 0);
      char wrong[] = "/srv/XXXXX";
      EXPECT_EQ(mkstemp(wrong), -1);
      EXPECT_EQ(errno, EINVAL);
      EXPECT_EQ(mkstemps(path, -6), -1);
      EXPECT_EQ(errno, EINVAL);
    });
    EXPECT_TRUE(other.Run().ok());
  }
  EXPECT_EQ(names[0], names[1]);
}

DRYWIRE_TEST(InterposePaths, CallsRelativeToTheWorkingDirectory) {
  RunOnSite(world, [] {
    EXPECT_EQ(mkdirat(AT_FDCWD, "/srv/data/d", 0700), 0);
    const int fd = openat(AT_FDCWD, "/srv/data/d/f", O_CREAT | O_WRONLY, 0600);
    EXPECT_GE(fd, 0);
    struct stat status = {};
    EXPECT_EQ(fstatat(AT_FDCWD, "/srv/data/d", &status, 0), 0);
    EXPECT_TRUE(S_ISDIR(status.st_mode));
    EXPECT_EQ(faccessat(AT_FDCWD, "/srv/data/d/f", R_OK, 0), 0);
    EXPECT_EQ(unlinkat(AT_FDCWD, "/srv/data/d/f", 0), 0);
    EXPECT_EQ(unlinkat(AT_FDCWD, "/srv/data/d", AT_REMOVEDIR), 0);
  });
}

DRYWIRE_TEST(InterposePaths, CallsRelativeToDescriptorsAndStreams) {
  RunOnSite(world, [] {
    const int directory = open("/srv/data", O_RDONLY);
    EXPECT_EQ(mkdirat(directory, "d", 0700), 0);
    const int fd = openat(directory, "f", O_CREAT | O_WRONLY, 0600);
    const timespec times[2] = {{100, 0}, {200, 0}};
    EXPECT_EQ(futimens(fd, times), 0);
    struct stat status = {};
    EXPECT_EQ(fstatat(directory, "f", &status, 0), 0);
    EXPECT_EQ(status.st_mtim.tv_sec, 200);
    EXPECT_EQ(renameat(directory, "f", directory, "d/g"), 0);
    EXPECT_EQ(linkat(directory, "d/g", AT_FDCWD, "/tmp/outside", 0), -1);
    EXPECT_EQ(errno, EXDEV);
    std::string names;
    DIR* const stream = opendir("/srv/data");
    while (const dirent* entry = readdir(stream)) names += std::string(entry->d_name) + " ";
    EXPECT_EQ(names, ". .. d ");
    EXPECT_EQ(unlinkat(dirfd(stream), "d/g", 0), 0);
    EXPECT_EQ(closedir(stream), 0);
    EXPECT_EQ(unlinkat(directory, "d", AT_REMOVEDIR), 0);
  });
}

DRYWIRE_TEST(InterposePaths, ThePlusPlusLibrarySeesTheSame) {
  RunOnSite(world, [] {
    namespace fs = std::filesystem;
    std::error_code error;
    EXPECT_TRUE(fs::exists("/srv/site/index"));
    EXPECT_EQ(fs::file_size("/srv/site/index"), 6u);
    EXPECT_TRUE(fs::create_directory("/srv/data/d", error));
    fs::rename("/srv/data/d", "/srv/data/e", error);
    EXPECT_FALSE(error);
    EXPECT_TRUE(fs::is_directory("/srv/data/e"));
  });
}

DRYWIRE_TEST(InterposePaths, IdentityIsTheProcesss) {
  RunOnSite(
      world,
      [] {
        EXPECT_EQ(getuid(), 1000u);
        gid_t groups[4];
        EXPECT_EQ(getgroups(4, groups), 1);
        EXPECT_EQ(groups[0], 2000u);
        EXPECT_EQ(setuid(0), -1);
        EXPECT_EQ(errno, EPERM);
        EXPECT_EQ(umask(077), 022u);
        const int fd = creat("/srv/data/f", 0666);
        struct stat status = {};
        EXPECT_EQ(fstat(fd, &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
        EXPECT_EQ(open("/srv/site/index", O_WRONLY), -1);
        EXPECT_EQ(errno, EACCES);
      },
      Credentials{1000, 1000, {2000}});
  EXPECT_EQ(getuid(), getuid());
}

TEST(InterposePathsTest, WhatIsNotModelledIsRefusedByName) {
  World world;
  Host& host = world.AddHost("host");
  world.AddDirectory(host, "/srv");
  world.Spawn(host, "program", [] {
    char path[4096];
    EXPECT_EQ(realpath("/srv", path), nullptr);
    EXPECT_EQ(open("/srv", O_PATH), -1);
    EXPECT_EQ(errno, EINVAL);
    DIR* const real = opendir("/tmp");
    EXPECT_NE(real, nullptr);
    closedir(real);
  });
  testing::internal::CaptureStderr();
  EXPECT_TRUE(world.Run().ok());
  const std::string said = testing::internal::GetCapturedStderr();
  for (const char* what : {"realpath() of a path of the simulated host's is not modelled",
                           "that flag of open() is not modelled"}) {
    EXPECT_TRUE(absl::StrContains(said, what)) << what << " in " << said;
  }
}

}  // namespace
}  // namespace drywire
