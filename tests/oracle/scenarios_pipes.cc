// Pipes, FIFOs' buffers, eventfd, timerfd and signalfd: what programs wait for besides sockets.
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

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

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe MakePipe(int flags = O_NONBLOCK) {
  int fds[2] = {-1, -1};
  os::pipe2(fds, flags);
  return {fds[0], fds[1]};
}

std::string Bytes(size_t size, char c = 'x') { return std::string(size, c); }

int64_t Write(int fd, const std::string& data) { return os::write(fd, data.data(), data.size()); }

int64_t Read(int fd, size_t size) {
  std::string data(size, 0);
  return os::read(fd, &data[0], size);
}

int Available(int fd) {
  int bytes = -1;
  return os::ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
}

// Writes `size` bytes again and again until that fails; returns the sum.
int64_t Fill(int fd, size_t size) {
  int64_t sum = 0;
  const std::string data = Bytes(size);
  for (int64_t put = 0; (put = Write(fd, data)) > 0;) sum += put;
  return sum;
}

ORACLE(Pipe, Flags, kLoop) {
  it.On("a", [](Script& s) {
    int fds[2] = {-1, -1};
    for (const int flags : {0, O_NONBLOCK, O_CLOEXEC, O_DIRECT, O_NONBLOCK | O_CLOEXEC}) {
      s.Row("flags " + std::to_string(flags))("pipe2", os::pipe2(fds, flags));
      for (const int fd : fds) {
        s("fd", fd)("getfl", os::fcntl(fd, F_GETFL))("getfd", os::fcntl(fd, F_GETFD));
        s("close", os::close(fd));
      }
    }
    s.Row("wrong")("bit", os::pipe2(fds, O_APPEND))("creat", os::pipe2(fds, O_CREAT));
    s("null", os::pipe2(nullptr, 0))("next", os::pipe(fds))("fd", fds[0]);
  });
}

ORACLE(Pipe, Wrong, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe();
    char c = 0;
    s("write reading", os::write(p.read, &c, 1))("read writing", os::read(p.write, &c, 1));
    s("lseek", os::lseek(p.read, 0, SEEK_CUR))("pread", os::pread(p.read, &c, 1, 0));
    s("pwrite", os::pwrite(p.write, &c, 1, 0))("ftruncate", os::ftruncate(p.write, 0));
    s("fsync", os::fsync(p.write));
    s("null read", os::read(p.read, nullptr, 0))("null write", os::write(p.write, nullptr, 0));
    s("bad write", os::write(p.write, reinterpret_cast<char*>(8), 4));
    s("put", Write(p.write, "data"));
    s("bad read", os::read(p.read, reinterpret_cast<char*>(8), 4))("left", Available(p.read));
    s("recv", os::recv(p.read, &c, 1, 0))("outq", os::ioctl(p.write, TIOCOUTQ, &c));
  });
}

ORACLE(Pipe, Fstat, kLoop) {
  it.On("a", [](Script& s) {
    s.Become(7, 8);
    const Pipe p = MakePipe();
    for (const int fd : {p.read, p.write, os::eventfd(0, 0), os::timerfd_create(CLOCK_MONOTONIC, 0),
                         os::epoll_create1(0)}) {
      struct stat status = {};
      s.Row("fd " + std::to_string(fd))("fstat", os::fstat(fd, &status));
      s("mode", status.st_mode)("size", status.st_size)("links", static_cast<int>(status.st_nlink));
      if (fd <= p.write) s("uid", status.st_uid)("gid", status.st_gid);
    }
  });
}

ORACLE(Pipe, Readiness, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe();
    const auto row = [&](const char* name) {
      s.Row(name).Poll(p.read).Poll(p.write);
      s("available", Available(p.read))("at the other end", Available(p.write));
    };
    row("empty");
    Write(p.write, "x");
    row("a byte");
    Fill(p.write, 4096);
    row("full");
    s("read", Read(p.read, 4095));
    row("a page less a byte");
    s("read", Read(p.read, 1));
    row("a page");
    s("read", Read(p.read, 70000));
    row("drained");
  });
}

