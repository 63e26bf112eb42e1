// A scenario: a topology, and a body of plain POSIX code for each process on it. Nothing in it says
// whether it runs in a simulated world or on the real kernel.
//
//   ORACLE(Connect, Refused, kPair) {
//     it.On("a", [](Script& s) {
//       const int fd = Tcp(0);
//       s.Row("refused")("connect", Connect(fd, "10.0.0.2", 80));
//     });
//   }
//
// Processes share nothing but the network and the board (Script::Announce, Script::Await): no
// variables, because on the real kernel they are processes.
#ifndef DRYWIRE_TESTS_ORACLE_SCENARIO_H_
#define DRYWIRE_TESTS_ORACLE_SCENARIO_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/oracle/script.h"

namespace drywire::oracle {

struct Scenario {
  struct Process {
    std::string host;
    std::function<void(Script&)> body;
  };
  // A row (its name, all of it) in which the simulation is known to differ from the kernel.
  struct Known {
    std::string row;
    std::string reason;
  };

  std::string name;
  std::string topology;  // YAML, see docs/topology.md
  std::vector<Process> processes;
  std::vector<Known> known;
  // Takes minutes of real time; run on demand.
  bool slow = false;
  // Real seconds after which what still runs is killed.
  int limit_s = 60;
  // The host (its interface eth0) whose packets are compared too; empty: none.
  std::string watched;

  // A process that runs `body` on `host`. Processes start together.
  Scenario& On(std::string host, std::function<void(Script&)> body);
  // A difference that is known, and why. It is reported, and counted as a difference, but does not
  // fail the test.
  Scenario& ExpectDifference(std::string row, std::string reason);
  Scenario& Slow(int limit_s = 300);
  Scenario& Watch(std::string host);
};

// In order of name.
const std::vector<Scenario>& AllScenarios();

// Defines a scenario when the program starts.
bool Register(Scenario scenario, void (*define)(Scenario& it));

}  // namespace drywire::oracle

#define ORACLE(suite, name, topology)                                                       \
  static void suite##_##name##_Scenario(::drywire::oracle::Scenario& it);                   \
  [[maybe_unused]] static const bool suite##_##name##_registered =                          \
      ::drywire::oracle::Register({#suite "." #name, topology}, suite##_##name##_Scenario); \
  static void suite##_##name##_Scenario(::drywire::oracle::Scenario& it)

#endif  // DRYWIRE_TESTS_ORACLE_SCENARIO_H_
