// Ancillary data of internet sockets.
#include <cstring>
#include <string>

#include "tests/oracle/two_hosts.h"

namespace drywire::oracle {
namespace {

// sendmsg(): what is said beside the data is judged, to no effect.
ORACLE(ControlMessages, OverTcp, kPair) {
  it.On("a", [](Script& s) {
    const int fd = ReachServer(s);
    struct Message {
      const char* name;
      int level;
      int type;
      size_t length = CMSG_LEN(sizeof(int));
      int value = 0;
    };
    constexpr int kCredentials = 2;
    const Message messages[] = {
        {"tos", IPPROTO_IP, IP_TOS},
        {"tcp", IPPROTO_TCP, 1},
        {"receive buffer", SOL_SOCKET, SO_RCVBUF},
        {"mark", SOL_SOCKET, SO_MARK},
        {"mark of a byte", SOL_SOCKET, SO_MARK, CMSG_LEN(1)},
        {"priority", SOL_SOCKET, SO_PRIORITY, CMSG_LEN(sizeof(int)), 6},
        {"high priority", SOL_SOCKET, SO_PRIORITY, CMSG_LEN(sizeof(int)), 7},
        {"negative priority", SOL_SOCKET, SO_PRIORITY, CMSG_LEN(sizeof(int)), -1},
        {"priority of a byte", SOL_SOCKET, SO_PRIORITY, CMSG_LEN(1)},
        {"rights", SOL_SOCKET, SCM_RIGHTS},
        {"credentials", SOL_SOCKET, kCredentials},
        {"short", IPPROTO_IP, IP_TOS, 3},
        {"long", IPPROTO_IP, IP_TOS, 200},
    };
    for (const uid_t uid : {0u, 7u}) {
      s.Become(uid, uid);
      for (const Message& message : messages) {
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        auto* const header = reinterpret_cast<cmsghdr*>(control);
        header->cmsg_level = message.level;
        header->cmsg_type = message.type;
        header->cmsg_len = message.length;
        std::memcpy(CMSG_DATA(header), &message.value, sizeof message.value);
        iovec vector = {const_cast<char*>("x"), 1};
        msghdr whole = {};
        whole.msg_iov = &vector;
        whole.msg_iovlen = 1;
        whole.msg_control = control;
        whole.msg_controllen = sizeof control;
        s.Row(std::to_string(uid) + " " + message.name)("sent", os::sendmsg(fd, &whole, 0));
      }
    }
    s.Become(0, 0);
    os::close(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = ServeOne(s);
    os::fcntl(fd, F_SETFL, 0);
    char data[64];
    s("received", os::recv(fd, data, sizeof data, MSG_WAITALL));
  });
}

}  // namespace
}  // namespace drywire::oracle
