// siginfo_t and what tells the same by other means.
#ifndef DRYWIRE_STACK_SYS_SIGINFO_H_
#define DRYWIRE_STACK_SYS_SIGINFO_H_

#include <signal.h>
#include <sys/signalfd.h>

#include "stack/host/process.h"

namespace drywire {

siginfo_t ToSiginfo(const SignalInfo& info);
signalfd_siginfo ToSignalfdSiginfo(const SignalInfo& info);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_SIGINFO_H_
