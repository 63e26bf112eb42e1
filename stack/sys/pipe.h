// Pipes and event counters: what programs wake their own event loops with.
//
// Each is a file within one host; nothing of it crosses a network. A pipe holds 65536 bytes and
// writes of up to 4096 are atomic. An event counter is eventfd(2)'s.
// Source: pipe(7), eventfd(2); poll bits as Linux 6.18 reports them.
#ifndef DRYWIRE_STACK_SYS_PIPE_H_
#define DRYWIRE_STACK_SYS_PIPE_H_

#include <cstdint>
#include <string>

#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/sys/sys_environment.h"

namespace drywire {

struct FilePair {
  FileRef read;
  FileRef write;
};
FilePair MakePipe();

// `semaphore`: EFD_SEMAPHORE.
FileRef MakeEventCounter(uint64_t initial, bool semaphore);

// Gives both files descriptors, or neither, and writes the numbers to the program's array.
Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_PIPE_H_
