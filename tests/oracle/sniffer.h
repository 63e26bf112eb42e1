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
  Sniffer(pid_t child, int stop, int log) : child_(child), stop_(stop), log_(log) {}
  Sniffer(const Sniffer&) = delete;
  Sniffer& operator=(const Sniffer&) = delete;

  // Ends the capture, once. The text of a PacketLog.
  std::string Finish();

 private:
  pid_t child_;
  int stop_;  // closing it ends the capture
  int log_;
};

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_SNIFFER_H_
