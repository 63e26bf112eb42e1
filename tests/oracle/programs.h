// Programs that scenarios execve(): the same functions in a simulated process and, on the real
// kernel, in a process of their own.
//
// There the file is a copy of the program that runs the scenarios, with the name of what it is to
// run at its end, which it looks at before its main().
#ifndef DRYWIRE_TESTS_ORACLE_PROGRAMS_H_
#define DRYWIRE_TESTS_ORACLE_PROGRAMS_H_

#include <string>

namespace drywire::oracle {

using ProgramMain = int (*)(int argc, char** argv, char** environment);

// `echo`: writes its arguments and its environment to descriptor 9, in brackets and braces.
// `fds`: writes the numbers of the open descriptors from 3 to 20, but for 9, to 9.
// `ids`: writes its user and group ids to 9.
// `signals`: writes which of a few signals are ignored, caught, blocked and pending to 9.
// `exit`: exits with its first argument.
// Null for a name that is not known.
ProgramMain FindProgram(const std::string& name);

// False with errno.
bool CopyOfThisProgram(const std::string& path, const std::string& program);

}  // namespace drywire::oracle

#endif  // DRYWIRE_TESTS_ORACLE_PROGRAMS_H_
