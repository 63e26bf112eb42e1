// Programs that do something sensible: servers that send back what they get, and clients that
// check it. Whatever the network does, what arrives must be what was sent, and a connection attempt
// must end exactly once.
#ifndef DRYWIRE_TESTS_WORLDS_ECHO_PROGRAMS_H_
#define DRYWIRE_TESTS_WORLDS_ECHO_PROGRAMS_H_

#include "tests/worlds/program.h"

namespace drywire::worlds {

// Blocking, one connection after the other.
class StreamServer final : public Program {
 public:
  using Program::Program;

 private:
  void Run() override;
  void Serve(int connection);
};

// Non-blocking, all connections at once, by epoll or poll.
class EventServer final : public Program {
 public:
  using Program::Program;

 private:
  void Run() override;
  void RunEpoll(int fd, int timeout);
  void RunPoll(int fd, int timeout);
  // False when the connection is over.
  bool Echo(int connection);
};

class DatagramServer final : public Program {
 public:
  using Program::Program;

 private:
  void Run() override;
};

// Connects, blocking or not, sends, and compares the echo.
class StreamClient final : public Program {
 public:
  using Program::Program;

 private:
  void Run() override;
  void Connection();
  // Whether fd is connected in the end.
  bool ConnectBlocking(int fd, const AnyAddress& to);
  bool ConnectInBackground(int fd, const AnyAddress& to);
  // `check`: the other side is an echo server.
  void Exchange(int fd, bool check);
};

class DatagramClient final : public Program {
 public:
  using Program::Program;

 private:
  void Run() override;
};

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_ECHO_PROGRAMS_H_
