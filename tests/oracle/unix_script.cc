#include "tests/oracle/unix_script.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drywire {
namespace {

std::string Show(const UnixAddress& address, socklen_t length) {
  if (length == 0) return "empty";
  if (length <= sizeof(sa_family_t)) return "none";
  std::string text(address.bytes.path, length - sizeof(sa_family_t));
  if (text[0] == '\0') text[0] = '@';
  // Chosen by the system.
  if (text.size() == 6 && text[0] == '@' &&
      text.find_first_not_of("0123456789abcdef", 1) == text.npos) {
    text = "@chosen";
  }
  for (char& c : text) {
    if (c == '\0') c = '0';
  }
  return absl::StrCat("len ", length, " ", text);
}

template <typename Call>
std::string NameOf(int fd, Call call) {
  UnixAddress address("");
  socklen_t length = sizeof address.bytes;
  if (call(fd, reinterpret_cast<sockaddr*>(&address.bytes), &length) != 0) return ErrorName(errno);
  return Show(address, length);
}

std::string Flags(int flags) {
  std::vector<std::string> names;
  if ((flags & MSG_TRUNC) != 0) names.push_back("TRUNC");
  if ((flags & MSG_CTRUNC) != 0) names.push_back("CTRUNC");
  if ((flags & MSG_EOR) != 0) names.push_back("EOR");
  if ((flags & MSG_CMSG_CLOEXEC) != 0) names.push_back("CLOEXEC");
  return names.empty() ? "0" : absl::StrJoin(names, "|");
}

}  // namespace

UnixAddress::UnixAddress(const std::string& name) {
  std::memcpy(bytes.path, name.data(), std::min(name.size(), sizeof bytes.path));
  const bool is_abstract = !name.empty() && name[0] == '@';
  if (is_abstract) bytes.path[0] = '\0';
  length = static_cast<socklen_t>(sizeof(sa_family_t) + name.size() + (is_abstract ? 0 : 1));
}

UnixAddress::UnixAddress(const std::string& name, socklen_t claimed) : UnixAddress(name) {
  length = claimed;
}

int Unix(int type, int flags) { return os::socket(AF_UNIX, type | flags, 0); }

int BindUnix(int fd, const std::string& name) {
  const UnixAddress address(name);
  return os::bind(fd, address.get(), address.length);
}

int ConnectUnix(int fd, const std::string& name) {
  const UnixAddress address(name);
  return os::connect(fd, address.get(), address.length);
}

int ListenUnix(const std::string& name, int backlog, int type) {
  const int fd = Unix(type);
  if (BindUnix(fd, name) != 0 || os::listen(fd, backlog) != 0) return -1;
  return fd;
}

ssize_t SendToUnix(int fd, const std::string& name, absl::string_view data, int flags) {
  const UnixAddress address(name);
  return os::sendto(fd, data.data(), data.size(), flags | MSG_NOSIGNAL | MSG_DONTWAIT,
                    address.get(), address.length);
}

UnixPair PairOf(int type) {
  int fds[2] = {-1, -1};
  os::socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds);
  return {fds[0], fds[1]};
}

UnixPair ConnectedUnix(const std::string& name, int type) {
  const int listener = ListenUnix(name, 8, type);
  const int client = Unix(type);
  ConnectUnix(client, name);
  const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  os::close(listener);
  if (name[0] != '@') os::unlink(name.c_str());
  return {client, server};
}

std::string UnixLocal(int fd) { return NameOf(fd, os::getsockname); }
std::string UnixPeer(int fd) { return NameOf(fd, os::getpeername); }

int UnixLocalLength(int fd) {
  UnixAddress address("");
  socklen_t length = sizeof address.bytes;
  if (os::getsockname(fd, reinterpret_cast<sockaddr*>(&address.bytes), &length) != 0) return -1;
  return static_cast<int>(length);
}

