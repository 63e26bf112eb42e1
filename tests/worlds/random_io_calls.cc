// The calls on data and descriptors of a program that calls at random.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "tests/worlds/random_calls.h"
#include "tools/posix/posix.h"

namespace drywire::worlds {
namespace {

constexpr size_t kLongest = 12'000;

// What is sent does not matter.
const char* Junk() {
  static constexpr std::array<char, kLongest> kJunk = {'j', 'u', 'n', 'k'};
  return kJunk.data();
}

size_t RandomSize(Draw& draw) {
  if (draw.Chance(5)) return 0;
  return draw.Chance(80) ? 1 + draw.Below(300) : 1 + draw.Below(kLongest - 1);
}

int RandomSendFlags(Draw& draw) {
  int flags = draw.Chance(70) ? MSG_NOSIGNAL : 0;
  if (draw.Chance(30)) flags |= MSG_DONTWAIT;
  if (draw.Chance(5)) flags |= MSG_MORE;
  if (draw.Chance(5)) flags |= MSG_OOB;
  return flags;
}

int RandomReceiveFlags(Draw& draw) {
  int flags = 0;
  if (draw.Chance(40)) flags |= MSG_DONTWAIT;
  if (draw.Chance(10)) flags |= MSG_PEEK;
  if (draw.Chance(5)) flags |= MSG_WAITALL;
  if (draw.Chance(5)) flags |= MSG_TRUNC;
  if (draw.Chance(5)) flags |= MSG_OOB;
  return flags;
}

}  // namespace

void RandomCalls::Send() {
  const int fd = Fd();
  const size_t size = RandomSize(draw);
  const int flags = RandomSendFlags(draw);
  switch (draw.Below(4)) {
    case 0:
      Saw(posix::write(fd, Junk(), size));
      break;
    case 1: {
      const AnyAddress to = Destination();
      Saw(posix::sendto(fd, Junk(), size, flags, to.get(), to.length));
      break;
    }
    default:
      Saw(posix::send(fd, Junk(), size, flags));
  }
}

void RandomCalls::SendMessage() {
  const int fd = Fd();
  std::array<iovec, 3> vectors = {};
  const size_t count = draw.Below(4);
  for (size_t i = 0; i < count; ++i) {
    vectors[i].iov_base = const_cast<char*>(Junk());
    vectors[i].iov_len = RandomSize(draw) / 2;
  }
  if (draw.Chance(40)) {
    Saw(posix::writev(fd, vectors.data(), static_cast<int>(count)));
    return;
  }
  AnyAddress to = Destination();
  msghdr message = {};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  if (draw.Chance(40)) {
    message.msg_name = to.get();
    message.msg_namelen = to.length;
  }
  Saw(posix::sendmsg(fd, &message, RandomSendFlags(draw)));
}

void RandomCalls::Receive() {
  const int fd = Fd();
  std::array<char, 4096> data = {};
  const size_t size = draw.Chance(70) ? data.size() : draw.Below(200);
  const int flags = RandomReceiveFlags(draw);
  AnyAddress from;
  from.length = sizeof from.storage;
  int64_t n = 0;
  switch (draw.Below(3)) {
    case 0:
      n = posix::read(fd, data.data(), size);
      break;
    case 1:
      n = posix::recvfrom(fd, data.data(), size, flags, from.get(), &from.length);
      break;
    default:
      n = posix::recv(fd, data.data(), size, flags);
  }
  if (Saw(n) <= 0) return;
  SawBytes(data.data(), std::min(static_cast<size_t>(n), size));
  SawAddress(from);
}

void RandomCalls::ReceiveMessage() {
  const int fd = Fd();
  std::array<std::array<char, 600>, 2> data = {};
  std::array<iovec, 2> vectors = {};
  for (size_t i = 0; i < vectors.size(); ++i) {
    vectors[i].iov_base = data[i].data();
    vectors[i].iov_len = 1 + draw.Below(600);
  }
  if (draw.Chance(30)) {
    Saw(posix::readv(fd, vectors.data(), 2));
    return SawBytes(data.data(), sizeof data);
  }
  AnyAddress from;
  msghdr message = {};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  message.msg_name = from.get();
  message.msg_namelen = sizeof from.storage;
  Saw(posix::recvmsg(fd, &message, RandomReceiveFlags(draw)));
  Mix(static_cast<uint64_t>(message.msg_flags));
  SawBytes(data.data(), sizeof data);
}

void RandomCalls::Close() {
  const int fd = Fd();
  Saw(posix::close(fd));
  // Now and then the number is used again although it is closed.
  if (draw.Chance(85)) fds_->erase(std::remove(fds_->begin(), fds_->end(), fd), fds_->end());
}

void RandomCalls::Duplicate() {
  const int fd = Fd();
  const int to = Fd();
  switch (draw.Below(4)) {
    case 0:
      return Keep(posix::dup(fd));
    case 1:
      return Keep(posix::dup2(fd, draw.Chance(50) ? to : draw.Range(3, 20)));
    case 2:
      return Keep(posix::dup3(fd, draw.Chance(50) ? to : draw.Range(3, 20), O_CLOEXEC));
    default:
      return Keep(posix::fcntl(fd, F_DUPFD, draw.Range(0, 20)));
  }
}

void RandomCalls::Control() {
  const int fd = Fd();
  int value = draw.Range(0, 1);
  switch (draw.Below(6)) {
    case 0:
    case 1:
      Saw(posix::fcntl(fd, F_SETFL, value != 0 ? O_NONBLOCK : 0));
      break;
    case 2:
      Saw(posix::fcntl(fd, F_GETFL));
      break;
    case 3:
      Saw(posix::ioctl(fd, FIONBIO, &value));
      break;
    case 4:
      Saw(posix::ioctl(fd, FIONREAD, &value));
      Saw(posix::sockatmark(fd));
      Mix(static_cast<uint64_t>(value));
      break;
    default:
      Saw(posix::ioctl(fd, TIOCOUTQ, &value));
      Mix(static_cast<uint64_t>(value));
  }
}

void RandomCalls::NewOtherFile() {
  int pair[2] = {-1, -1};
  switch (draw.Below(4)) {
    case 0:
      if (Saw(posix::pipe2(pair, draw.Chance(50) ? O_NONBLOCK : 0)) != 0) return;
      break;
    case 1:
      if (Saw(posix::socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) != 0) return;
      break;
    case 2: {
      const int flags = draw.Chance(50) ? EFD_NONBLOCK : 0;
      return Keep(posix::eventfd(draw.Below(3), flags));
    }
    default: {
      const int fd = posix::timerfd_create(CLOCK_MONOTONIC, draw.Chance(50) ? TFD_NONBLOCK : 0);
      Keep(fd);
      const itimerspec time = {{0, draw.Chance(20) ? 300'000'000 : 0},
                               {0, draw.Range(0, 900'000'000)}};
      Saw(posix::timerfd_settime(fd, 0, &time, nullptr));
      return;
    }
  }
  Keep(pair[0]);
  Keep(pair[1]);
}

}  // namespace drywire::worlds