// Linux's pipes hold pages, not bytes.
ORACLE(Pipe, PagesAndBytes, kLoop) {
  it.On("a", [](Script& s) {
    for (const size_t size :
         {size_t{1}, size_t{100}, size_t{2048}, size_t{2049}, size_t{3000}, size_t{4095},
          size_t{4096}, size_t{4097}, size_t{5000}, size_t{10000}, size_t{65536}, size_t{100000}}) {
      const Pipe p = MakePipe();
      s.Row(std::to_string(size))("sum", Fill(p.write, size))("available", Available(p.read));
      s("1 more", Write(p.write, "x"))("5000 more", Write(p.write, Bytes(5000)));
      s("read", Read(p.read, 3000)).Poll(p.write);
      s("1 more", Write(p.write, "x"))("4096 more", Write(p.write, Bytes(4096)));
      s("5000 more", Write(p.write, Bytes(5000)))("read", Read(p.read, 3000)).Poll(p.write);
      s("3000 more", Write(p.write, Bytes(3000)))("100000 more", Write(p.write, Bytes(100000)));
      os::close(p.read);
      os::close(p.write);
    }
  });
}

ORACLE(Pipe, MergesIntoTheLastPage, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe();
    s("size", os::fcntl(p.write, F_SETPIPE_SZ, 4096));
    for (const size_t size : {1000, 3000, 96, 1, 1}) {
      s("write", Write(p.write, Bytes(size))).Poll(p.write);
    }
    s.Row("read")("read", Read(p.read, 2000))("write", Write(p.write, "x"))("rest",
                                                                            Read(p.read, 9000));
    s("write", Write(p.write, Bytes(4096)))("more", Write(p.write, "x"));
  });
}

ORACLE(Pipe, Ends, kLoop) {
  it.On("a", [](Script& s) {
    os::signal(SIGPIPE, SIG_IGN);
    Pipe p = MakePipe();
    Write(p.write, "abc");
    os::close(p.write);
    s.Row("no writer").Poll(p.read)("read", Read(p.read, 2)).Poll(p.read);
    s("read", Read(p.read, 9)).Poll(p.read)("end", Read(p.read, 9))("available", Available(p.read));
    p = MakePipe();
    Write(p.write, "abc");
    os::close(p.read);
    s.Row("no reader").Poll(p.write)("write", Write(p.write, "x"))("nothing", Write(p.write, ""));
    s("available", Available(p.write))("size", os::fcntl(p.write, F_GETPIPE_SZ));
    p = MakePipe();
    const int other = os::dup(p.write);
    os::close(p.write);
    s.Row("another writer").Poll(p.read)("read", Read(p.read, 1))("write", Write(other, "x"));
    os::close(other);
    s("read", Read(p.read, 9))("end", Read(p.read, 9));
  });
}

int g_signals = 0;
void Count(int) { ++g_signals; }

ORACLE(Pipe, Sigpipe, kLoop) {
  it.On("a", [](Script& s) {
    g_signals = 0;
    os::signal(SIGPIPE, Count);
    const Pipe p = MakePipe();
    os::close(p.read);
    s("write", Write(p.write, "x"))("signals", g_signals)("nothing", Write(p.write, ""));
    s("signals", g_signals)("writev", os::writev(p.write, nullptr, 0))("signals", g_signals);
    const int child = os::fork_and_run([&] {
      os::signal(SIGPIPE, SIG_DFL);
      Write(p.write, "x");
      return 3;
    });
    s.Wait("child", child);
  });
}

ORACLE(Pipe, BlockingReader, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe(0);
    const int child = os::fork_and_run([&] {
      os::close(p.read);
      SleepMs(200);
      Write(p.write, "ab");
      SleepMs(200);
      Write(p.write, "cd");
      SleepMs(200);
      return 0;
    });
    os::close(p.write);
    s.StartClock();
    for (int i = 0; i < 4; ++i) s("read", Read(p.read, 64)).Elapsed();
    s.Wait("child", child);
  });
}

