// Bodies of plain POSIX code that run on a simulated Linux host and on the real kernel alike.
//
//   LINUX_SCRIPT(LinuxTcp, Fact12_FreshSocket, R"(
//   fresh: poll=OUT|HUP read=ENOTCONN
//   )") {
//     s.Row("fresh");
//     const int fd = os::socket(AF_INET, SOCK_STREAM, 0);
//     s.Poll(fd);
//     s("read", os::read(fd, buffer, 1));
//   }
//
// A body writes down what its calls return; the test compares that with the transcript in its
// header, which was recorded on Linux 6.18. Each body is a scenario of tests/oracle as well, which
// runs it on the real kernel and so shows that the transcript is true.
//
// Each body starts on a host 10.0.0.1/24, fd00::1/64 with a silent neighbourhood but for
// 10.0.0.2 and fd00::2, which has no listener. The bodies have one task: what must happen during a
// blocking call is done by a handler of SIGALRM.
#ifndef DRYWIRE_TESTS_CONFORMANCE_LINUX_SCRIPT_H_
#define DRYWIRE_TESTS_CONFORMANCE_LINUX_SCRIPT_H_

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "tests/oracle/scenario.h"
#include "tests/oracle/script.h"
#include "tests/oracle/topologies.h"

namespace drywire {

using LinuxScript = Script;

void RunLinuxScript(const char* expected, void (*body)(LinuxScript&));

// Runs a scenario of the oracle (ORACLE) in a world and compares the transcript of its process on
// host a.
void ExpectScenario(const char* name, const char* expected);

}  // namespace drywire

#define LINUX_SCRIPT(suite, name, expected)                                            \
  static void suite##_##name##_Body(::drywire::LinuxScript& s);                        \
  TEST(suite, name) { ::drywire::RunLinuxScript(expected, suite##_##name##_Body); }    \
  ORACLE(suite, name, ::drywire::oracle::kPair) { it.On("a", suite##_##name##_Body); } \
  static void suite##_##name##_Body([[maybe_unused]] ::drywire::LinuxScript& s)

#endif  // DRYWIRE_TESTS_CONFORMANCE_LINUX_SCRIPT_H_
