// Installing two descriptors at once, for pipes and socket pairs.
#ifndef DRYWIRE_STACK_SYS_PIPE_H_
#define DRYWIRE_STACK_SYS_PIPE_H_

#include <cstdint>
#include <string>

#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

// Gives both files descriptors, or neither, and writes the numbers to the program's array.
Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_H_