ssize_t SendWith(int fd, absl::string_view data, const std::vector<int>& fds, const ucred* ids,
                 int flags) {
  alignas(cmsghdr) char control[2048] = {};
  size_t used = 0;
  const auto put = [&](int type, const void* from, size_t size) {
    cmsghdr header = {};
    header.cmsg_len = CMSG_LEN(size);
    header.cmsg_level = SOL_SOCKET;
    header.cmsg_type = type;
    std::memcpy(control + used, &header, sizeof header);
    std::memcpy(control + used + CMSG_LEN(0), from, size);
    used += CMSG_SPACE(size);
  };
  if (ids != nullptr) put(SCM_CREDENTIALS, ids, sizeof *ids);
  if (!fds.empty()) put(SCM_RIGHTS, fds.data(), fds.size() * sizeof(int));
  iovec vector = {const_cast<char*>(data.data()), data.size()};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = used == 0 ? nullptr : control;
  message.msg_controllen = used;
  return os::sendmsg(fd, &message, flags);
}

std::string ReceiveWith(int fd, size_t size, size_t room, std::vector<int>* fds, int flags) {
  std::string data(size, '\0');
  alignas(cmsghdr) char control[2048] = {};
  UnixAddress source("");
  iovec vector = {data.data(), data.size()};
  msghdr message = {};
  message.msg_name = &source.bytes;
  message.msg_namelen = sizeof source.bytes;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = room == 0 ? nullptr : control;
  message.msg_controllen = room;
  const ssize_t n = os::recvmsg(fd, &message, flags);
  if (n < 0) return ErrorName(errno);
  data.resize(std::min(size, static_cast<size_t>(n)));
  if (data.size() > 32) data = absl::StrCat(data.substr(0, 8), "...");
  std::string text =
      absl::StrCat(n, " '", data, "' ", Flags(message.msg_flags), " from ",
                   Show(source, message.msg_namelen), " control ", message.msg_controllen);
  size_t at = 0;
  while (at + sizeof(cmsghdr) <= message.msg_controllen) {
    cmsghdr header;
    std::memcpy(&header, control + at, sizeof header);
    const size_t bytes = header.cmsg_len - CMSG_LEN(0);
    const char* const from = control + at + CMSG_LEN(0);
    if (header.cmsg_type == SCM_RIGHTS) {
      absl::StrAppend(&text, " fds ", bytes / sizeof(int));
      for (size_t i = 0; i < bytes / sizeof(int); ++i) {
        int received;
        std::memcpy(&received, from + i * sizeof(int), sizeof received);
        if (fds != nullptr) {
          fds->push_back(received);
        } else {
          os::close(received);
        }
      }
    } else if (header.cmsg_type == SCM_CREDENTIALS && bytes == sizeof(ucred)) {
      ucred ids;
      std::memcpy(&ids, from, sizeof ids);
      absl::StrAppend(&text, " ids ",
                      ids.pid == os::getpid() ? "me"
                      : ids.pid == 0          ? "0"
                                              : "other",
                      " ", ids.uid, ":", ids.gid);
    } else {
      absl::StrAppend(&text, " type ", header.cmsg_type, " of ", bytes);
    }
    if (header.cmsg_len < sizeof header) break;
    at += CMSG_ALIGN(header.cmsg_len);
  }
  return text;
}

int OpenDescriptors() {
  int open = 0;
  for (int fd = 3; fd < 64; ++fd) {
    if (os::fcntl(fd, F_GETFD) >= 0) ++open;
  }
  return open;
}

int InQueue(int fd) {
  int bytes = -1;
  return os::ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : -errno;
}

int OutQueue(int fd) {
  int bytes = -1;
  return os::ioctl(fd, TIOCOUTQ, &bytes) == 0 ? bytes : -errno;
}

std::string Fill(int fd, size_t size) {
  const std::string data(size, 'x');
  int calls = 0;
  int64_t bytes = 0;
  for (; calls < 100000; ++calls) {
    const ssize_t n = os::send(fd, data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) break;
    bytes += n;
  }
  return absl::StrCat(calls, " calls ", bytes, " bytes ", ErrorName(errno));
}

}  // namespace drywire
