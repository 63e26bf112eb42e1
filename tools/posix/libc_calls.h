// Defining a function that takes over one of the C library's, for interpose.cc and its relatives.
//
// Each is defined under a name of its own with the C library's as its symbol. The C library's own
// is found by dlsym at the first call; where AddressSanitizer intercepts the function, its
// interceptor is used instead, so that its checks stay.
#ifndef DRYWIRE_TOOLS_POSIX_LIBC_CALLS_H_
#define DRYWIRE_TOOLS_POSIX_LIBC_CALLS_H_

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "tools/posix/posix.h"

namespace drywire::posix {

template <typename Function>
Function* FindLibc(const char* name, Function* sanitizers) {
  if (sanitizers != nullptr) return sanitizers;
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::fprintf(stderr, "drywire: the C library has no %s()\n", name);
    std::abort();
  }
  return reinterpret_cast<Function*>(found);
}

}  // namespace drywire::posix

// Declares the pieces of one function; its definition follows in braces:
//
//   DRYWIRE_TAKE_OVER(int, isatty, (int fd)) {
//     if (!InSimulation()) return Libc_isatty()(fd);
//     ...
//   }
#define DRYWIRE_TAKE_OVER(type, name, parameters) \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, noexcept(false))
// With an exception specification.
#define DRYWIRE_TAKE_OVER_WITH(type, name, parameters, specification)               \
  extern "C" type drywire_interpose_##name parameters specification __asm__(#name); \
  extern "C" type __interceptor_##name parameters __attribute__((weak));            \
  [[maybe_unused]] static type(*Libc_##name()) parameters {                         \
    static type(*const function) parameters =                                       \
        ::drywire::posix::FindLibc<type parameters>(#name, __interceptor_##name);   \
    return function;                                                                \
  }                                                                                 \
  extern "C" __attribute__((visibility("default")))                                 \
  type drywire_interpose_##name parameters specification

// The whole of a function that is simulated inside and the C library's outside.
#define DRYWIRE_TAKE_OVER_BY(type, name, parameters, arguments, simulated) \
  DRYWIRE_TAKE_OVER_AS(type, name, parameters, arguments, noexcept(false), simulated)
#define DRYWIRE_TAKE_OVER_AS(type, name, parameters, arguments, specification, simulated) \
  DRYWIRE_TAKE_OVER_WITH(type, name, parameters, specification) {                         \
    if (!::drywire::posix::InSimulation()) return Libc_##name() arguments;                \
    return simulated;                                                                     \
  }

#endif  // DRYWIRE_TOOLS_POSIX_LIBC_CALLS_H_
