// Memory of the calling program, touched the way a kernel touches it: a bad pointer is EFAULT, not
// a crash.
//
// A copy runs at full speed; if it faults, a handler for SIGSEGV and SIGBUS finds the faulting
// instruction to be the guarded one and resumes behind it (as the exception tables of a kernel do).
// Every other fault goes to the handler that was there before. Works under AddressSanitizer, which
// neither sees nor checks these copies.
//
// Left out: a program that installs its own SIGSEGV handler outside of the simulation takes the
// fault over; bad pointers then end in that handler. Machines: x86-64 and AArch64.
// Source: EFAULT in connect(2), recv(2); process memory rules observed on Linux 6.18.
#ifndef DRYWIRE_STACK_SYS_USER_MEMORY_H_
#define DRYWIRE_STACK_SYS_USER_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "stack/socket/file.h"

namespace drywire {

// Copies `size` bytes; false when either range is not accessible (part may have been copied then).
// A size of 0 is always fine.
bool CopyFromUser(void* to, const void* user, size_t size);
bool CopyToUser(void* user, const void* from, size_t size);

template <typename T>
bool ReadUser(T* to, const T* user) {
  return CopyFromUser(to, user, sizeof(T));
}
template <typename T>
bool WriteUser(T* user, const T& value) {
  return CopyToUser(user, &value, sizeof(T));
}

// Copies a string of fewer than `limit` bytes and leaves its NUL out. kTooLong: no NUL among the
// first `limit` bytes.
enum class StringCopy : uint8_t { kDone, kFault, kTooLong };
StringCopy CopyStringFromUser(std::string* to, const char* user, size_t limit);

// How many bytes from `user` on can be read (or both read and written): `size`, or less. Touches
// one byte a page.
size_t ReadablePrefix(const void* user, size_t size);
size_t WritablePrefix(void* user, size_t size);

// The same over all buffers in order.
size_t ReadablePrefix(absl::Span<const File::Buffer> buffers);
size_t WritablePrefix(absl::Span<const File::Buffer> buffers);

}  // namespace drywire

#endif  // DRYWIRE_STACK_SYS_USER_MEMORY_H_
