// In which order arguments are judged: rows of (call, Linux, FreeBSD). Linux as observed on 6.18,
// FreeBSD as its uipc_syscalls.c copies arguments in before it looks at the descriptor.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>

#include "gtest/gtest.h"
#include "tests/stack/sys/fake_socket.h"
#include "tests/stack/sys/sys_fixture.h"

namespace drywire {
namespace {

Result<Ref<Socket>> MakeFake(Host&, int, const Credentials&) { return Ref<Socket>(new FakeSocket); }

// Below any mapping.
template <typename T = void>
T* Bad() {
  return reinterpret_cast<T*>(uintptr_t{8});
}

constexpr int kNone = -1;    // not open
constexpr int kStdout = 1;   // no socket
constexpr int kSocket = 3;   // a fresh stream socket
constexpr int kPipeEnd = 4;  // a pipe's reading end

struct Row {
  const char* name;
  std::function<SysResult(SysContext&)> call;
  int linux_errno;
  int freebsd_errno;
};

socklen_t negative = static_cast<socklen_t>(-1);
socklen_t length16 = 16;
sockaddr_in good = {AF_INET, 0, {0}, {}};
sockaddr* const kGood = reinterpret_cast<sockaddr*>(&good);
char buffer[64];
int number = 1;
msghdr too_many_vectors = [] {
  msghdr header = {};
  header.msg_iovlen = 2000;
  return header;
}();

const Row kRows[] = {
    {"connect: closed fd, bad pointer",
     [](SysContext& c) { return SysConnect(c, kNone, Bad<sockaddr>(), 16); }, EBADF, EFAULT},
    {"connect: closed fd, long address",
     [](SysContext& c) { return SysConnect(c, kNone, Bad<sockaddr>(), 1000); }, EBADF,
     ENAMETOOLONG},
    {"connect: closed fd, empty address",
     [](SysContext& c) { return SysConnect(c, kNone, kGood, 0); }, EBADF, EINVAL},
    {"connect: no socket, bad pointer",
     [](SysContext& c) { return SysConnect(c, kStdout, Bad<sockaddr>(), 16); }, EFAULT, EFAULT},
    {"connect: no socket", [](SysContext& c) { return SysConnect(c, kStdout, kGood, 16); },
     ENOTSOCK, ENOTSOCK},
    {"connect: bad pointer",
     [](SysContext& c) { return SysConnect(c, kSocket, Bad<sockaddr>(), 16); }, EFAULT, EFAULT},
    {"connect: long address", [](SysContext& c) { return SysConnect(c, kSocket, kGood, 1000); },
     EINVAL, ENAMETOOLONG},
    {"connect: negative length",
     [](SysContext& c) { return SysConnect(c, kSocket, kGood, negative); }, EINVAL, ENAMETOOLONG},
    {"bind: no socket, bad pointer",
     [](SysContext& c) { return SysBind(c, kStdout, Bad<sockaddr>(), 16); }, ENOTSOCK, EFAULT},
    {"bind: bad pointer", [](SysContext& c) { return SysBind(c, kSocket, Bad<sockaddr>(), 16); },
     EFAULT, EFAULT},
    {"listen: no socket", [](SysContext& c) { return SysListen(c, kPipeEnd, 1); }, ENOTSOCK,
     ENOTSOCK},
    {"accept4: closed fd, bad flags",
     [](SysContext& c) { return SysAccept4(c, kNone, nullptr, nullptr, 7); }, EBADF, EINVAL},
    {"accept4: no socket, bad flags",
     [](SysContext& c) { return SysAccept4(c, kStdout, nullptr, nullptr, 7); }, EINVAL, EINVAL},
    {"accept4: closed fd, bad length",
     [](SysContext& c) { return SysAccept4(c, kNone, kGood, Bad<socklen_t>(), 0); }, EBADF, EFAULT},
    {"getsockname: closed fd, bad length",
     [](SysContext& c) { return SysGetsockname(c, kNone, kGood, Bad<socklen_t>()); }, EBADF,
     EFAULT},
    {"getsockname: negative length",
     [](SysContext& c) { return SysGetsockname(c, kSocket, kGood, &negative); }, EINVAL, EINVAL},
    {"getpeername: bad address",
     [](SysContext& c) { return SysGetpeername(c, kSocket, Bad<sockaddr>(), &length16); }, EFAULT,
     EFAULT},
    {"setsockopt: closed fd, bad value",
     [](SysContext& c) { return SysSetsockopt(c, kNone, 1, 2, nullptr, 4); }, EBADF, EFAULT},
    {"setsockopt: bad value",
     [](SysContext& c) { return SysSetsockopt(c, kSocket, 1, 2, Bad(), 4); }, EFAULT, EFAULT},
    {"setsockopt: short, bad value",
     [](SysContext& c) { return SysSetsockopt(c, kSocket, 1, 2, Bad(), 2); }, EINVAL, EINVAL},
    {"setsockopt: negative length",
     [](SysContext& c) { return SysSetsockopt(c, kSocket, 1, 2, &number, negative); }, EINVAL,
     EINVAL},
    {"getsockopt: unknown option, bad length",
     [](SysContext& c) { return SysGetsockopt(c, kSocket, 1, 9999, &number, Bad<socklen_t>()); },
     EFAULT, EFAULT},
    {"getsockopt: no socket",
     [](SysContext& c) { return SysGetsockopt(c, kStdout, 1, 2, &number, &length16); }, ENOTSOCK,
     ENOTSOCK},
    {"sendto: closed fd, bad address",
     [](SysContext& c) { return SysSendto(c, kNone, "x", 1, 0, Bad<sockaddr>(), 16); }, EBADF,
     EFAULT},
    {"sendto: no socket, bad address",
     [](SysContext& c) { return SysSendto(c, kStdout, "x", 1, 0, Bad<sockaddr>(), 16); }, ENOTSOCK,
     EFAULT},
    {"send: bad data", [](SysContext& c) { return SysSend(c, kSocket, Bad(), 4, 0); }, EFAULT,
     EFAULT},
    {"recv: no socket", [](SysContext& c) { return SysRecv(c, kPipeEnd, buffer, 4, 0); }, ENOTSOCK,
     ENOTSOCK},
    {"sendmsg: bad header", [](SysContext& c) { return SysSendmsg(c, kSocket, Bad<msghdr>(), 0); },
     EFAULT, EFAULT},
    {"sendmsg: 2000 vectors",
     [](SysContext& c) { return SysSendmsg(c, kSocket, &too_many_vectors, 0); }, EMSGSIZE,
     EMSGSIZE},
    {"writev: 2000 vectors",
     [](SysContext& c) { return SysWritev(c, kSocket, Bad<iovec>(), 2000); }, EINVAL, EINVAL},
    {"writev: closed fd, bad vectors",
     [](SysContext& c) { return SysWritev(c, kNone, Bad<iovec>(), 1); }, EBADF, EBADF},
    {"writev: negative count", [](SysContext& c) { return SysWritev(c, kSocket, nullptr, -1); },
     EINVAL, EINVAL},
    {"shutdown: closed fd", [](SysContext& c) { return SysShutdown(c, kNone, 9); }, EBADF, EBADF},
    {"close: closed fd", [](SysContext& c) { return SysClose(c, kNone); }, EBADF, EBADF},
    {"dup2: target out of range", [](SysContext& c) { return SysDup2(c, kSocket, 99999999); },
     EBADF, EBADF},
    {"dup3: equal", [](SysContext& c) { return SysDup3(c, kSocket, kSocket, 0); }, EINVAL, EINVAL},
    {"dup3: flags", [](SysContext& c) { return SysDup3(c, kSocket, 50, 1); }, EINVAL, EINVAL},
    {"fcntl: F_DUPFD out of range", [](SysContext& c) { return SysFcntl(c, kSocket, F_DUPFD, -1); },
     EINVAL, EINVAL},
    {"ioctl: closed fd, bad value",
     [](SysContext& c) { return SysIoctl(c, kNone, FIONBIO, Bad()); }, EBADF, EFAULT},
    {"ioctl: FIONREAD, bad pointer",
     [](SysContext& c) { return SysIoctl(c, kSocket, FIONREAD, Bad()); }, EFAULT, EFAULT},
    {"socket: flags", [](SysContext& c) { return SysSocket(c, AF_INET, 0x10001, 0); }, EINVAL,
     EINVAL},
    {"socket: family", [](SysContext& c) { return SysSocket(c, 99, SOCK_STREAM, 0); }, EAFNOSUPPORT,
     EAFNOSUPPORT},
    {"socket: no type", [](SysContext& c) { return SysSocket(c, AF_INET, SOCK_SEQPACKET, 0); },
     ESOCKTNOSUPPORT, EPROTOTYPE},
    {"socket: type and protocol",
     [](SysContext& c) { return SysSocket(c, AF_INET, SOCK_STREAM, IPPROTO_UDP); }, EPROTONOSUPPORT,
     EPROTONOSUPPORT},
    {"socketpair: INET",
     [](SysContext& c) { return SysSocketpair(c, AF_INET, SOCK_STREAM, 0, &number); }, EOPNOTSUPP,
     EOPNOTSUPP},
    {"kill: no such process", [](SysContext& c) { return SysKill(c, 999999, 0); }, ESRCH, ESRCH},
    {"kill: no such signal", [](SysContext& c) { return SysKill(c, 0, 99); }, EINVAL, EINVAL},
    {"sigaction: SIGKILL",
     [](SysContext& c) {
       struct sigaction a = {};
       return SysSigaction(c, SIGKILL, &a, nullptr);
     },
     EINVAL, EINVAL},
    {"epoll_ctl: bad event, closed fds",
     [](SysContext& c) { return SysEpollCtl(c, kNone, EPOLL_CTL_ADD, kNone, Bad<epoll_event>()); },
     EFAULT, EFAULT},
    {"epoll_ctl: stdout into no epoll",
     [](SysContext& c) { return SysEpollCtl(c, kStdout, EPOLL_CTL_DEL, kStdout, nullptr); }, EPERM,
     EPERM},
    {"epoll_ctl: no epoll",
     [](SysContext& c) { return SysEpollCtl(c, kStdout, EPOLL_CTL_DEL, kPipeEnd, nullptr); },
     EINVAL, EINVAL},
    {"epoll_wait: no events",
     [](SysContext& c) { return SysEpollWait(c, kPipeEnd, nullptr, 0, 0); }, EINVAL, EINVAL},
    {"clock_gettime: no such clock",
     [](SysContext& c) {
       timespec t;
       return SysClockGettime(c, 99, &t);
     },
     EINVAL, EINVAL},
    {"nanosleep: bad pointer",
     [](SysContext& c) { return SysNanosleep(c, Bad<timespec>(), nullptr); }, EFAULT, EFAULT},
    {"nanosleep: a full second of nanoseconds",
     [](SysContext& c) {
       timespec t = {0, 1000000000};
       return SysNanosleep(c, &t, nullptr);
     },
     EINVAL, EINVAL},
    {"setitimer: a full second of microseconds",
     [](SysContext& c) {
       itimerval v = {{0, 0}, {0, 1000000}};
       return SysSetitimer(c, ITIMER_REAL, &v, nullptr);
     },
     EINVAL, EINVAL},
    {"clock_nanosleep: processor time",
     [](SysContext& c) {
       timespec t = {0, 1};
       return SysClockNanosleep(c, CLOCK_PROCESS_CPUTIME_ID, 0, &t, nullptr);
     },
     EINVAL, EINVAL},
    {"setitimer: processor time",
     [](SysContext& c) {
       itimerval v = {};
       return SysSetitimer(c, ITIMER_VIRTUAL, &v, nullptr);
     },
     EINVAL, EINVAL},
    {"clock_getres: no such clock", [](SysContext& c) { return SysClockGetres(c, 99, nullptr); },
     EINVAL, EINVAL},
    {"clock_getres: bad pointer",
     [](SysContext& c) { return SysClockGetres(c, CLOCK_REALTIME, Bad<timespec>()); }, EFAULT,
     EFAULT},
    {"time: bad pointer", [](SysContext& c) { return SysTime(c, Bad<time_t>()); }, EFAULT, EFAULT},
    {"timerfd_create: no such clock", [](SysContext& c) { return SysTimerfdCreate(c, 99, 0); },
     EINVAL, EINVAL},
    {"timerfd_create: flags", [](SysContext& c) { return SysTimerfdCreate(c, CLOCK_MONOTONIC, 1); },
     EINVAL, EINVAL},
    {"eventfd: flags", [](SysContext& c) { return SysEventfd(c, 0, 2); }, EINVAL, EINVAL},
    {"pipe2: bad pointer", [](SysContext& c) { return SysPipe2(c, Bad<int>(), 0); }, EFAULT,
     EFAULT},
    {"pipe2: flags", [](SysContext& c) { return SysPipe2(c, &number, 1); }, EINVAL, EINVAL},
    {"fcntl: no such command", [](SysContext& c) { return SysFcntl(c, kSocket, 9999, 0); }, EINVAL,
     EINVAL},
    {"ioctl: no such request", [](SysContext& c) { return SysIoctl(c, kSocket, 0x7777, &number); },
     ENOTTY, ENOTTY},
    {"sigprocmask: no such way",
     [](SysContext& c) {
       sigset_t set = {};
       return SysSigprocmask(c, 99, &set, nullptr);
     },
     EINVAL, EINVAL},
    {"getrlimit: of what is not modelled",
     [](SysContext& c) {
       rlimit l;
       return SysGetrlimit(c, RLIMIT_STACK, &l);
     },
     EINVAL, EINVAL},
    {"setrlimit: of what is not modelled",
     [](SysContext& c) {
       rlimit l = {1, 1};
       return SysSetrlimit(c, RLIMIT_STACK, &l);
     },
     EINVAL, EINVAL},
    {"setrlimit: soft above hard",
     [](SysContext& c) {
       rlimit l = {10, 5};
       return SysSetrlimit(c, RLIMIT_NOFILE, &l);
     },
     EINVAL, EINVAL},
};

class ArgumentsTest : public testing::TestWithParam<SysFixture::System> {};

INSTANTIATE_TEST_SUITE_P(Systems, ArgumentsTest,
                         testing::Values(SysFixture::System::kLinux, SysFixture::System::kFreeBsd),
                         [](const auto& info) {
                           return info.param == SysFixture::System::kLinux ? "linux" : "freebsd";
                         });

TEST_P(ArgumentsTest, AreJudgedInTheSystemsOrder) {
  SysFixture sim(GetParam(), MakeFake);
  sim.RunTask([&](SysContext& c) {
    ASSERT_TRUE(Gives(SysSocket(c, AF_INET, SOCK_STREAM, 0), kSocket));
    int pipe[2];
    ASSERT_TRUE(Gives(SysPipe2(c, pipe, 0), 0));
    ASSERT_EQ(pipe[0], kPipeEnd);
    for (const Row& row : kRows) {
      const int expected =
          GetParam() == SysFixture::System::kLinux ? row.linux_errno : row.freebsd_errno;
      EXPECT_TRUE(Fails(row.call(c), expected)) << row.name;
    }
  });
}

}  // namespace
}  // namespace drywire
