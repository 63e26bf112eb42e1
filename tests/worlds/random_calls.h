// A program that calls POSIX's functions at random: mostly with arguments that make sense, now and
// then with any.
//
// What it may do is a random subset of the groups of calls (swarm testing): a program that never
// closes anything finds other mistakes than one that always does. Some programs have a second task
// which shares the descriptors.
#ifndef DRYWIRE_TESTS_WORLDS_RANDOM_CALLS_H_
#define DRYWIRE_TESTS_WORLDS_RANDOM_CALLS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "tests/worlds/program.h"

namespace drywire::worlds {

class RandomCalls final : public Program {
 public:
  // `descriptors`: null for a program of its own, otherwise shared with the task that has them.
  RandomCalls(Programs* programs, Host* host, uint32_t number,
              std::shared_ptr<std::vector<int>> descriptors = nullptr);

  // The fuzzer decides instead of chance; all groups of calls take part.
  void ReadDecisionsFrom(absl::Span<const uint8_t> bytes);

 private:
  void Run() override;
  void Step();
  void StartSecondTask();

  // random_socket_calls.cc
  void NewSocket();
  void Bind();
  void Listen();
  void Accept();
  void Connect();
  void Names();
  void SetOption();
  void GetOption();
  void Shutdown();

  // random_io_calls.cc
  void Send();
  void SendMessage();
  void Receive();
  void ReceiveMessage();
  void Close();
  void Duplicate();
  void Control();
  void NewOtherFile();

  // random_calls.cc
  void Poll();
  void Select();
  void Epoll();
  void Signals();
  void WaitForSignal();
  void Sleep();
  void Limits();
  void Resolve();

  // A descriptor it knows of; seldom one that is closed or never was.
  int Fd();
  void Keep(int64_t fd);
  // An address to connect or send to, with a length that is seldom wrong.
  AnyAddress Destination();
  AnyAddress UnixName();
  // Seldom blocks for ever: most programs have timeouts.
  int TimeoutMs();

  static constexpr int kGroups = 8;
  std::array<uint32_t, kGroups> weights_;
  std::shared_ptr<std::vector<int>> fds_;
  bool first_ = true;  // Of the tasks that share the descriptors.
};

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_RANDOM_CALLS_H_
