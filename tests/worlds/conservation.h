// What must hold of every world whatever happened in it: nothing is lost, nothing stays behind.
#ifndef DRYWIRE_TESTS_WORLDS_CONSERVATION_H_
#define DRYWIRE_TESTS_WORLDS_CONSERVATION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/core/time.h"
#include "sim/core/trace.h"
#include "sim/world/world.h"

namespace drywire::worlds {

// Every system call that a task began ends exactly once, unless the task was killed in it. A call
// that a signal interrupts may begin again.
class CallPairs final : public TraceSink {
 public:
  explicit CallPairs(std::vector<std::string>* violations) : violations_(violations) {}
  void OnRecord(const TraceRecord& record) override;
  uint64_t calls() const { return calls_; }

 private:
  struct TaskCalls {
    std::vector<uint64_t> open;   // by name, the outermost first: signal handlers call too
    bool handler_begins = false;  // its next call is a handler's first, not one that begins again
    bool killed = false;
  };
  void Report(const TraceRecord& record, const char* what);

  std::vector<std::string>* violations_;
  std::vector<TaskCalls> tasks_;  // by id
  uint64_t calls_ = 0;
};

// How long the hosts of `world` may need to finish when all packets get through and no process is
// left: the longest of what their profiles allow for retransmission, FIN-WAIT-2 and TIME-WAIT.
Duration LongestEnd(World& world);

// Adds what is left in a world that has come to its end: descriptors, ports, endpoints, sockets,
// packets, events, tasks.
void CheckNothingLeft(World& world, std::vector<std::string>* violations);

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_CONSERVATION_H_
