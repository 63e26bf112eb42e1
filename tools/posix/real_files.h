// Files that a simulated process opens, for :interpose: a library opens /etc/ssl/openssl.cnf, and
// its descriptor takes a number among the simulated ones.
//
// The files are the real machine's, but for those that would let chance or the machine's network
// in: /dev/random and /dev/urandom read from the process's own random stream, and the pages of
// /proc and /sys about the machine's network, name and clock are refused.
#ifndef DRYWIRE_TOOLS_POSIX_REAL_FILES_H_
#define DRYWIRE_TOOLS_POSIX_REAL_FILES_H_

namespace drywire::posix {

// For the current simulated process; call them only inside of one.

// Gives an open descriptor of the program a number in the process, which owns it from then on.
// Returns the number, or -1 with errno after closing `real_fd`.
int AdoptRealDescriptor(int real_fd, bool close_on_exec);

// kNode: a file or directory of the simulated host's.
enum class DescriptorKind { kNone, kReal, kNode, kSocket, kOther };
struct Descriptor {
  DescriptorKind kind = DescriptorKind::kNone;
  int real_fd = -1;          // of kReal
  bool unix_socket = false;  // of kSocket
};
// What `fd` is in the current process.
Descriptor Inspect(int fd);

// What a path stands for.
enum class PathKind {
  kFile,    // Whatever the machine has there.
  kRandom,  // OpenRandom() opens it.
  kSimulated,
  kRefused,
};
PathKind KindOf(const char* path);
// A descriptor that reads random bytes, the same in every run, or -1 with errno.
int OpenRandom(bool close_on_exec);
// Whether a path is the simulated host's: see interpose_paths.cc for the rule.
bool IsSimulatedPath(const char* path);
// Opening `path`, which is of kind kRefused: says so and returns -1 with ENOENT.
int RefusePath(const char* path);

// Takes a real descriptor out of the process without closing it; the caller owns it. -1 when `fd`
// is nothing of the kind.
int ReleaseRealDescriptor(int fd);

// Says on standard error that a call is not modelled, and sets errno. A program that keeps calling
// is found out as a livelock.
void Refuse(const char* what, int error);

}  // namespace drywire::posix

#endif  // DRYWIRE_TOOLS_POSIX_REAL_FILES_H_
