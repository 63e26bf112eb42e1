// Matchers for the results of system calls and for what a world shows.
//
//   EXPECT_THAT(connect(fd, ...), FailsWith(ECONNREFUSED));
//   EXPECT_THAT(PacketsFrom(world, client), ElementsAre(StartsWith("S "), StartsWith(". ")));
//   EXPECT_THAT(TcpStates(server), ElementsAre("LISTEN", "ESTAB"));
#ifndef DRYWIRE_SIM_TESTING_MATCHERS_H_
#define DRYWIRE_SIM_TESTING_MATCHERS_H_

#include <cerrno>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sim/world/world.h"

namespace drywire {

// "ECONNREFUSED" for a known number, else "errno 12345".
std::string ErrnoName(int error);

namespace testing_internal {

class FailsWithMatcher {
 public:
  using is_gtest_matcher = void;
  explicit FailsWithMatcher(int error) : error_(error) {}

  template <typename T>
  bool MatchAndExplain(const T& result, std::ostream* os) const {
    const int error = errno;  // of the call: nothing ran in between
    if (result != static_cast<T>(-1)) {
      if (os != nullptr) *os << "which succeeded";
      return false;
    }
    if (os != nullptr) *os << "with errno " << ErrnoName(error);
    return error == error_;
  }
  void DescribeTo(std::ostream* os) const { *os << "fails with " << ErrnoName(error_); }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "does not fail with " << ErrnoName(error_);
  }

 private:
  int error_;
};

class SucceedsMatcher {
 public:
  using is_gtest_matcher = void;

  template <typename T>
  bool MatchAndExplain(const T& result, std::ostream* os) const {
    const int error = errno;
    if (result != static_cast<T>(-1)) return true;
    if (os != nullptr) *os << "with errno " << ErrnoName(error);
    return false;
  }
  void DescribeTo(std::ostream* os) const { *os << "succeeds"; }
  void DescribeNegationTo(std::ostream* os) const { *os << "fails"; }
};

}  // namespace testing_internal

// The call returned -1 and errno is `error`. Must look at the result before any other call is made.
inline testing_internal::FailsWithMatcher FailsWith(int error) {
  return testing_internal::FailsWithMatcher(error);
}
// The call returned something other than -1.
inline testing_internal::SucceedsMatcher Succeeds() { return {}; }

// The TCP segments that `host` sent, in order, as tcpdump(8) on it would show them: those that a
// rule or a partition stopped there too. As packetdrill writes them, with sequence numbers as on
// the wire; of the packets the world keeps (World::Options::keep_packets).
std::vector<std::string> PacketsFrom(World& world, const Host& host);

// The state of each TCP socket of `host` as ss(8) names it, oldest socket first.
std::vector<std::string> TcpStates(Host& host);

}  // namespace drywire

#endif  // DRYWIRE_SIM_TESTING_MATCHERS_H_