ORACLE(Pipe, BlockingWriter, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe(0);
    const int child = os::fork_and_run([&] {
      os::close(p.write);
      SleepMs(200);
      int64_t sum = Read(p.read, 4096);
      SleepMs(200);
      for (int64_t part = 0; (part = Read(p.read, 30000)) > 0;) sum += part;
      return sum == 4096 + 65536 + 10000 - 4096 ? 0 : 1;
    });
    os::close(p.read);
    s.StartClock();
    s("fits", Write(p.write, Bytes(65536))).Elapsed();
    s("page", Write(p.write, Bytes(3000))).Elapsed();
    s("more", Write(p.write, Bytes(7000))).Elapsed();
    os::close(p.write);
    s.Wait("child", child);
  });
}

ORACLE(Pipe, LongWriteIsCutByASignal, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe(0);
    AlarmAfter(200, DoNothing);
    s.StartClock();
    s("long", Write(p.write, Bytes(100000))).Elapsed();
    AlarmAfter(200, DoNothing);
    s("full", Write(p.write, "x")).Elapsed();
    AlarmAfter(200, DoNothing, SA_RESTART);
    const int child = os::fork_and_run([&] {
      SleepMs(400);
      return Read(p.read, 8192) == 8192 ? 0 : 1;
    });
    s("restarted", Write(p.write, "x")).Elapsed();
    s.Wait("child", child);
  });
}

ORACLE(Pipe, WriterOfALostReader, kLoop) {
  it.On("a", [](Script& s) {
    os::signal(SIGPIPE, SIG_IGN);
    const Pipe p = MakePipe(0);
    const int child = os::fork_and_run([&] {
      SleepMs(200);
      return 0;
    });
    os::close(p.read);
    s.StartClock();
    s("long", Write(p.write, Bytes(100000))).Elapsed()("again", Write(p.write, "x"));
    s.Wait("child", child);
  });
}

ORACLE(Pipe, Size, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe();
    s("size", os::fcntl(p.read, F_GETPIPE_SZ));
    for (const int size : {1, 4096, 4097, 10000, 65536, 1048576}) {
      s.Row(std::to_string(size))("set", os::fcntl(p.write, F_SETPIPE_SZ, size));
      s("get", os::fcntl(p.read, F_GETPIPE_SZ))("holds", Fill(p.write, 4096)).Poll(p.write);
      s("smaller", os::fcntl(p.read, F_SETPIPE_SZ, 2048))("read", Read(p.read, 2 << 20));
    }
    s.Row("wrong")("zero", os::fcntl(p.read, F_SETPIPE_SZ, 0));
    s("negative", os::fcntl(p.read, F_SETPIPE_SZ, -1))("of a socket",
                                                       os::fcntl(Udp(), F_GETPIPE_SZ));
    s("of an eventfd", os::fcntl(os::eventfd(0, 0), F_SETPIPE_SZ, 4096));
    s.Row("unprivileged");
    s.Become(7, 8);
    s("most", os::fcntl(p.read, F_SETPIPE_SZ, 1048576));
    s("more", os::fcntl(p.read, F_SETPIPE_SZ, 1048577));
    s("less", os::fcntl(p.read, F_SETPIPE_SZ, 8192));
  });
}

ORACLE(Pipe, Packets, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe(O_NONBLOCK | O_DIRECT);
    for (const size_t size : {1, 10, 4096, 5000}) s("write", Write(p.write, Bytes(size)));
    s("available", Available(p.read));
    s("read", Read(p.read, 100))("cut", Read(p.read, 4))("read", Read(p.read, 9000));
    s("available", Available(p.read))("read", Read(p.read, 9000))("read", Read(p.read, 9000));
    s("empty", Read(p.read, 9000))("sum", Fill(p.write, 1));
  });
}

