// UNIX sockets under :interpose: paths that the world gave the host, and abstract names, are
// simulated.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string>

#include "sim/testing/drywire_test.h"

namespace drywire {
namespace {

struct Name {
  explicit Name(const std::string& path) {
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    if (path[0] == '@') un.sun_path[0] = '\0';
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&un); }
  sockaddr_un un = {};
  socklen_t length;
};

int Listen(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_THAT(bind(fd, Name(path).get(), Name(path).length), Succeeds());
  EXPECT_THAT(listen(fd, 4), Succeeds());
  return fd;
}

int Connect(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return connect(fd, Name(path).get(), Name(path).length) == 0 ? fd : -1;
}

DRYWIRE_TEST(InterposeUnix, APathOfTheHosts) {
  Host& host = world.AddHost("host");
  world.AddDirectory(host, "/run/app");
  world.Spawn(host, "server", [] {
    const int listener = Listen("/run/app/socket");
    const int fd = accept(listener, nullptr, nullptr);
    char text[8] = "";
    EXPECT_EQ(read(fd, text, sizeof text), 5);
    EXPECT_STREQ(text, "hello");
    EXPECT_EQ(write(fd, "bye", 3), 3);
    struct stat status = {};
    EXPECT_THAT(stat("/run/app/socket", &status), Succeeds());
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_THAT(unlink("/run/app/socket"), Succeeds());
  });
  world.Spawn(host, "client", [] {
    usleep(1000);
    const int fd = Connect("/run/app/socket");
    ASSERT_THAT(fd, Succeeds());
    EXPECT_EQ(write(fd, "hello", 5), 5);
    char text[4] = "";
    EXPECT_EQ(read(fd, text, 3), 3);
    EXPECT_STREQ(text, "bye");
    EXPECT_THAT(Connect("/run/app/nothing"), FailsWith(ENOENT));
  });
  world.Run();
  struct stat status = {};
  EXPECT_THAT(stat("/run/app", &status), FailsWith(ENOENT));
}

DRYWIRE_TEST(InterposeUnix, AbstractNamesAreTheHosts) {
  Host& host = world.AddHost("host");
  Host& other = world.AddHost("other");
  world.Spawn(host, "process", [] {
    Listen("@drywire");
    EXPECT_THAT(Connect("@drywire"), Succeeds());
  });
  world.Spawn(other, "process", [] { EXPECT_THAT(Connect("@drywire"), FailsWith(ECONNREFUSED)); });
  world.Run();
}

DRYWIRE_TEST(InterposeUnix, PathsOfTheRealMachineAreRefused) {
  Host& host = world.AddHost("host");
  world.Spawn(host, "process", [] {
    const Name log("/dev/log");
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    EXPECT_THAT(connect(fd, log.get(), log.length), FailsWith(ENOENT));
    EXPECT_THAT(bind(fd, log.get(), log.length), FailsWith(ENOENT));
    EXPECT_THAT(sendto(fd, "x", 1, 0, log.get(), log.length), FailsWith(ENOENT));
    msghdr message = {};
    message.msg_name = const_cast<sockaddr*>(log.get());
    message.msg_namelen = log.length;
    EXPECT_THAT(sendmsg(fd, &message, 0), FailsWith(ENOENT));
    // Wrong in another way.
    const int inet = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_THAT(connect(inet, log.get(), log.length), FailsWith(EINVAL));
    EXPECT_THAT(connect(fd, log.get(), 2), FailsWith(EINVAL));
    EXPECT_THAT(connect(fd, reinterpret_cast<const sockaddr*>(8), log.length), FailsWith(EFAULT));
  });
  testing::internal::CaptureStderr();
  world.Run();
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      testing::HasSubstr("connect() of a UNIX socket to a path of the real machine's is not "
                         "modelled"));
}

// A descriptor travels from one process to another.
DRYWIRE_TEST(InterposeUnix, DescriptorsTravel) {
  Host& host = world.AddHost("host");
  world.Spawn(host, "receiver", [] {
    const int listener = Listen("@pass");
    const int fd = accept(listener, nullptr, nullptr);
    char byte;
    iovec vector = {&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ASSERT_EQ(recvmsg(fd, &message, 0), 1);
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    ASSERT_NE(header, nullptr);
    int pipe_end;
    std::memcpy(&pipe_end, CMSG_DATA(header), sizeof pipe_end);
    char text[8] = "";
    EXPECT_EQ(read(pipe_end, text, sizeof text), 4);
    EXPECT_STREQ(text, "pipe");
  });
  world.Spawn(host, "sender", [] {
    usleep(1000);
    int fds[2];
    EXPECT_THAT(pipe(fds), Succeeds());
    EXPECT_EQ(write(fds[1], "pipe", 4), 4);
    const int fd = Connect("@pass");
    iovec vector = {const_cast<char*>("x"), 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    std::memcpy(CMSG_DATA(header), &fds[0], sizeof(int));
    EXPECT_EQ(sendmsg(fd, &message, 0), 1);
  });
  world.Run();
}

}  // namespace
}  // namespace drywire
