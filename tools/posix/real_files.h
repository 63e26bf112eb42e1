// Real files in a simulated process, for :interpose: a library opens /etc/ssl/openssl.cnf, and its
// descriptor takes a number among the simulated ones.
#ifndef DRYWIRE_TOOLS_POSIX_REAL_FILES_H_
#define DRYWIRE_TOOLS_POSIX_REAL_FILES_H_

namespace drywire::posix {

// For the current simulated process; call them only inside of one.

// Gives an open descriptor of the program a number in the process, which owns it from then on.
// Returns the number, or -1 with errno after closing `real_fd`.
int AdoptRealDescriptor(int real_fd, bool close_on_exec);

enum class DescriptorKind { kNone, kReal, kSocket, kOther };
struct Descriptor {
  DescriptorKind kind = DescriptorKind::kNone;
  int real_fd = -1;  // of kReal
};
// What `fd` is in the current process.
Descriptor Inspect(int fd);

// Takes a real descriptor out of the process without closing it; the caller owns it. -1 when `fd`
// is nothing of the kind.
int ReleaseRealDescriptor(int fd);

// Says on standard error that a call is not modelled, and sets errno.
void Refuse(const char* what, int error);

}  // namespace drywire::posix

#endif  // DRYWIRE_TOOLS_POSIX_REAL_FILES_H_
