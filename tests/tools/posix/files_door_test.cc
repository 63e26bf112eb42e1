// Files through the library door: every path is the simulated host's, on both systems.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "sim/testing/drywire_test.h"
#include "tools/posix/posix.h"

namespace drywire {
namespace {

DRYWIRE_TEST(FilesDoor, EachHostHasFilesOfItsOwn) {
  Host& a = world.AddHost("a", "linux", "10.0.0.1/24");
  Host& b = world.AddHost("b", "freebsd", "10.0.0.2/24");
  world.AddFile(a, "/etc/motd", "welcome");
  world.AddSymlink(a, "/etc/motd", "/usr/share/motd");
  world.Spawn(a, "a", [] {
    char data[16] = "";
    const int fd = posix::open("/usr/share/motd", O_RDONLY);
    EXPECT_EQ(posix::read(fd, data, sizeof data), 7);
    EXPECT_STREQ(data, "welcome");
    EXPECT_THAT(posix::unlink("/tmp"), FailsWith(EISDIR));
  });
  world.Spawn(b, "b", [] {
    EXPECT_THAT(posix::open("/etc/motd", O_RDONLY), FailsWith(ENOENT));
    EXPECT_THAT(posix::unlink("/tmp"), FailsWith(EPERM));
  });
  world.Run();
}

DRYWIRE_TEST(FilesDoor, ProcessesOfAHostShareThem) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.Spawn(host, "writer", [] {
    const int fd = posix::creat("/tmp/f", 0644);
    EXPECT_EQ(posix::write(fd, "x", 1), 1);
  });
  world.Spawn(
      host, "reader",
      [] {
        posix::sleep(1);
        struct stat status = {};
        EXPECT_THAT(posix::stat("/tmp/f", &status), Succeeds());
        EXPECT_EQ(status.st_size, 1);
        EXPECT_THAT(posix::unlink("/tmp/f"), FailsWith(EPERM)) << "/tmp is sticky";
        EXPECT_THAT(posix::open("/tmp/f", O_WRONLY), FailsWith(EACCES));
        EXPECT_THAT(posix::setuid(0), FailsWith(EPERM));
      },
      Credentials{1000, 1000, {}});
  world.Run();
}

DRYWIRE_TEST(FilesDoor, ReadOnlyMounts) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.AddMount(host, "/usr");
  world.AddFile(host, "/usr/share/words", "a\n");
  world.SetReadOnly(host, "/usr");
  world.Spawn(host, "program", [] {
    EXPECT_THAT(posix::open("/usr/share/words", O_RDONLY), Succeeds());
    EXPECT_THAT(posix::open("/usr/share/words", O_WRONLY), FailsWith(EROFS));
    EXPECT_THAT(posix::mkdir("/usr/bin", 0777), FailsWith(EROFS));
    EXPECT_THAT(posix::rename("/usr/share", "/tmp/share"), FailsWith(EXDEV));
    EXPECT_THAT(posix::rmdir("/usr"), FailsWith(EBUSY));
  });
  world.Run();
}

DRYWIRE_TEST(FilesDoor, FilesSurviveACrash) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.Spawn(host, "before", [] {
    posix::close(posix::creat("/tmp/f", 0644));
    posix::pause();
  });
  world.At(Duration::Seconds(1), [&] { world.Crash(host); });
  world.At(Duration::Seconds(2), [&] {
    world.Restart(host);
    world.Spawn(host, "after", [] { EXPECT_THAT(posix::access("/tmp/f", F_OK), Succeeds()); });
  });
  world.Run();
  EXPECT_EQ(*host.memory_vfs().List("/tmp"), std::vector<std::string>{"f"});
}

DRYWIRE_TEST(FilesDoor, GetcwdAsTheCLibraryHasIt) {
  world.Spawn(world.AddHost("host"), "program", [] {
    EXPECT_THAT(posix::chdir("/tmp"), Succeeds());
    char buffer[8];
    EXPECT_EQ(posix::getcwd(buffer, sizeof buffer), buffer);
    EXPECT_STREQ(buffer, "/tmp");
    errno = 0;
    EXPECT_EQ(posix::getcwd(buffer, 4), nullptr);
    EXPECT_EQ(errno, ERANGE);
    EXPECT_EQ(posix::getcwd(buffer, 0), nullptr);
    EXPECT_EQ(errno, EINVAL);
    char* const block = posix::getcwd(nullptr, 0);
    EXPECT_STREQ(block, "/tmp");
    std::free(block);
  });
  world.Run();
}

DRYWIRE_TEST(FilesDoor, RemoveTakesFilesAndDirectories) {
  for (const char* system : {"linux", "freebsd"}) {
    world.Spawn(world.AddHost(system, system), "program", [] {
      EXPECT_THAT(posix::mkdir("/tmp/d", 0777), Succeeds());
      EXPECT_THAT(posix::mknod("/tmp/d/p", S_IFIFO | 0600, 0), Succeeds());
      EXPECT_THAT(posix::remove("/tmp/d"), FailsWith(ENOTEMPTY));
      EXPECT_THAT(posix::remove("/tmp/d/p"), Succeeds());
      EXPECT_THAT(posix::remove("/tmp/d"), Succeeds());
      EXPECT_THAT(posix::remove("/tmp/d"), FailsWith(ENOENT));
    });
  }
  world.Run();
}

TEST(FilesDoorTest, MistakesInADescriptionAreCollected) {
  World world;
  Host& host = world.AddHost("host");
  world.AddFile(host, "/f", "");
  world.AddDirectory(host, "/f/d");
  ASSERT_EQ(world.errors().size(), 1u);
  EXPECT_EQ(world.errors()[0], "host host: /f/d: a component that must be a directory is none");
}

}  // namespace
}  // namespace drywire
