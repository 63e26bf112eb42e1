#include "tests/oracle/sniffer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "stack/wire/codec.h"
#include "tests/oracle/netns.h"
#include "tests/oracle/packet_log.h"

namespace drywire::oracle {
namespace {

int OpenCapture(const std::string& interface) {
  const int fd = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (fd < 0 || address.sll_ifindex == 0) return -1;
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
}

int64_t NowUs() {
  timespec time = {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

// Takes what is there. What the codec refuses is none of ours: fragments, router solicitations.
void Drain(int fd, PacketLog* log) {
  std::vector<uint8_t> bytes(65536);
  while (true) {
    sockaddr_ll from = {};
    socklen_t length = sizeof from;
    const ssize_t size = ::recvfrom(fd, bytes.data(), bytes.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return;
    const int64_t now = NowUs();
    const uint16_t protocol = ntohs(from.sll_protocol);
    if (protocol != ETH_P_IP && protocol != ETH_P_IPV6) continue;
    absl::StatusOr<Packet> packet =
        DecodePacket(absl::MakeConstSpan(bytes.data(), static_cast<size_t>(size)));
    if (!packet.ok()) continue;
    packet->corrupted = false;  // veth leaves the checksum to hardware that is not there
    log->Add(*packet, from.sll_pkttype == PACKET_OUTGOING, now);
  }
}

[[noreturn]] void Capture(const std::string& space, const std::string& interface, int stop,
                          int log_pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!EnterNamespace(space).ok()) ::_exit(1);
  const int fd = OpenCapture(interface);
  if (fd < 0) ::_exit(1);
  (void)!::write(log_pipe, "+", 1);
  PacketLog log;
  pollfd fds[2] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};
  while ((fds[1].revents & POLLHUP) == 0) {
    ::poll(fds, 2, -1);
    Drain(fd, &log);
  }
  size_t written = 0;
  while (written < log.text().size()) {
    const ssize_t size =
        ::write(log_pipe, log.text().data() + written, log.text().size() - written);
    if (size < 0) break;
    written += static_cast<size_t>(size);
  }
  ::_exit(0);
}

}  // namespace

std::unique_ptr<Sniffer> Sniffer::Start(const std::string& space, const std::string& interface) {
  int stop[2];
  int log[2];
  if (::pipe2(stop, O_CLOEXEC) != 0 || ::pipe2(log, O_CLOEXEC) != 0) return nullptr;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(stop[1]);
    ::close(log[0]);
    Capture(space, interface, stop[0], log[1]);
  }
  ::close(stop[0]);
  ::close(log[1]);
  auto sniffer = std::make_unique<Sniffer>(child, stop[1], log[0]);
  char ready = 0;
  if (::read(log[0], &ready, 1) == 1) return sniffer;
  sniffer->Finish();
  return nullptr;
}

std::string Sniffer::Finish() {
  ::close(stop_);
  std::string text;
  char buffer[4096];
  ssize_t size;
  while ((size = ::read(log_, buffer, sizeof buffer)) > 0) text.append(buffer, size);
  ::close(log_);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text;
}

}  // namespace drywire::oracle