ORACLE(Pipe, Fifo, kLoop) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::signal(SIGPIPE, SIG_IGN);
    os::mkfifo("f", 0666);
    const int both = os::open("f", O_RDWR | O_NONBLOCK);
    s("size", os::fcntl(both, F_GETPIPE_SZ))("set", os::fcntl(both, F_SETPIPE_SZ, 8192));
    s("sum", Fill(both, 3000))("available", Available(both)).Poll(both);
    s("read", Read(both, 3000)).Poll(both)("read", Read(both, 9999)).Poll(both);
    const int writer = os::open("f", O_WRONLY | O_NONBLOCK);
    os::close(both);
    s.Row("lost").Poll(writer)("write", Write(writer, "x"))("nothing", Write(writer, ""));
  });
}

ORACLE(Pipe, EdgeTriggered, kLoop) {
  it.On("a", [](Script& s) {
    const Pipe p = MakePipe();
    const int epoll = os::epoll_create1(0);
    const auto add = [&](int fd, uint32_t events) {
      epoll_event event = {};
      event.events = events | EPOLLET;
      event.data.fd = fd;
      return os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    };
    const auto row = [&](const std::string& name) {
      epoll_event events[4] = {};
      const int n = os::epoll_wait(epoll, events, 4, 0);
      s.Row(name)("ready", n);
      for (int i = 0; i < n; ++i) {
        s.Text(events[i].data.fd == p.read ? "reader" : "writer", Script::Events(events[i].events));
      }
    };
    s("add", add(p.read, EPOLLIN))("add", add(p.write, EPOLLOUT));
    row("begin");
    Write(p.write, "x");
    row("first");
    Write(p.write, "x");
    row("second");
    row("nothing");
    Read(p.read, 1);
    row("read one");
    Fill(p.write, 4096);
    row("full");
    Read(p.read, 4096);
    row("one page read");
    Read(p.read, 4096);
    row("another page read");
    os::close(p.write);
    row("closed");
  });
}

// --- eventfd ---

int64_t Put(int fd, uint64_t value) { return os::write(fd, &value, sizeof value); }

void Take(Script& s, int fd) {
  uint64_t value = 0;
  s("read", os::read(fd, &value, sizeof value)).Text("value", std::to_string(value));
}

ORACLE(Eventfd, Counts, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::eventfd(3, EFD_NONBLOCK);
    s("getfl", os::fcntl(fd, F_GETFL))("getfd", os::fcntl(fd, F_GETFD)).Poll(fd);
    Take(s, fd);
    s.Poll(fd);
    Take(s, fd);
    s("add", Put(fd, 5))("add", Put(fd, 7))("none", Put(fd, 0));
    Take(s, fd);
    s.Row("limits")("most", Put(fd, ~uint64_t{0} - 1)).Poll(fd)("one more", Put(fd, 1));
    s("none more", Put(fd, 0))("too much", Put(fd, ~uint64_t{0}));
    Take(s, fd);
    s.Row("sizes")("short write", os::write(fd, "1234567", 7));
    const std::string data = Bytes(20, '\1');
    s("long write", os::write(fd, data.data(), 20))("short read", Read(fd, 7));
    s("long read", Read(fd, 20))("empty", Read(fd, 20))("empty and short", Read(fd, 7));
  });
}

ORACLE(Eventfd, Semaphore, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
    for (int i = 0; i < 3; ++i) Take(s, fd);
    s("add", Put(fd, 2)).Poll(fd);
    Take(s, fd);
    s.Poll(fd);
  });
}

ORACLE(Eventfd, Wrong, kLoop) {
  it.On("a", [](Script& s) {
    s("flags", os::eventfd(0, 0x40))("none", os::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK))(
        "getfd", os::fcntl(3, F_GETFD));
    uint64_t value = 1;
    s("bad read", os::read(3, reinterpret_cast<char*>(8), 8));
    s("bad write", os::write(3, reinterpret_cast<char*>(8), 8));
    s("pread", os::pread(3, &value, 8, 0))("lseek", os::lseek(3, 0, SEEK_CUR));
    s("bytes", Available(3))("ftruncate", os::ftruncate(3, 0));
  });
}

