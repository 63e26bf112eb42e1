// Programming errors stop the process at once, with file, line, the failed condition and a message.
//
// Models nothing; it is the tool for invariants. Not for user errors: those are absl::Status or
// errno. The failure hook lets a test world print its seed, replay token and state before the
// abort; it is the only process-wide thing of the engine that can be set.
#ifndef DRYWIRE_SIM_CORE_CHECK_H_
#define DRYWIRE_SIM_CORE_CHECK_H_

#include <iosfwd>
#include <ostream>

namespace drywire {

// Called once, after the message of a failed check was written to stderr and before abort(). A
// check that fails inside the hook does not call it again.
struct FailureHook {
  void (*function)(void* context) = nullptr;
  void* context = nullptr;
};

// Installs `hook` for the process and returns the one before it, which the caller puts back when it
// is done.
FailureHook SetFailureHook(FailureHook hook);

namespace check_internal {

// Collects the message; its end writes "file:line: <what> <message>", calls the hook, aborts.
// Out of line and cold: a check in a small function must not keep it from being inlined.
class Failure {
 public:
  [[gnu::cold]] Failure(const char* file, int line, const char* what);
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  [[noreturn, gnu::cold]] ~Failure();
  [[gnu::cold]] std::ostream& stream();

 private:
  const char* file_;
  int line_;
  const char* what_;
  std::ostringstream* stream_;
};

// Gives both arms of the ?: in the macros the type void.
struct Voidify {
  void operator&(std::ostream&) const {}
};

}  // namespace check_internal
}  // namespace drywire

#define DRYWIRE_CHECK(condition)                                                                \
  (__builtin_expect(static_cast<bool>(condition), 1))                                           \
      ? (void)0                                                                                 \
      : ::drywire::check_internal::Voidify() &                                                  \
            ::drywire::check_internal::Failure(__FILE__, __LINE__, "check failed: " #condition) \
                .stream()

#define DRYWIRE_CHECK_OP_(a, op, b) DRYWIRE_CHECK((a)op(b)) << "(" << (a) << " vs " << (b) << ") "

// The operands are evaluated again when the check fails: keep them free of side effects.
#define DRYWIRE_CHECK_EQ(a, b) DRYWIRE_CHECK_OP_(a, ==, b)
#define DRYWIRE_CHECK_NE(a, b) DRYWIRE_CHECK_OP_(a, !=, b)
#define DRYWIRE_CHECK_LT(a, b) DRYWIRE_CHECK_OP_(a, <, b)
#define DRYWIRE_CHECK_LE(a, b) DRYWIRE_CHECK_OP_(a, <=, b)
#define DRYWIRE_CHECK_GT(a, b) DRYWIRE_CHECK_OP_(a, >, b)
#define DRYWIRE_CHECK_GE(a, b) DRYWIRE_CHECK_OP_(a, >=, b)

// For places that cannot be reached: DRYWIRE_FATAL() << "no such state " << state;
// (A loop, because compilers do not see that the destructor never returns.)
#define DRYWIRE_FATAL() \
  while (true) ::drywire::check_internal::Failure(__FILE__, __LINE__, "fatal:").stream()

// Checked only in builds without NDEBUG; compiled (and so type-checked) in all.
#ifdef NDEBUG
#define DRYWIRE_DCHECK(condition) DRYWIRE_CHECK(true || (condition))
#else
#define DRYWIRE_DCHECK(condition) DRYWIRE_CHECK(condition)
#endif

#endif  // DRYWIRE_SIM_CORE_CHECK_H_
