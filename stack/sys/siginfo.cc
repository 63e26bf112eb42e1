#include "stack/sys/siginfo.h"

#include <cstdint>

namespace drywire {

siginfo_t ToSiginfo(const SignalInfo& info) {
  siginfo_t result = {};
  result.si_signo = info.signal;
  result.si_code = info.code;
  result.si_pid = info.pid;
  result.si_uid = info.uid;
  if (info.signal == SIGCHLD && info.code > 0) {
    result.si_status = info.status;
  } else if (info.code == SI_QUEUE) {
    result.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<uintptr_t>(info.value));
  }
  return result;
}

signalfd_siginfo ToSignalfdSiginfo(const SignalInfo& info) {
  signalfd_siginfo result = {};
  result.ssi_signo = static_cast<uint32_t>(info.signal);
  result.ssi_code = info.code;
  result.ssi_pid = static_cast<uint32_t>(info.pid);
  result.ssi_uid = info.uid;
  result.ssi_status = info.status;
  if (info.code == SI_QUEUE) {
    result.ssi_ptr = info.value;
    result.ssi_int = static_cast<int32_t>(info.value);
  }
  return result;
}

}  // namespace drywire