ORACLE(Eventfd, Blocks, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::eventfd(0, 0);
    const int child = os::fork_and_run([&] {
      SleepMs(200);
      Put(fd, 1);
      SleepMs(200);
      uint64_t value = 0;
      os::read(fd, &value, sizeof value);
      return static_cast<int>(value == ~uint64_t{0} - 1 ? 0 : 1);
    });
    s.StartClock();
    Take(s, fd);
    s.Elapsed()("fill", Put(fd, ~uint64_t{0} - 1))("more", Put(fd, 3)).Elapsed();
    Take(s, fd);
    s.Wait("child", child);
  });
}

ORACLE(Eventfd, EdgeTriggered, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::eventfd(0, EFD_NONBLOCK);
    const int epoll = os::epoll_create1(0);
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLET;
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    const auto ready = [&] { return os::epoll_wait(epoll, &event, 1, 0); };
    s("none", ready())("put", Put(fd, 1))("first", ready())("again", ready());
    s("put", Put(fd, 1))("second", ready())("put", Put(fd, 0))("of nothing", ready());
  });
}

// --- timerfd ---

itimerspec Spec(int first_ms, int interval_ms = 0) {
  return {{interval_ms / 1000, interval_ms % 1000 * 1'000'000L},
          {first_ms / 1000, first_ms % 1000 * 1'000'000L}};
}

// In tenths of a second.
void Left(Script& s, const itimerspec& value) {
  const auto tenths = [](const timespec& time) {
    return time.tv_sec * 10 + (time.tv_nsec + 50'000'000) / 100'000'000;
  };
  s("left", tenths(value.it_value))("interval", tenths(value.it_interval));
}

ORACLE(Timerfd, Flags, kLoop) {
  it.On("a", [](Script& s) {
    for (const int clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW,
                            CLOCK_PROCESS_CPUTIME_ID, CLOCK_TAI, -1, 99}) {
      s("clock " + std::to_string(clock), os::timerfd_create(clock, 0));
    }
    const int fd = os::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    s("getfl", os::fcntl(fd, F_GETFL))("getfd", os::fcntl(fd, F_GETFD)).Poll(fd);
    s("bad", os::timerfd_create(CLOCK_MONOTONIC, 0x40));
    s.Become(7, 8);
    s("alarm", os::timerfd_create(CLOCK_REALTIME_ALARM, 0));
  });
}

ORACLE(Timerfd, Wrong, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    itimerspec value = Spec(1000);
    s("not open", os::timerfd_settime(99, 0, &value, nullptr));
    s("no timer", os::timerfd_settime(1, 0, &value, nullptr))("get",
                                                              os::timerfd_gettime(1, &value));
    s("flags", os::timerfd_settime(fd, 8, &value, nullptr));
    s("cancel", os::timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET, &value, nullptr));
    s("null", os::timerfd_settime(fd, 0, nullptr, nullptr));
    s("get null", os::timerfd_gettime(fd, nullptr));
    value.it_value.tv_nsec = 1'000'000'000;
    s("nanos", os::timerfd_settime(fd, 0, &value, nullptr));
    value = Spec(1000);
    value.it_value.tv_sec = -1;
    s("negative", os::timerfd_settime(fd, 0, &value, nullptr));
    value = Spec(1000);
    value.it_interval.tv_nsec = -1;
    s("interval", os::timerfd_settime(fd, 0, &value, nullptr));
    s("flags and not open", os::timerfd_settime(99, 8, &value, nullptr));
    s("short", Read(fd, 7))("write", Put(fd, 1))("empty", Read(fd, 8));
  });
}

ORACLE(Timerfd, Once, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    itimerspec value = Spec(0);
    s("get", os::timerfd_gettime(fd, &value));
    Left(s, value);
    const itimerspec first = Spec(500);
    s("set", os::timerfd_settime(fd, 0, &first, &value));
    Left(s, value);
    Take(s, fd);
    SleepMs(200);
    s("get", os::timerfd_gettime(fd, &value)).Poll(fd);
    Left(s, value);
    SleepMs(500);
    s.Row("expired").Poll(fd)("get", os::timerfd_gettime(fd, &value));
    Left(s, value);
    Take(s, fd);
    Take(s, fd);
    s.Poll(fd);
    SleepMs(600);
    Take(s, fd);
  });
}

