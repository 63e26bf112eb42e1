// The real kernel's loopback as a baseline: a network namespace of this process's own.
#ifndef DRYWIRE_BENCH_KERNEL_H_
#define DRYWIRE_BENCH_KERNEL_H_

#include <benchmark/benchmark.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drywire {

// Moves the process into a new network namespace with loopback up and many ephemeral ports, the
// first time it is called. False, and the benchmark is skipped with the reason, where that is not
// permitted.
bool EnterKernelNamespace(benchmark::State& state);

// One of 200 loopback addresses, in turn: TIME-WAIT would use up the ports of one.
sockaddr_in KernelAddress(uint16_t port, size_t turn = 0);
// A non-blocking socket; ends the program when there is none.
int KernelSocket(int type);
// Listens on every address.
int KernelListener(uint16_t port);

// Open connections, reset at the end. Child processes hold them, as many each as the limit of open
// files allows.
class KernelConnections {
 public:
  // Requires EnterKernelNamespace().
  explicit KernelConnections(size_t n);
  KernelConnections(const KernelConnections&) = delete;
  KernelConnections& operator=(const KernelConnections&) = delete;
  ~KernelConnections();

 private:
  struct Child {
    int process;
    int leash;  // The child ends when this is closed.
  };
  std::vector<Child> children_;
};

// What the kernel's slab allocators hold on this machine, bytes.
int64_t KernelSlabBytes();

}  // namespace drywire

#endif  // DRYWIRE_BENCH_KERNEL_H_
