// Captures what crosses an interface of the real kernel, in a process of its own.
#ifndef DRYWIRE_TESTS_ORACLE_SNIFFER_H_
#define DRYWIRE_TESTS_ORACLE_SNIFFER_H_

#include <sys/types.h>

#include <memory>
#include <string>

namespace drywire::oracle {

class Sniffer {
 public:
  // Returns when it is listening; null when it cannot.
  static std::unique_ptr<Sniffer> Start(const std::string& space, const std::string& interface);
  Sniffer(pid_t child, int pipe) : child_(child), pipe_(pipe) {}
  Sniffer(const Sniffer&) = delete;
  Sniffer& operator=(const Sniffer&) = delete;
  ~Sniffer();

  // Ends the capture. The lines of PacketLog (packet_log.h).
  std::string Finish();

 private:
  [[maybe_unused]] pid_t child_;
  [[maybe_unused]] int pipe_;
};

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_SNIFFER_H_