ORACLE(Timerfd, Interval, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    itimerspec value = Spec(200, 400);
    s("set", os::timerfd_settime(fd, 0, &value, nullptr));
    SleepMs(100);
    s("get", os::timerfd_gettime(fd, &value));
    Left(s, value);
    SleepMs(1400);
    s.Row("overrun").Poll(fd)("get", os::timerfd_gettime(fd, &value));
    Left(s, value);
    Take(s, fd);
    Take(s, fd);
    SleepMs(400);
    s("set", os::timerfd_settime(fd, 0, &value, &value));
    Left(s, value);
    Take(s, fd);
    const itimerspec off = Spec(0, 700);
    s.Row("off")("set", os::timerfd_settime(fd, 0, &off, nullptr))("get",
                                                                   os::timerfd_gettime(fd, &value));
    Left(s, value);
    SleepMs(900);
    Take(s, fd);
  });
}

ORACLE(Timerfd, Absolute, kLoop) {
  it.On("a", [](Script& s) {
    for (const int clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
      const int fd = os::timerfd_create(clock, 0);
      s.Row(std::to_string(clock));
      itimerspec value = Spec(0);
      os::clock_gettime(clock, &value.it_value);
      value.it_value.tv_sec += 1;
      s("set", os::timerfd_settime(fd, TFD_TIMER_ABSTIME, &value, nullptr));
      Take(s, fd);
      s.Elapsed();
      // A time that has passed.
      value.it_value.tv_sec -= 1;
      value.it_interval = {0, 300'000'000};
      s("past", os::timerfd_settime(fd, TFD_TIMER_ABSTIME, &value, nullptr));
      Take(s, fd);
      Take(s, fd);
      s.Elapsed();
    }
  });
}

ORACLE(Timerfd, BlocksAndIsSet, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::timerfd_create(CLOCK_MONOTONIC, 0);
    const int child = os::fork_and_run([&] {
      SleepMs(300);
      const itimerspec soon = Spec(300);
      return os::timerfd_settime(fd, 0, &soon, nullptr);
    });
    s.StartClock();
    Take(s, fd);
    s.Elapsed().Wait("child", child);
  });
}

ORACLE(Timerfd, EdgeTriggered, kLoop) {
  it.On("a", [](Script& s) {
    const int fd = os::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const int epoll = os::epoll_create1(0);
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLET;
    os::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    const itimerspec value = Spec(100, 200);
    os::timerfd_settime(fd, 0, &value, nullptr);
    const auto ready = [&](int ms) { return os::epoll_wait(epoll, &event, 1, ms); };
    s("first", ready(150))("unread", ready(500));
    Take(s, fd);
    s("read", ready(250))("unread", ready(300));
  });
}

// --- signalfd ---

