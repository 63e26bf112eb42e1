// sendfile() and splice(): what goes from one descriptor to another inside the kernel.
#include <csignal>
#include <string>
#include <vector>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

int Available(int fd) {
  int bytes = -1;
  return os::ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
}

struct Pair {
  int fds[2];
  int operator[](int i) const { return fds[i]; }
};

Pair Pipe(int flags = O_NONBLOCK) {
  Pair pair;
  os::pipe2(pair.fds, flags);
  return pair;
}

Pair Sockets(int type = SOCK_STREAM | SOCK_NONBLOCK) {
  Pair pair;
  os::socketpair(AF_UNIX, type, 0, pair.fds);
  return pair;
}

int64_t Drain(int fd) {
  static char data[70'000];
  int64_t total = 0;
  for (ssize_t n = 0; (n = os::read(fd, data, sizeof data)) > 0;) total += n;
  return total;
}

int FileOf(size_t size, const char* name = "f", int flags = O_RDWR) {
  WriteFile(name, std::string(size, 'x'));
  return os::open(name, flags);
}

struct Named {
  const char* name;
  int fd;
};

// One of each kind of file.
std::vector<Named> AllKinds() {
  WriteFile("f", "0123456789");
  WriteFile("g", "");
  const Pair pipe = Pipe();
  return {{"both", os::open("f", O_RDWR)},
          {"read", os::open("f", O_RDONLY)},
          {"write", os::open("g", O_WRONLY)},
          {"append", os::open("g", O_WRONLY | O_APPEND)},
          {"directory", os::open(".", O_RDONLY)},
          {"socket", Sockets()[0]},
          {"unconnected", Tcp()},
          {"pipe out", pipe[0]},
          {"pipe in", pipe[1]},
          {"epoll", os::epoll_create1(0)},
          {"none", 99}};
}

ORACLE(Sendfile, ToASocket, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "0123456789");
    const int file = os::open("f", O_RDWR);
    const Pair pair = Sockets();
    off_t offset = 2;
    const auto send = [&](const char* label, off_t* at, size_t size) {
      s.Row(label)("sent", os::sendfile(pair[0], file, at, size));
      if (at != nullptr) s("offset", *at);
      s("position", os::lseek(file, 0, SEEK_CUR)).Receive(pair[1]);
    };
    send("from the position", nullptr, 4);
    send("on", nullptr, 100);
    send("at the end", nullptr, 1);
    send("from an offset", &offset, 3);
    send("all the rest", &offset, 100);
    send("nothing", &offset, 0);
    offset = 50;
    send("beyond", &offset, 1);
    offset = 0;
    os::close(pair[1]);
    os::signal(SIGPIPE, SIG_IGN);
    s.Row("closed")("sent", os::sendfile(pair[0], file, &offset, 1))("offset", offset);
    const int tcp = Tcp();
    s.Row("unconnected")("sent", os::sendfile(tcp, file, &offset, 1));
    s("nothing", os::sendfile(tcp, file, &offset, 0));
  });
}

ORACLE(Sendfile, OverTcp, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int file = FileOf(300'000, "f", O_RDONLY);
    s.Row("client");
    const int fd = ReachServer(s);
    os::fcntl(fd, F_SETFL, 0);
    s("sent", os::sendfile(fd, file, nullptr, 1'000'000))("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    s("received", Drain(fd));
  });
}

