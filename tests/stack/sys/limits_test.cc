// Descriptors run out: RLIMIT_NOFILE is EMFILE, fs.file-max and kern.maxfiles are ENFILE, for every
// call that opens something (socket(2), pipe(2), eventfd(2), epoll_create(2), timerfd_create(2)).
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "stack/base/credentials.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

using System = SysFixture::System;

struct Opener {
  const char* name;
  SysResult (*open)(SysContext& c);
};

int fds[2];

constexpr Opener kOpeners[] = {
    {"socket", [](SysContext& c) { return SysSocket(c, AF_INET, SOCK_DGRAM, 0); }},
    {"socketpair", [](SysContext& c) { return SysSocketpair(c, AF_UNIX, SOCK_STREAM, 0, fds); }},
    {"pipe", [](SysContext& c) { return SysPipe2(c, fds, 0); }},
    {"eventfd", [](SysContext& c) { return SysEventfd(c, 0, 0); }},
    {"timerfd", [](SysContext& c) { return SysTimerfdCreate(c, CLOCK_MONOTONIC, 0); }},
    {"epoll_create", [](SysContext& c) { return SysEpollCreate1(c, 0); }},
};

void ExpectAllFail(SysContext& c, int error) {
  for (const Opener& opener : kOpeners) {
    EXPECT_TRUE(Fails(opener.open(c), error)) << opener.name;
  }
}

TEST(LimitsTest, OfAProcess) {
  SysFixture sim;
  sim.RunTask([](SysContext& c) {
    const rlimit none_left = {3, 3};
    ASSERT_TRUE(Gives(SysSetrlimit(c, RLIMIT_NOFILE, &none_left), 0));
    ExpectAllFail(c, EMFILE);
    EXPECT_TRUE(Fails(SysDup(c, 0), EMFILE));
    ASSERT_TRUE(Gives(SysClose(c, 0), 0));
    EXPECT_TRUE(Fails(SysPipe2(c, fds, 0), EMFILE)) << "one is not enough";
    EXPECT_TRUE(Gives(SysDup(c, 1), 0));
  });
}

TEST(LimitsTest, OfALinuxHost) {  // proc(5): not for the privileged
  SysFixture sim;
  ASSERT_TRUE(sim.host().profile().Set("fs.file-max", "1").ok());
  Credentials user;
  user.uid = 1000;
  sim.SpawnIn(sim.host().CreateProcess("user", user), "user",
              [](SysContext& c) { ExpectAllFail(c, ENFILE); });
  sim.RunTask([](SysContext& c) {
    EXPECT_TRUE(Gives(SysSocket(c, AF_INET, SOCK_DGRAM, 0), 3));
    EXPECT_TRUE(Gives(SysDup(c, 3), 4)) << "the same file";
  });
}

TEST(LimitsTest, OfAFreeBsdHost) {  // kern.maxfiles: for everybody
  SysFixture sim(System::kFreeBsd);
  ASSERT_TRUE(sim.host().profile().Set("kern.maxfiles", "3").ok());
  sim.RunTask([](SysContext& c) {
    EXPECT_TRUE(Fails(SysSocket(c, AF_INET, SOCK_DGRAM, 0), ENFILE));
    ASSERT_TRUE(Gives(SysClose(c, 0), 0));
    EXPECT_TRUE(Gives(SysSocket(c, AF_INET, SOCK_DGRAM, 0), 0));
  });
}

}  // namespace
}  // namespace drywire
