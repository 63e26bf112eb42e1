// The process that makes a call, as far as sockets ask about it: who it is, where its paths begin,
// what its descriptors are.
//
// Sockets of IP ask for credentials only; UNIX sockets resolve paths, tell their peers who sent a
// message, and carry descriptors from one process to another.
#ifndef DRYWIRE_STACK_SOCKET_CALLER_H_
#define DRYWIRE_STACK_SOCKET_CALLER_H_

#include <cstdint>

#include "stack/base/credentials.h"
#include "stack/personality/cause.h"
#include "stack/socket/file.h"
#include "stack/vfs/vfs.h"

namespace drywire {

struct CallerIds {
  int32_t pid = 0;
  uint32_t real_uid = 0;
  uint32_t saved_uid = 0;
  uint32_t real_gid = 0;
  uint32_t saved_gid = 0;
};

class Caller {
 public:
  // Its effective ids.
  virtual const Credentials& credentials() const = 0;
  virtual CallerIds ids() const = 0;
  virtual PathContext path_context() const = 0;
  // Whether a process of its host has that id.
  virtual bool KnowsProcess(int32_t pid) const = 0;
  // RLIMIT_NOFILE.
  virtual int64_t descriptor_limit() const = 0;
  // Null when the descriptor is not open.
  virtual File* FileOf(int fd) const = 0;
  // Gives a file that came in a message its lowest free descriptor: kProcessDescriptorLimit. The
  // file is open on the host already.
  virtual Result<int> TakeFile(const FileRef& file, bool close_on_exec) = 0;

 protected:
  virtual ~Caller() = default;
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_SOCKET_CALLER_H_