sigset_t Set(std::vector<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

void Block(std::vector<int> signals) {
  const sigset_t set = Set(std::move(signals));
  os::sigprocmask(SIG_BLOCK, &set, nullptr);
}

void TakeSignals(Script& s, int fd, int count) {
  signalfd_siginfo info[8] = {};
  const ssize_t size = os::read(fd, info, static_cast<size_t>(count) * sizeof info[0]);
  s("read", size);
  for (ssize_t i = 0; i < size / static_cast<ssize_t>(sizeof info[0]); ++i) {
    s("signal", static_cast<int>(info[i].ssi_signo));
    s.Text("code", std::to_string(info[i].ssi_code));
    s.Text("from", info[i].ssi_pid == static_cast<uint32_t>(os::getpid())
                       ? "self"
                       : std::to_string(info[i].ssi_pid != 0));
    s("uid", info[i].ssi_uid)("status", info[i].ssi_status)("int", info[i].ssi_int);
  }
}

ORACLE(Signalfd, Reads, kLoop) {
  it.On("a", [](Script& s) {
    Block({SIGUSR1, SIGUSR2, SIGTERM});
    const sigset_t set = Set({SIGUSR1, SIGUSR2});
    const int fd = os::signalfd(-1, &set, SFD_NONBLOCK);
    s("getfl", os::fcntl(fd, F_GETFL)).Poll(fd);
    TakeSignals(s, fd, 1);
    os::setresuid(5, 0, 6);
    s.Row("two")("kill", os::kill(os::getpid(), SIGUSR2))("raise", os::raise(SIGUSR1));
    s("again", os::raise(SIGUSR1))("other", os::raise(SIGTERM)).Poll(fd);
    TakeSignals(s, fd, 1);
    s.Poll(fd);
    TakeSignals(s, fd, 4);
    s.Poll(fd);
    TakeSignals(s, fd, 4);
    sigset_t pending;
    s("pending", os::sigpending(&pending))("left", sigismember(&pending, SIGTERM));
    s("taken", sigismember(&pending, SIGUSR1));
  });
}

ORACLE(Signalfd, Queue, kLoop) {
  it.On("a", [](Script& s) {
    const int real_time = SIGRTMIN + 2;
    Block({SIGUSR1, real_time});
    const sigset_t set = Set({SIGUSR1, real_time});
    const int fd = os::signalfd(-1, &set, SFD_NONBLOCK);
    for (int i = 1; i <= 3; ++i) {
      sigval value = {};
      value.sival_int = i;
      s("queue", os::sigqueue(os::getpid(), real_time, value));
      s("queue", os::sigqueue(os::getpid(), SIGUSR1, value));
    }
    TakeSignals(s, fd, 8);
    s.Row("wrong")("number", os::sigqueue(os::getpid(), 65, sigval{}));
    s("process", os::sigqueue(99999999, SIGUSR1, sigval{}))(
        "none", os::sigqueue(os::getpid(), 0, sigval{}));
  });
}

ORACLE(Signalfd, Wrong, kLoop) {
  it.On("a", [](Script& s) {
    const sigset_t set = Set({SIGUSR1, SIGKILL});
    s("flags", os::signalfd(-1, &set, 0x40))("not open", os::signalfd(99, &set, 0));
    s("another", os::signalfd(1, &set, 0))("minus two", os::signalfd(-2, &set, 0));
    const int fd = os::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    s("getfd", os::fcntl(fd, F_GETFD))("short", Read(fd, 127))("write", Put(fd, 1));
    s("same", os::signalfd(fd, &set, 0) == fd)("lseek", os::lseek(fd, 0, SEEK_CUR));
  });
}

ORACLE(Signalfd, Blocks, kLoop) {
  it.On("a", [](Script& s) {
    Block({SIGUSR1, SIGCHLD});
    const sigset_t set = Set({SIGUSR1, SIGCHLD});
    const int fd = os::signalfd(-1, &set, 0);
    const int parent = os::getpid();
    const int child = os::fork_and_run([&] {
      SleepMs(200);
      os::kill(parent, SIGUSR1);
      SleepMs(200);
      return 5;
    });
    s.StartClock();
    TakeSignals(s, fd, 1);
    s.Elapsed();
    TakeSignals(s, fd, 1);
    s.Elapsed().Wait("child", child);
  });
}

ORACLE(Signalfd, SetChanges, kLoop) {
  it.On("a", [](Script& s) {
    Block({SIGUSR1, SIGUSR2});
    const sigset_t one = Set({SIGUSR1});
    const sigset_t two = Set({SIGUSR2});
    const int fd = os::signalfd(-1, &one, SFD_NONBLOCK);
    os::raise(SIGUSR2);
    s.Poll(fd)("change", os::signalfd(fd, &two, 0) == fd).Poll(fd);
    TakeSignals(s, fd, 2);
  });
}

// A child looks at its own signals through the descriptor that it inherited.
ORACLE(Signalfd, Inherited, kLoop) {
  it.On("a", [](Script& s) {
    Block({SIGUSR1});
    const sigset_t set = Set({SIGUSR1});
    const int fd = os::signalfd(-1, &set, SFD_NONBLOCK);
    os::raise(SIGUSR1);
    const int child = os::fork_and_run([&] {
      signalfd_siginfo info = {};
      if (os::read(fd, &info, sizeof info) >= 0) return 1;
      os::raise(SIGUSR1);
      return os::read(fd, &info, sizeof info) == sizeof info ? 0 : 2;
    });
    s.Wait("child", child);
    TakeSignals(s, fd, 1);
  });
}

ORACLE(Signalfd, Sigwait, kLoop) {
  it.On("a", [](Script& s) {
    Block({SIGUSR1, SIGUSR2});
    const sigset_t set = Set({SIGUSR1, SIGUSR2});
    siginfo_t info = {};
    const timespec none = {};
    const timespec some = {0, 300'000'000};
    const timespec bad = {0, 1'000'000'000};
    s.StartClock();
    s("at once", os::sigtimedwait(&set, &info, &none))("later",
                                                       os::sigtimedwait(&set, &info, &some));
    s.Elapsed()("bad", os::sigtimedwait(&set, &info, &bad));
    os::kill(os::getpid(), SIGUSR2);
    os::kill(os::getpid(), SIGUSR1);
    s.Row("two")("wait", os::sigwaitinfo(&set, &info))("code", info.si_code == SI_USER);
    s("self", info.si_pid == os::getpid());
    int number = 0;
    s("sigwait", os::sigwait(&set, &number))("number", number);
    AlarmAfter(200, DoNothing, SA_RESTART);
    s.Row("interrupted")("wait", os::sigwaitinfo(&set, nullptr)).Elapsed();
    // One that is caught, and not blocked: it is taken all the same.
    g_signals = 0;
    os::signal(SIGTERM, Count);
    const sigset_t term = Set({SIGTERM});
    const int parent = os::getpid();
    const int child = os::fork_and_run([&] {
      SleepMs(200);
      return os::kill(parent, SIGTERM);
    });
    s("unblocked", os::sigwaitinfo(&term, &info)).Elapsed()("child", info.si_pid == child);
    s("handled", g_signals);
  });
}

siginfo_t g_info = {};
void Note(int, siginfo_t* info, void*) { g_info = *info; }

ORACLE(Signalfd, HandlersAreTold, kLoop) {
  it.On("a", [](Script& s) {
    struct sigaction action = {};
    action.sa_sigaction = Note;
    action.sa_flags = SA_SIGINFO;
    for (const int signal : {SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE}) {
      os::sigaction(signal, &action, nullptr);
    }
    const auto row = [&](const char* name, int pid) {
      s.Row(name)("signal", g_info.si_signo).Text("code", std::to_string(g_info.si_code));
      s("sender", g_info.si_pid == pid)("uid", g_info.si_uid);
    };
    os::kill(os::getpid(), SIGUSR1);
    row("kill", os::getpid());
    os::raise(SIGUSR1);
    row("raise", os::getpid());
    sigval value = {};
    value.sival_int = 77;
    os::sigqueue(os::getpid(), SIGUSR1, value);
    row("sigqueue", os::getpid());
    s("value", g_info.si_value.sival_int);
    itimerval timer = {};
    timer.it_value.tv_usec = 1000;
    os::setitimer(ITIMER_REAL, &timer, nullptr);
    os::pause();
    row("timer", 0);
    const Pipe p = MakePipe();
    os::close(p.read);
    Write(p.write, "x");
    row("pipe", os::getpid());
    const int child = os::fork_and_run([] { return 300; });
    SleepMs(100);
    row("child", child);
    s("status", g_info.si_status).Wait("wait", child);
    const int killed = os::fork_and_run([] { return os::pause(); });
    SleepMs(50);
    os::kill(killed, SIGTERM);
    SleepMs(100);
    row("killed", killed);
    s("status", g_info.si_status).Wait("wait", killed);
  });
}

}  // namespace
}  // namespace drywire::oracle
