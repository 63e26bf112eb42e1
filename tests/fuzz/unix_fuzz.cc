// Any sequence of calls on UNIX sockets by two processes of one host: what is readable can be read,
// the bytes of a stream that nobody else touches arrive in order, and when both processes have
// ended nothing is left of sockets, descriptors under way or queued messages.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/core/check.h"
#include "sim/world/world.h"
#include "stack/host/host.h"
#include "stack/personality/cause.h"
#include "stack/vfs/vfs.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random_seeds.h"
#include "tests/worlds/conservation.h"
#include "tools/posix/posix.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(40, 900); }

namespace {

constexpr int kMostDescriptors = 24;
constexpr int kTypes[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

class UnixProgram {
 public:
  UnixProgram(const uint8_t* data, size_t size) : bytes_(data, size) {}

  void Main() {
    posix::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, stream_);
    for (int& fd : stream_) {
      const int high = posix::fcntl(fd, F_DUPFD, 200);  // where nothing guesses it
      posix::close(fd);
      fd = high;
    }
    for (int i = 0; i < 400 && !bytes_.empty(); ++i) Step();
  }

 private:
  // A descriptor that is open, most of the time.
  int Some() {
    if (fds_.empty() || bytes_.Below(32) == 0) return static_cast<int>(bytes_.Below(16)) - 1;
    return fds_[bytes_.Byte() % fds_.size()];
  }

  void Keep(int fd) {
    if (fd < 0) return;
    fds_.push_back(fd);
    // Nobody waits for long.
    const timeval time = {0, 20'000};
    posix::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    posix::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    while (fds_.size() > kMostDescriptors) Close(fds_[bytes_.Byte() % fds_.size()]);
  }

  void Close(int fd) {
    posix::close(fd);
    for (size_t i = 0; i < fds_.size(); ++i) {
      if (fds_[i] != fd) continue;
      fds_.erase(fds_.begin() + static_cast<ptrdiff_t>(i));
      return;
    }
  }

  int Type() {
    const int type = kTypes[bytes_.Below(3)];
    return bytes_.Below(8) == 0 ? type : type | SOCK_NONBLOCK;
  }

  // A name of few, or an address of any length and bytes.
  struct Address {
    sockaddr_un un = {};
    socklen_t length = 0;
  };
  Address Name() {
    Address address;
    address.un.sun_family = AF_UNIX;
    const uint32_t kind = bytes_.Below(16);
    if (kind < 12) {
      const std::string name = absl::StrCat(kind < 6 ? "/tmp/s" : "@s", kind % 3);
      std::memcpy(address.un.sun_path, name.data(), name.size());
      if (kind >= 6) address.un.sun_path[0] = '\0';
      address.length = static_cast<socklen_t>(sizeof(sa_family_t) + name.size() + (kind < 6));
      return address;
    }
    if (kind == 12) {
      address.length = sizeof(sa_family_t);  // autobind
      return address;
    }
    address.un.sun_family = static_cast<sa_family_t>(bytes_.Below(4));
    for (uint32_t i = bytes_.Below(20); i > 0; --i) {
      address.un.sun_path[i] = static_cast<char>(bytes_.Byte());
    }
    address.length = bytes_.Below(112);
    return address;
  }
  static const sockaddr* Generic(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address.un);
  }

  int Flags() { return MSG_NOSIGNAL | (bytes_.Below(8) == 0 ? 0 : MSG_DONTWAIT); }

  size_t Size() {
    const uint32_t kind = bytes_.Below(8);
    return kind < 5 ? bytes_.Below(20) : kind < 7 ? bytes_.Two() % 5000 : bytes_.Two() * 4u;
  }

  void Send() {
    const int fd = Some();
    const std::string data(Size(), static_cast<char>(bytes_.Byte()));
    if (bytes_.Below(3) == 0) {
      const Address to = Name();
      posix::sendto(fd, data.data(), data.size(), Flags(), Generic(to), to.length);
    } else {
      posix::send(fd, data.data(), data.size(), Flags());
    }
  }

  void SendDescriptors() {
    const int fd = Some();
    alignas(cmsghdr) char control[512] = {};
    const size_t count = bytes_.Below(8);
    cmsghdr header = {};
    header.cmsg_len = CMSG_LEN(count * sizeof(int));
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = SCM_RIGHTS;
    size_t used = CMSG_SPACE(count * sizeof(int));
    for (size_t i = 0; i < count; ++i) {
      const int sent = Some();
      std::memcpy(control + CMSG_LEN(0) + i * sizeof sent, &sent, sizeof sent);
    }
    const uint32_t odd = bytes_.Below(16);
    if (odd == 0) header.cmsg_len = bytes_.Two();
    if (odd == 1) header.cmsg_type = bytes_.Byte();
    if (odd == 2) header.cmsg_level = bytes_.Byte();
    if (odd == 3) used = bytes_.Byte();
    std::memcpy(control, &header, sizeof header);
    std::string data(bytes_.Below(4), 'd');
    iovec vector = {data.data(), data.size()};
    msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = used;
    posix::sendmsg(fd, &message, Flags());
  }

  void Receive() {
    const int fd = Some();
    std::string data(Size(), '\0');
    alignas(cmsghdr) char control[256] = {};
    iovec vector = {data.data(), data.size()};
    msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = bytes_.Below(4) == 0 ? bytes_.Byte() : sizeof control;
    int flags = Flags() & ~MSG_NOSIGNAL;
    const uint32_t kind = bytes_.Below(8);
    if (kind == 0) flags |= MSG_PEEK;
    if (kind == 1) flags |= MSG_TRUNC;
    if (kind == 2) flags |= MSG_WAITALL;
    const ssize_t n = posix::recvmsg(fd, &message, flags);
    if (n < 0) return;
    TakeDescriptors(message, control);
  }

  void TakeDescriptors(const msghdr& message, const char* control) {
    for (size_t at = 0; at + sizeof(cmsghdr) <= message.msg_controllen;) {
      cmsghdr header;
      std::memcpy(&header, control + at, sizeof header);
      DRYWIRE_CHECK(header.cmsg_len >= CMSG_LEN(0));
      if (header.cmsg_len > message.msg_controllen - at) {
        // FreeBSD cuts a message without saying so in its header.
        DRYWIRE_CHECK((message.msg_flags & MSG_CTRUNC) != 0);
        return;
      }
      if (header.cmsg_type == SCM_RIGHTS) {
        for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= header.cmsg_len; ++i) {
          int fd;
          std::memcpy(&fd, control + at + CMSG_LEN(i * sizeof fd), sizeof fd);
          DRYWIRE_CHECK(posix::fcntl(fd, F_GETFD) >= 0) << "a received descriptor is not open";
          Keep(fd);
        }
      }
      at += CMSG_ALIGN(header.cmsg_len);
    }
  }