ORACLE(Sendfile, ToFilesAndPipes, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int file = FileOf(100'000);
    const int other = FileOf(0, "g");
    s.Row("file")("sent", os::sendfile(other, file, nullptr, 70'000));
    s("to", os::lseek(other, 0, SEEK_CUR))("from", os::lseek(file, 0, SEEK_CUR));
    s("rest", os::sendfile(other, file, nullptr, 70'000))("to", os::lseek(other, 0, SEEK_CUR));
    const Pair pipe = Pipe();
    off_t offset = 100;
    s.Row("pipe")("sent", os::sendfile(pipe[1], file, &offset, 200'000))("offset", offset);
    s("full", os::sendfile(pipe[1], file, &offset, 1))("there", Available(pipe[0]));
    s("drained", Drain(pipe[0]));
    const Pair pair = Sockets();
    s.Row("socket to pipe")("empty", os::sendfile(pipe[1], pair[0], nullptr, 10));
    s.Send(pair[1], "hello");
    s("sent", os::sendfile(pipe[1], pair[0], nullptr, 10))("there", Available(pipe[0]));
  });
}

ORACLE(Sendfile, Errors, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::signal(SIGPIPE, SIG_IGN);
    const std::vector<Named> files = AllKinds();
    for (const Named& in : files) {
      for (const Named& out : files) {
        s.Row(std::string(in.name) + " to " + out.name);
        for (const size_t size : {size_t{0}, size_t{1}, ~size_t{0}}) {
          off_t offset = 0;
          s("sent", os::sendfile(out.fd, in.fd, &offset, size));
          if (in.fd != files[0].fd) s("no offset", os::sendfile(out.fd, in.fd, nullptr, size));
          offset = -1;
          s("negative", os::sendfile(out.fd, in.fd, &offset, size));
        }
        s("bad", os::sendfile(out.fd, in.fd, reinterpret_cast<off_t*>(8), 1));
      }
    }
  });
}

ORACLE(Splice, Errors, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::signal(SIGPIPE, SIG_IGN);
    const std::vector<Named> files = AllKinds();
    for (const Named& in : files) {
      for (const Named& out : files) {
        s.Row(std::string(in.name) + " to " + out.name);
        s("none", os::splice(in.fd, nullptr, out.fd, nullptr, 0, 0));
        s("one", os::splice(in.fd, nullptr, out.fd, nullptr, 1, SPLICE_F_NONBLOCK));
        s("too many", os::splice(in.fd, nullptr, out.fd, nullptr, ~size_t{0}, SPLICE_F_NONBLOCK));
        s("flags", os::splice(in.fd, nullptr, out.fd, nullptr, 1, 16));
        for (const off_t from : {0, -1}) {
          off_t at = from;
          s("in at", os::splice(in.fd, &at, out.fd, nullptr, 1, SPLICE_F_NONBLOCK))("", at);
          at = from;
          s("out at", os::splice(in.fd, nullptr, out.fd, &at, 1, SPLICE_F_NONBLOCK))("", at);
        }
        auto* const bad = reinterpret_cast<off_t*>(8);
        s("bad in", os::splice(in.fd, bad, out.fd, nullptr, 1, 0));
        s("bad out", os::splice(in.fd, nullptr, out.fd, bad, 1, 0));
      }
    }
  });
}

// A spliced page of a pipe holds what one of the file does, and no write adds to it.
ORACLE(Splice, Pages, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int file = FileOf(50'000);
    const Pair p = Pipe();
    const Pair q = Pipe();
    off_t offset = 100;
    s.Row("file")("spliced", os::splice(file, &offset, p[1], nullptr, 60'000, 0))("", offset);
    s("write", os::write(p[1], "y", 1))("again", os::write(p[1], "y", 1));
    offset = 4095;
    s("pages", os::splice(file, &offset, p[1], nullptr, 60'000, 0))("", offset);
    s("full", os::write(p[1], "y", 1))("there", Available(p[0]));
    s.Row("pipe")("part", os::splice(p[0], nullptr, q[1], nullptr, 10, 0));
    s("write", os::write(q[1], "y", 1));
    s("rest", os::splice(p[0], nullptr, q[1], nullptr, 100'000, 0));
    s("full", os::splice(p[0], nullptr, q[1], nullptr, 100'000, 0));
    s("in p", Available(p[0]))("in q", Available(q[0]));
    s("drained", Drain(q[0]))("on", os::splice(p[0], nullptr, q[1], nullptr, 100'000, 0));
    s("empty", os::splice(p[0], nullptr, q[1], nullptr, 1, 0))("", Available(q[0]));
    s.Row("merging")("drained", Drain(q[0]))("write", os::write(p[1], "ab", 2));
    s("moved", os::splice(p[0], nullptr, q[1], nullptr, 2, 0));
    int64_t written = 0;
    for (int64_t n = 0; (n = os::write(q[1], "0123456789", 10)) > 0;) written += n;
    s("written", written)("drained", Drain(q[0]));
    const int copy = FileOf(0, "g");
    offset = 5;
    s.Row("to file")("write", os::write(p[1], "0123456789", 10));
    s("spliced", os::splice(p[0], nullptr, copy, &offset, 4, 0))("", offset);
    s("on", os::splice(p[0], nullptr, copy, nullptr, 400, 0));
    s("position", os::lseek(copy, 0, SEEK_CUR));
    char contents[16] = {};
    s("read", os::pread(copy, contents, sizeof contents - 1, 5)).Text("", contents);
    const Pair packets = Pipe(O_NONBLOCK | O_DIRECT);
    s.Row("packets")("one", os::write(packets[1], "abc", 3))("two", os::write(packets[1], "de", 2));
    s("part", os::splice(packets[0], nullptr, q[1], nullptr, 2, 0));
    s("rest", os::splice(packets[0], nullptr, q[1], nullptr, 20, 0))("drained", Drain(q[0]));
  });
}

ORACLE(Splice, Ends, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    os::signal(SIGPIPE, SIG_IGN);
    const int file = FileOf(10);
    off_t offset = 0;
    Pair p = Pipe();
    Pair u = Sockets();
    s.Row("empty")("pipe", os::splice(p[0], nullptr, u[0], nullptr, 10, 0));
    s("socket", os::splice(u[0], nullptr, p[1], nullptr, 10, 0));
    os::close(p[1]);
    s("no writer", os::splice(p[0], nullptr, u[0], nullptr, 10, 0));
    p = Pipe();
    os::close(p[0]);
    s.Row("no reader")("socket", os::splice(u[0], nullptr, p[1], nullptr, 10, 0));
    s("file", os::splice(file, &offset, p[1], nullptr, 10, 0))("", offset);
    s("end", os::splice(file, nullptr, p[1], nullptr, 10, 0));
    s.Send(u[1], "abc");
    s("data", os::splice(u[0], nullptr, p[1], nullptr, 10, 0)).Receive(u[0]);
    Pair q = Pipe();
    s("pipe", os::splice(q[0], nullptr, p[1], nullptr, 10, 0));
    os::write(q[1], "abc", 3);
    s("full pipe", os::splice(q[0], nullptr, p[1], nullptr, 10, 0))("", Available(q[0]));
    os::close(q[1]);
    Drain(q[0]);
    s("ended pipe", os::splice(q[0], nullptr, p[1], nullptr, 10, 0));
    p = Pipe();
    os::write(p[1], "abc", 3);
    os::close(u[1]);
    s.Row("closed")("to", os::splice(p[0], nullptr, u[0], nullptr, 10, 0))("", Available(p[0]));
    s("from", os::splice(u[0], nullptr, p[1], nullptr, 10, 0));
    s.Row("datagrams");
    u = Sockets(SOCK_DGRAM | SOCK_NONBLOCK);
    Drain(p[0]);
    s.Send(u[0], "12345");
    s("part", os::splice(u[1], nullptr, p[1], nullptr, 3, 0));
    s("lost", os::splice(u[1], nullptr, p[1], nullptr, 3, 0));
    s("sent", os::splice(p[0], nullptr, u[0], nullptr, 30, 0)).Receive(u[1]);
    const int udp = Udp(SOCK_NONBLOCK);
    os::write(p[1], "abc", 3);
    s("no address", os::splice(p[0], nullptr, udp, nullptr, 3, 0))("", Available(p[0]));
  });
}

// What a proxy does: a connection to a pipe, the pipe to the connection.
ORACLE(Splice, ThroughAProxy, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    os::fcntl(fd, F_SETFL, 0);
    const std::string text(5'000, 'q');
    int64_t sent = 0;
    int64_t echoed = 0;
    char data[5'000];
    for (int i = 0; i < 20; ++i) {
      sent += os::send(fd, text.data(), text.size(), 0);
      echoed += os::recv(fd, data, sizeof data, MSG_WAITALL);
    }
    s("sent", sent)("echoed", echoed)("shutdown", os::shutdown(fd, SHUT_WR));
    s("end", os::recv(fd, data, sizeof data, 0))("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("proxy");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    const Pair pipe = Pipe(0);
    int64_t in = 0;
    int64_t out = 0;
    ssize_t n = 0;
    while ((n = os::splice(fd, nullptr, pipe[1], nullptr, 60'000, 0)) > 0) {
      in += n;
      for (ssize_t left = n; left > 0;) {
        const ssize_t put = os::splice(pipe[0], nullptr, fd, nullptr, left, SPLICE_F_MOVE);
        if (put <= 0) break;
        out += put;
        left -= put;
      }
    }
    s("last", n)("in", in)("out", out)("close", os::close(fd));
  });
}

// A pipe that is full, or empty, is waited for; so is a socket, as long as SO_RCVTIMEO says.
ORACLE(Splice, Waits, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = ReachServer(s);
    os::fcntl(fd, F_SETFL, 0);
    const Pair pipe = Pipe(0);
    const timeval time = {0, 300'000};
    os::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    s.StartClock();
    s("in time", os::splice(fd, nullptr, pipe[1], nullptr, 10, SPLICE_F_NONBLOCK)).Elapsed();
    s("late", os::splice(fd, nullptr, pipe[1], nullptr, 10, 0)).Elapsed();
    os::fcntl(fd, F_SETFL, O_NONBLOCK);
    s("not", os::splice(fd, nullptr, pipe[1], nullptr, 10, 0)).Elapsed();
    s("empty", os::splice(pipe[0], nullptr, fd, nullptr, 10, SPLICE_F_NONBLOCK));
    os::write(pipe[1], "ok", 2);
    s("sent", os::splice(pipe[0], nullptr, fd, nullptr, 10, 0)).Elapsed();
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    const Pair pipe = Pipe(0);
    s("come", os::splice(fd, nullptr, pipe[1], nullptr, 10, 0))("", Available(pipe[0]));
    s("end", os::splice(fd, nullptr, pipe[1], nullptr, 10, 0));
  });
}

}  // namespace
}  // namespace drywire::oracle
