#include "bench/kernel.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace drywire {
namespace {

constexpr size_t kAddresses = 200;
constexpr int64_t kKibi = 1024;
constexpr size_t kSpareDescriptors = 100;
constexpr uint16_t kFirstIdlePort = 8100;

void CheckCall(int result, const char* call) {
  if (result >= 0) return;
  std::perror(call);
  std::exit(1);
}

void WriteFile(const char* path, const char* text) { std::ofstream(path) << text << std::flush; }

// Whether this process is in a namespace of its own now. Root needs no user namespace.
bool Enter() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  CheckCall(fd, "socket");
  ifreq request = {};
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  WriteFile("/proc/sys/net/ipv4/ip_local_port_range", "10000 65535");
  return up;
}

// A child's life: opens `n` connections, says so, and waits.
[[noreturn]] void HoldConnections(uint16_t port, size_t n, int ready, int leash) {
  const int listener = KernelListener(port);
  std::vector<int> clients;
  for (size_t i = 0; i < n; ++i) {
    const int client = KernelSocket(SOCK_STREAM);
    const sockaddr_in to = KernelAddress(port, i);
    (void)connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    CheckCall(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4");
    const linger reset = {1, 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    clients.push_back(client);
  }
  char byte = 0;
  CheckCall(write(ready, &byte, 1) == 1 ? 0 : -1, "write");
  (void)!read(leash, &byte, 1);
  for (const int client : clients) close(client);
  _exit(0);
}

}  // namespace

bool EnterKernelNamespace(benchmark::State& state) {
  static const bool entered = Enter();
  if (!entered) state.SkipWithError("network namespaces are not permitted here");
  return entered;
}

sockaddr_in KernelAddress(uint16_t port, size_t turn) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<uint32_t>(turn % kAddresses));
  return address;
}

int KernelSocket(int type) {
  const int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  CheckCall(fd, "socket");
  return fd;
}

int KernelListener(uint16_t port) {
  const int fd = KernelSocket(SOCK_STREAM);
  const int on = 1;
  CheckCall(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  sockaddr_in address = KernelAddress(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  CheckCall(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  CheckCall(listen(fd, 128), "listen");
  return fd;
}

KernelConnections::KernelConnections(size_t n) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const size_t most = (std::min<size_t>(limit.rlim_max, 1'000'000) - kSpareDescriptors) / 2;
  uint16_t port = kFirstIdlePort;
  for (size_t opened = 0; opened < n; opened += most, ++port) {
    int ready[2];
    int leash[2];
    CheckCall(pipe(ready), "pipe");
    CheckCall(pipe(leash), "pipe");
    const pid_t process = fork();
    CheckCall(process, "fork");
    if (process == 0) {
      close(leash[1]);
      HoldConnections(port, std::min(most, n - opened), ready[1], leash[0]);
    }
    close(ready[1]);
    close(leash[0]);
    char done;
    CheckCall(read(ready[0], &done, 1) == 1 ? 0 : -1, "opening connections");
    close(ready[0]);
    children_.push_back({process, leash[1]});
  }
}

KernelConnections::~KernelConnections() {
  for (const Child& child : children_) close(child.leash);
  for (const Child& child : children_) waitpid(child.process, nullptr, 0);
}

int64_t KernelSlabBytes() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::string unit;
  for (int64_t value = 0; file >> name >> value; std::getline(file, unit)) {
    if (name == "Slab:") return value * kKibi;
  }
  return 0;
}

}  // namespace drywire