  // What poll() calls readable can be read, or is an end or an error.
  void CheckPoll() {
    pollfd one = {Some(), POLLIN | POLLOUT, 0};
    if (posix::poll(&one, 1, 0) <= 0 || (one.revents & (POLLIN | POLLNVAL)) != POLLIN) return;
    char byte;
    const ssize_t n = posix::recv(one.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    int listening = 0;
    socklen_t length = sizeof listening;
    posix::getsockopt(one.fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length);
    int type = 0;
    length = sizeof type;
    if (posix::getsockopt(one.fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return;
    // Linux's datagram sockets say so after shutdown() without letting anybody read the end.
    if (listening != 0 || type == SOCK_DGRAM || peeked_ahead_) return;
    DRYWIRE_CHECK(n >= 0 || errno != EAGAIN) << "readable, but there is nothing to read";
  }

  // Along the stream that is this program's own.
  void SendInOrder() {
    std::string data(Size(), '\0');
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>((sent_ + i) % 251);
    const ssize_t n = posix::send(stream_[0], data.data(), data.size(), MSG_NOSIGNAL);
    if (n > 0) sent_ += static_cast<uint64_t>(n);
  }

  void ReceiveInOrder() {
    if (bytes_.Below(8) == 0) {
      const int low_water = static_cast<int>(bytes_.Two());
      posix::setsockopt(stream_[1], SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
    }
    std::string data(Size(), '\0');
    const uint32_t kind = bytes_.Below(4);
    const int flags = kind == 0 ? MSG_PEEK : kind == 1 ? MSG_WAITALL : 0;
    const ssize_t n = posix::recv(stream_[1], data.data(), data.size(), flags);
    for (ssize_t i = 0; i < n; ++i) {
      const auto byte = static_cast<uint8_t>(data[static_cast<size_t>(i)]);
      DRYWIRE_CHECK(byte == (received_ + static_cast<uint64_t>(i)) % 251) << "out of order";
    }
    if (n > 0 && kind != 0) received_ += static_cast<uint64_t>(n);
    DRYWIRE_CHECK(received_ <= sent_);
  }

  void SetOption() {
    const int fd = Some();
    if (bytes_.Below(8) == 0) {
      // FreeBSD's SOL_LOCAL: LOCAL_PEERCRED, LOCAL_CREDS, LOCAL_CREDS_PERSISTENT.
      const int on = static_cast<int>(bytes_.Below(2));
      posix::setsockopt(fd, 0, static_cast<int>(bytes_.Below(5)), &on, sizeof on);
      return;
    }
    static constexpr int kNames[] = {SO_PASSCRED, SO_PEEK_OFF, SO_SNDBUF, SO_RCVBUF, SO_RCVLOWAT};
    const int name = kNames[bytes_.Below(5)];
    const int value = static_cast<int>(bytes_.Below(4) == 0 ? bytes_.Four() : bytes_.Below(3));
    if (name == SO_PEEK_OFF) peeked_ahead_ = true;
    if (name == SO_RCVLOWAT && value != 1) return;
    posix::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
  }

  void Step() {
    switch (bytes_.Below(23)) {
      case 0:
        Keep(posix::socket(AF_UNIX, Type(), 0));
        break;
      case 1: {
        int fds[2] = {-1, -1};
        if (posix::socketpair(AF_UNIX, Type(), 0, fds) != 0) break;
        Keep(fds[0]);
        Keep(fds[1]);
        break;
      }
      case 2: {
        const int fd = Some();
        const Address name = Name();
        posix::bind(fd, Generic(name), name.length);
        break;
      }
      case 3:
        posix::listen(Some(), static_cast<int>(bytes_.Below(4)) - 1);
        break;
      case 4:
      case 5: {
        const int fd = Some();
        const Address name = Name();
        posix::connect(fd, Generic(name), name.length);
        break;
      }
      case 6:
        Keep(posix::accept4(Some(), nullptr, nullptr, SOCK_NONBLOCK));
        break;
      case 7:
      case 8:
        Send();
        break;
      case 9:
      case 10:
      case 11:
        Receive();
        break;
      case 12:
      case 13:
        SendDescriptors();
        break;
      case 14:
        posix::shutdown(Some(), static_cast<int>(bytes_.Below(3)));
        break;
      case 15:
        Close(Some());
        break;
      case 16:
        CheckPoll();
        break;
      case 17:
        SetOption();
        break;
      case 18:
        if (bytes_.Flag()) {
          posix::unlink(absl::StrCat("/tmp/s", bytes_.Below(3)).c_str());
        } else {
          posix::rename(absl::StrCat("/tmp/s", bytes_.Below(3)).c_str(),
                        absl::StrCat("/tmp/s", bytes_.Below(3)).c_str());
        }
        break;
      case 19:
        SendInOrder();
        break;
      case 20:
      case 21:
        ReceiveInOrder();
        break;
      default:
        Keep(posix::dup(Some()));
        break;
    }
  }

  ByteSource bytes_;
  std::vector<int> fds_;
  bool peeked_ahead_ = false;
  int stream_[2] = {-1, -1};
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
};

}  // namespace
}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drywire;  // NOLINT: one function
  if (size == 0) return 0;
  World::Options options;
  options.keep_packets = 0;
  options.scheduler.livelock_steps = 100'000;
  World world(options);
  Host& host = world.AddHost("host", (data[0] & 1) == 0 ? "linux" : "freebsd", "10.0.0.1/24");
  ++data;
  --size;
  std::vector<std::string> violations;
  for (int i = 0; i < 2; ++i) {
    const uint8_t* const first = data + (i == 0 ? 0 : size / 2);
    world.Spawn(host, i == 0 ? "one" : "two",
                [first, size] { UnixProgram(first, size / 2).Main(); });
  }
  world.At(Duration::Seconds(30), [&host] {
    for (Process& process : host.processes()) {
      if (process.state() == ProcessState::kRunning) process.KillBySignal(9);
    }
  });
  world.RunFor(Duration::Seconds(31));
  worlds::CheckNothingLeft(world, &violations);
  // Names outlive their sockets, and are nobody's then.
  const PathContext root = host.memory_vfs().OwnerContext();
  for (const char* path : {"/tmp/s0", "/tmp/s1", "/tmp/s2"}) {
    const Result<NodeRef> node = host.vfs().Lookup(root, path, /*follow=*/false);
    DRYWIRE_CHECK(!node.ok() || (*node)->client() == nullptr) << path;
  }
  DRYWIRE_CHECK(violations.empty()) << absl::StrJoin(violations, "\n");
  return 0;
}
