// Processes that end where their code cannot be unwound: inside functions that the C library
// declares noexcept, in destructors, below a catch (...). They end like any other, and the world
// goes on. Linked with :interpose, so these are the C library's own declarations.
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "sim/testing/drywire_test.h"
#include "tests/harness/echo_server.h"
#include "tests/harness/sockaddr.h"

namespace drywire {
namespace {

using namespace time_literals;  // NOLINT

// Something that a function has to destroy.
struct Note {
  explicit Note(std::string* log) : log(log) {}
  ~Note() { *log += "destroyed"; }
  std::string* log;
  std::string on_the_heap = std::string(100, 'h');
};

int Connected(const char* address, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in peer = Inet(address, port);
  EXPECT_EQ(connect(fd, AsSockaddr(peer), sizeof peer), 0) << errno;
  return fd;
}

// Runs `body` as the process "victim" and sends it `signal` after a second. It must be the end of
// it, and its sockets must be gone.
void Kill(World& world, std::function<void()> body, int signal = SIGTERM) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  Host& peer = world.AddHost("peer", "linux", "10.0.0.2/24");
  world.Spawn(peer, "echo", [] { ServeEcho(); });
  Task& victim = world.Spawn(host, "victim", [&world, body = std::move(body)] {
    body();
    ADD_FAILURE() << "lives at " << world.now();
  });
  const Process& process = *Process::Of(&victim);
  world.Spawn(host, "killer", [pid = process.pid(), signal] {
    sleep(1);
    if (signal != 0) {
      EXPECT_EQ(kill(pid, signal), 0);
    }
  });
  world.AcceptStuck();
  world.Run();
  EXPECT_TRUE(victim.done());
  EXPECT_NE(process.state(), ProcessState::kRunning);
  EXPECT_EQ(host.DescribeSockets(), "");
}

DRYWIRE_TEST(Kill, ByItself) {
  std::string log;
  Kill(
      world,
      [&log] {
        const Note note(&log);
        raise(SIGTERM);
      },
      0);
  EXPECT_EQ(log, "");
}

DRYWIRE_TEST(Kill, ByItsOwnPid) {
  std::string log;
  Kill(
      world,
      [&log] {
        const Note note(&log);
        kill(getpid(), SIGKILL);
      },
      0);
  EXPECT_EQ(log, "");
}

DRYWIRE_TEST(Kill, ByExitInANoexceptFunction) {
  std::string log;
  Kill(
      world,
      [&log]() noexcept {
        const Note note(&log);
        exit(3);
      },
      0);
}

DRYWIRE_TEST(Kill, ByTheEndOfItsOnlyThread) {
  std::string log;
  Kill(
      world,
      [&log] {
        const Note note(&log);
        pthread_exit(nullptr);
      },
      0);
  EXPECT_EQ(log, "destroyed");
}

DRYWIRE_TEST(Kill, InANoexceptFunctionThatWaits) {
  std::string log;
  Kill(world, [&log] {
    const Note note(&log);
    const int fd = Connected("10.0.0.2", 7);
    [fd]() noexcept {
      char byte;
      read(fd, &byte, 1);
    }();
  });
  EXPECT_EQ(log, "");
}

DRYWIRE_TEST(Kill, WhereUnwindingWorksItIsDone) {
  std::string log;
  Kill(world, [&log] {
    const Note note(&log);
    char byte;
    read(Connected("10.0.0.2", 7), &byte, 1);
  });
  EXPECT_EQ(log, "destroyed");
}

// What a class does that owns a descriptor.
struct Owner {
  ~Owner() {
    const linger patient = {1, 100};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &patient, sizeof patient);
    close(fd);
  }
  int fd;
};

DRYWIRE_TEST(Kill, InADestructorThatLingers) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  Host& peer = world.AddHost("peer", "linux", "10.0.0.2/24");
  world.Spawn(peer, "echo", [] { ServeEcho(); });
  Task& victim = world.Spawn(host, "victim", [&] {
    const Owner owner{Connected("10.0.0.2", 7)};
    world.AddFirewallRule(peer, "input tcp dport 7 drop");
    EXPECT_EQ(write(owner.fd, "x", 1), 1);
  });
  world.At(5_s, [&] {
    EXPECT_FALSE(victim.done());
    (void)Process::Of(&victim)->Raise(SIGKILL).ok();
  });
  EXPECT_TRUE(world.RunFor(6_s).ok());
  EXPECT_TRUE(victim.done());
  world.AcceptStuck();
}

DRYWIRE_TEST(Kill, BelowACatchThatSwallows) {
  std::string log;
  Kill(world, [&log] {
    const Note note(&log);
    for (;;) {
      try {
        sleep(100);
      } catch (...) {
        log += "caught ";
      }
    }
  });
  EXPECT_EQ(log, "caught ");
}

DRYWIRE_TEST(Kill, ByACrash) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  std::string log;
  Task& victim = world.Spawn(host, "victim", [&log] {
    const Note note(&log);
    for (;;) [] { usleep(1000), sched_yield(); }();
  });
  world.At(10_ms, [&] { world.Crash(host); });
  EXPECT_TRUE(world.Run().ok());
  EXPECT_TRUE(victim.done());
}

// What is due happens at the next call, which is one that the C library declares noexcept.
DRYWIRE_TEST(Kill, ByACrashInsideGetsockopt) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  std::string log;
  Task& victim = world.Spawn(host, "victim", [&] {
    const Note note(&log);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    world.At(world.now().since_start(), [&] { world.Crash(host); });
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    ADD_FAILURE() << "lives";
  });
  EXPECT_TRUE(world.Run().ok());
  EXPECT_TRUE(victim.done());
  EXPECT_EQ(log, "");
}

DRYWIRE_TEST(Kill, AtTheEndOfTheWorld) {
  Host& host = world.AddHost("host", "linux", "10.0.0.1/24");
  world.Spawn(host, "victim", [] {
    const std::string on_the_heap(100, 'h');
    [&]() noexcept { pause(); }();
    ADD_FAILURE() << on_the_heap;
  });
  world.AcceptStuck();
  world.Run();
}

}  // namespace
}  // namespace drywire
