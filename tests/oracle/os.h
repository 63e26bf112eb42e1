// POSIX calls for code that runs in a simulated process and on the real kernel alike.
//
// os::connect() and so on are drywire::posix's inside of a simulated process and the C library's
// everywhere else: one body, compiled once.
#ifndef DRYWIRE_TESTS_ORACLE_OS_H_
#define DRYWIRE_TESTS_ORACLE_OS_H_

#include <functional>

#include "tools/posix/posix.h"  // IWYU pragma: export

namespace drywire::os {

#define DRYWIRE_POSIX(type, name, parameters, arguments) type name parameters;
#include "tools/posix/file_functions.def"
#include "tools/posix/functions.def"
#undef DRYWIRE_POSIX

// The child ends with the status that its body returns. On the real kernel it is a copy of the
// process: nothing that the body does to the parent's variables is seen there.
pid_t fork_and_run(const std::function<int()>& child);

int open(const char* path, int flags, mode_t mode = 0);
int openat(int at, const char* path, int flags, mode_t mode = 0);
DIR* fdopendir(int fd);
int fcntl(int fd, int command, long argument = 0);
int ioctl(int fd, unsigned long request, void* argument = nullptr);

}  // namespace drywire::os

#endif  // DRYWIRE_TESTS_ORACLE_OS_H_
