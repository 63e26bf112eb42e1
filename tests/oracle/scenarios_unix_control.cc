// What comes along with data on UNIX sockets: descriptors and credentials.
#include <sys/eventfd.h>

#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"
#include "tests/oracle/unix_script.h"

namespace drywire::oracle {
namespace {

constexpr int kTypes[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
constexpr size_t kRoom = 512;

// The reading end of a pipe that holds `text`.
int PipeWith(const char* text) {
  int fds[2];
  os::pipe(fds);
  os::write(fds[1], text, std::strlen(text));
  os::close(fds[1]);
  return fds[0];
}

ORACLE(UnixRights, AnyKindOfDescriptor, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("file", "contents");
    for (const int type : kTypes) {
      const UnixPair pair = PairOf(type);
      const int kinds[] = {PipeWith("pipe"),
                           os::open("file", O_RDONLY),
                           Tcp(),
                           Udp(),
                           ListenUnix("@kinds" + std::to_string(type)),
                           os::epoll_create1(0)};
      int number = 0;
      for (const int fd : kinds) {
        s.Row(std::to_string(type) + " kind " + std::to_string(number++));
        s("send", SendWith(pair.first, "x", {fd}))("close", os::close(fd));
        std::vector<int> fds;
        s.Text("recv", ReceiveWith(pair.second, 8, kRoom, &fds));
        char buffer[16] = {};
        if (fds.empty()) continue;
        s("read", os::read(fds[0], buffer, sizeof buffer)).Text("data", buffer);
        os::close(fds[0]);
      }
    }
  });
}

ORACLE(UnixRights, SameFile, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("file", "0123456789");
    const int fd = os::open("file", O_RDONLY);
    const UnixPair pair = PairOf();
    std::vector<int> fds;
    s.Row("offset is shared")("send", SendWith(pair.first, "x", {fd, fd}));
    s.Text("recv", ReceiveWith(pair.second, 8, kRoom, &fds));
    char buffer[4] = {};
    for (const int each : {fd, fds[0], fds[1]})
      s("read", os::read(each, buffer, 3)).Text("", buffer);
    s.Row("flags")("cloexec", os::fcntl(fds[0], F_GETFD))("send", SendWith(pair.first, "x", {fd}));
    s.Text("recv", ReceiveWith(pair.second, 8, kRoom, &fds, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
    s("cloexec", os::fcntl(fds[2], F_GETFD));
  });
}

ORACLE(UnixRights, ControlTruncated, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      for (const size_t room : {size_t{0}, size_t{8}, size_t{16}, size_t{18}, size_t{20},
                                size_t{24}, size_t{28}, size_t{32}, kRoom}) {
        const UnixPair pair = PairOf(type);
        const int fd = PipeWith("x");
        s.Row(std::to_string(type) + " room " + std::to_string(room));
        s("send", SendWith(pair.first, "data", {fd, fd, fd}));
        s.Text("recv", ReceiveWith(pair.second, 8, room))("open", OpenDescriptors());
        os::close(fd);
        os::close(pair.first);
        os::close(pair.second);
      }
    }
  });
}

ORACLE(UnixRights, NeverReceived, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      int fds[2];
      os::pipe(fds);
      const UnixPair pair = PairOf(type);
      s.Row(std::to_string(type))("send", SendWith(pair.first, "x", {fds[1]}));
      os::close(fds[1]);
      s.Poll(fds[0])("close", os::close(pair.second)).Poll(fds[0]);
      int second[2];
      os::pipe(second);
      const UnixPair other = PairOf(type);
      s.Row(std::to_string(type) + " read without room");
      SendWith(other.first, "x", {second[1]});
      os::close(second[1]);
      char byte;
      s.Poll(second[0])("read", os::read(other.second, &byte, 1)).Poll(second[0]);
    }
  });
}

ORACLE(UnixRights, BoundariesOfAStream, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    const int fd = PipeWith("x");
    s.Row("plain, with, plain").Send(pair.first, "ab")("send", SendWith(pair.first, "cd", {fd}));
    s.Send(pair.first, "ef");
    for (int i = 0; i < 3; ++i) s.Text("recv", ReceiveWith(pair.second, 16, kRoom));
    s.Row("with, with")("send", SendWith(pair.first, "ab", {fd}));
    s("send", SendWith(pair.first, "cd", {fd, fd}));
    for (int i = 0; i < 3; ++i) s.Text("recv", ReceiveWith(pair.second, 16, kRoom));
    s.Row("partly")("send", SendWith(pair.first, "abcdef", {fd}));
    s.Text("recv", ReceiveWith(pair.second, 2, kRoom))
        .Text("rest", ReceiveWith(pair.second, 9, kRoom));
    s.Row("wait for all")("send", SendWith(pair.first, "ab", {fd})).Send(pair.first, "cd");
    s.Text("recv", ReceiveWith(pair.second, 4, kRoom, nullptr, MSG_WAITALL));
    s.Text("recv", ReceiveWith(pair.second, 4, kRoom));
    s.Row("no data")("send", SendWith(pair.first, "", {fd}))("inq", InQueue(pair.second));
    s.Text("recv", ReceiveWith(pair.second, 4, kRoom));
    const UnixPair packets = PairOf(SOCK_SEQPACKET);
    s("packet", SendWith(packets.first, "", {fd}))
        .Text("recv", ReceiveWith(packets.second, 4, kRoom));
  });
}

ORACLE(UnixRights, Peek, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      const UnixPair pair = PairOf(type);
      const int before = OpenDescriptors();
      const int fd = PipeWith("x");
      s.Row(std::to_string(type))("send", SendWith(pair.first, "ab", {fd})).Send(pair.first, "cd");
      std::vector<int> fds;
      s.Text("peek", ReceiveWith(pair.second, 16, kRoom, &fds, MSG_PEEK | MSG_DONTWAIT));
      s.Text("peek", ReceiveWith(pair.second, 1, kRoom, &fds, MSG_PEEK | MSG_DONTWAIT));
      s.Text("recv", ReceiveWith(pair.second, 16, kRoom, &fds));
      s.Text("recv", ReceiveWith(pair.second, 16, kRoom, &fds));
      s("descriptors", OpenDescriptors() - before);
    }
  });
}

ORACLE(UnixRights, Errors, kPair) {
  it.On("a", [](Script& s) {
    const int fd = PipeWith("x");
    for (const int type : kTypes) {
      const UnixPair pair = PairOf(type);
      s.Row(std::to_string(type))("bad", SendWith(pair.first, "x", {99}));
      s("negative", SendWith(pair.first, "x", {-1}))("one bad",
                                                     SendWith(pair.first, "x", {fd, 99}));
      s("253", SendWith(pair.first, "x", std::vector<int>(253, fd)));
      s("254", SendWith(pair.first, "x", std::vector<int>(254, fd)));
      s("many more", SendWith(pair.first, "x", std::vector<int>(400, fd)));
      s.Text("recv", ReceiveWith(pair.second, 8, kRoom)).Receive(pair.second);
    }
    s.Row("to nobody");
    const int datagrams = Unix(SOCK_DGRAM);
    s("dgram", SendWith(datagrams, "x", {fd}))("stream", SendWith(Unix(), "x", {fd}));
    s("bad to nobody", SendWith(datagrams, "x", {99}))("bad stream", SendWith(Unix(), "x", {99}));
  });
}

ORACLE(UnixRights, MalformedControl, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    struct Case {
      const char* name;
      size_t cmsg_len;
      size_t controllen;
      int level;
      int type;
    };
    for (const Case& each :
         {Case{"too short header", 15, 24, SOL_SOCKET, SCM_RIGHTS},
          Case{"longer than the buffer", 100, 24, SOL_SOCKET, SCM_RIGHTS},
          Case{"no descriptors", 16, 24, SOL_SOCKET, SCM_RIGHTS},
          Case{"half a descriptor", 18, 24, SOL_SOCKET, SCM_RIGHTS},
          Case{"buffer below a header", 20, 10, SOL_SOCKET, SCM_RIGHTS},
          Case{"unknown type", 20, 24, SOL_SOCKET, 77}, Case{"type 3", 20, 24, SOL_SOCKET, 3},
          Case{"another level", 20, 24, IPPROTO_IP, 1},
          Case{"short credentials", 20, 24, SOL_SOCKET, SCM_CREDENTIALS}}) {
      alignas(cmsghdr) char control[64] = {};
      cmsghdr header = {};
      header.cmsg_len = each.cmsg_len;
      header.cmsg_level = each.level;
      header.cmsg_type = each.type;
      std::memcpy(control, &header, sizeof header);
      iovec vector = {const_cast<char*>("x"), 1};
      msghdr message = {};
      message.msg_iov = &vector;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = each.controllen;
      s.Row(each.name)("send", os::sendmsg(pair.first, &message, MSG_DONTWAIT));
      s.Text("recv", ReceiveWith(pair.second, 8, kRoom));
    }
  });
}

ORACLE(UnixRights, Cycles, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      s.Row(std::to_string(type) + " into itself");
      int fds[2];
      os::pipe(fds);
      UnixPair pair = PairOf(type);
      s("itself", SendWith(pair.first, "x", {pair.second}));
      s("pipe", SendWith(pair.first, "x", {fds[1]}));
      os::close(fds[1]);
      os::close(pair.second);
      s.Poll(fds[0]);
      os::close(pair.first);
      SleepMs(100);
      s.Poll(fds[0]);
      s.Row(std::to_string(type) + " into each other");
      os::pipe(fds);
      pair = PairOf(type);
      s("one", SendWith(pair.first, "x", {pair.first}))("pipe",
                                                        SendWith(pair.first, "x", {fds[1]}));
      s("two", SendWith(pair.second, "x", {pair.second}));
      os::close(fds[1]);
      os::close(pair.first);
      os::close(pair.second);
      os::close(Unix());
      SleepMs(100);
      s.Poll(fds[0]);
      s.Row(std::to_string(type) + " still reachable");
      os::pipe(fds);
      pair = PairOf(type);
      const UnixPair outer = PairOf(type);
      SendWith(pair.first, "x", {fds[1], pair.second});
      os::close(fds[1]);
      s("carry", SendWith(outer.first, "y", {pair.second}));
      os::close(pair.first);
      os::close(pair.second);
      SleepMs(100);
      s.Poll(fds[0]);
      std::vector<int> received;
      s.Text("recv", ReceiveWith(outer.second, 8, kRoom, &received));
      s.Text("recv", received.empty() ? "" : ReceiveWith(received[0], 8, kRoom, &received));
      s("received", static_cast<int>(received.size()));
    }
  });
}

ORACLE(UnixRights, InFlightLimit, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int fd = PipeWith("x");
    rlimit limit = {};
    os::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 40;
    os::setrlimit(RLIMIT_NOFILE, &limit);
    s.Become(2345, 2345);
    os::setresuid(2345, 2345, 0);
    const UnixPair pair = PairOf(SOCK_DGRAM);
    s.Row("one by one");
    int sent = 0;
    while (sent < 200 && SendWith(pair.first, "x", {fd}) == 1) ++sent;
    s("sent", sent).Text("then", ErrorName(errno));
    s.Text("recv", ReceiveWith(pair.second, 8, kRoom))("again", SendWith(pair.first, "x", {fd}));
    s("and", SendWith(pair.first, "x", {fd}));
    s("no descriptor", SendWith(pair.first, "x", {})).Row("as root");
    s.Become(0, 0);
    os::setresuid(0, 0, 0);
    sent = 0;
    while (sent < 60 && SendWith(pair.first, "x", {fd}) == 1) ++sent;
    s("sent", sent);
  });
}

ORACLE(UnixRights, DescriptorLimitOfTheReceiver, kPair) {
  it.On("a", [](Script& s) {
    const UnixPair pair = PairOf();
    const int fd = PipeWith("x");
    s("send", SendWith(pair.first, "x", {fd, fd, fd, fd}));
    rlimit limit = {};
    os::getrlimit(RLIMIT_NOFILE, &limit);
    int highest = os::dup(fd);
    os::close(highest);
    const rlim_t old = limit.rlim_cur;
    limit.rlim_cur = static_cast<rlim_t>(highest) + 2;
    os::setrlimit(RLIMIT_NOFILE, &limit);
    std::vector<int> fds;
    s.Row("two of four").Text("recv", ReceiveWith(pair.second, 8, kRoom, &fds));
    s("send", SendWith(pair.first, "y", {fd}));
    s.Text("none", ReceiveWith(pair.second, 8, kRoom, &fds));
    limit.rlim_cur = old;
    os::setrlimit(RLIMIT_NOFILE, &limit);
  });
}

// --- Credentials ---

std::string PeerIds(int fd) {
  ucred ids = {};
  socklen_t length = sizeof ids;
  if (os::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ids, &length) != 0) return ErrorName(errno);
  const char* const pid = ids.pid == os::getpid() ? "me" : ids.pid == 0 ? "0" : "other";
  return std::string(pid) + " " + std::to_string(static_cast<int>(ids.uid)) + ":" +
         std::to_string(static_cast<int>(ids.gid)) + " length " + std::to_string(length);
}

ORACLE(UnixCredentials, PeerCredentials, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : kTypes) {
      s.Row(std::to_string(type)).Text("fresh", PeerIds(Unix(type)));
      const UnixPair pair = PairOf(type);
      s.Text("pair", PeerIds(pair.first));
    }
    const int listener = ListenUnix("l");
    os::chmod("l", 0777);
    s.Row("as others").Text("listener", PeerIds(listener));
    s.Become(2000, 3000);
    const int client = Unix();
    s("connect", ConnectUnix(client, "l")).Text("client", PeerIds(client));
    s.Become(0, 0);
    const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    s.Text("server", PeerIds(server));
    os::close(client);
    s.Text("after the end", PeerIds(server));
    s.Row("listen as another");
    s.Become(2000, 3000);
    s("listen", os::listen(listener, 3));
    s.Become(0, 0);
    s.Text("listener", PeerIds(listener));
    const int next = Unix();
    ConnectUnix(next, "l");
    s.Text("client", PeerIds(next));
    const int datagrams = Unix(SOCK_DGRAM);
    BindUnix(datagrams, "@creds");
    const int sender = Unix(SOCK_DGRAM);
    ConnectUnix(sender, "@creds");
    s.Row("connected datagrams")
        .Text("sender", PeerIds(sender))
        .Text("receiver", PeerIds(datagrams));
    ucred ids = {};
    for (socklen_t length : {0u, 1u, 4u, 11u, 100u}) {
      s("length", os::getsockopt(server, SOL_SOCKET, SO_PEERCRED, &ids, &length))("is", length);
    }
    s("set", os::setsockopt(server, SOL_SOCKET, SO_PEERCRED, &ids, sizeof ids));
  });
}

ORACLE(UnixCredentials, PeerGroups, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int listener = ListenUnix("l");
    os::chmod("l", 0777);
    s.Become(2000, 3000, {7, 5, 3000});
    const int client = Unix();
    ConnectUnix(client, "l");
    s.Become(0, 0);
    const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    gid_t groups[8] = {};
    for (socklen_t length : {0u, 4u, 11u, 12u, 32u}) {
      s.Row(std::to_string(length));
      s("get", os::getsockopt(server, SOL_SOCKET, SO_PEERGROUPS, groups, &length))("length",
                                                                                   length);
    }
    s.Row("groups");
    for (int i = 0; i < 3; ++i) s("group", groups[i]);
    socklen_t length = sizeof groups;
    s("client's", os::getsockopt(client, SOL_SOCKET, SO_PEERGROUPS, groups, &length))("is", length);
    s("fresh", os::getsockopt(Unix(), SOL_SOCKET, SO_PEERGROUPS, groups, &length));
  });
}

ORACLE(UnixCredentials, PassCredentials, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      const UnixPair pair = PairOf(type);
      s.Row(std::to_string(type)).Send(pair.first, "before");
      s.Text("not asked", ReceiveWith(pair.second, 16, kRoom)).Send(pair.first, "early");
      s("set", SetInt(pair.second, SOL_SOCKET, SO_PASSCRED, 1));
      s.Option("get", pair.second, SOL_SOCKET, SO_PASSCRED);
      s.Text("late", ReceiveWith(pair.second, 16, kRoom)).Send(pair.first, "asked");
      s.Text("asked", ReceiveWith(pair.second, 16, kRoom)).Send(pair.first, "no room");
      s.Text("no room", ReceiveWith(pair.second, 16, 0)).Send(pair.first, "little room");
      s.Text("little", ReceiveWith(pair.second, 16, 20));
      const int fd = PipeWith("x");
      s("both", SendWith(pair.first, "both", {fd}))
          .Text("recv", ReceiveWith(pair.second, 16, kRoom));
      s("both", SendWith(pair.first, "both", {fd}));
      s.Text("room for one", ReceiveWith(pair.second, 16, CMSG_SPACE(sizeof(ucred))));
      s("both", SendWith(pair.first, "both", {fd}));
      s.Text("peek", ReceiveWith(pair.second, 16, kRoom, nullptr, MSG_PEEK | MSG_DONTWAIT));
      s.Text("recv", ReceiveWith(pair.second, 16, kRoom));
    }
  });
}

ORACLE(UnixCredentials, SenderAsksToo, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kTypes) {
      const UnixPair pair = PairOf(type);
      s.Row(std::to_string(type))("sender", SetInt(pair.first, SOL_SOCKET, SO_PASSCRED, 1));
      s.Send(pair.first, "one")("receiver", SetInt(pair.second, SOL_SOCKET, SO_PASSCRED, 1));
      s.Text("recv", ReceiveWith(pair.second, 16, kRoom));
      s("autobound", UnixLocalLength(pair.first))("other", UnixLocalLength(pair.second));
    }
  });
}

ORACLE(UnixCredentials, GivenCredentials, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const uid_t uid : {0, 2000}) {
      const UnixPair pair = PairOf(SOCK_DGRAM);
      SetInt(pair.second, SOL_SOCKET, SO_PASSCRED, 1);
      s.Become(uid, uid);
      const pid_t me = os::getpid();
      const std::pair<const char*, ucred> cases[] = {
          {"mine", {me, uid, uid}},          {"real ids", {me, 0, 0}},
          {"another user", {me, 1000, uid}}, {"another group", {me, uid, 1000}},
          {"init", {1, uid, uid}},           {"no process", {999999, uid, uid}},
          {"pid 0", {0, uid, uid}},          {"pid -1", {-1, uid, uid}},
          {"no uid", {me, ~0u, uid}}};
      for (const auto& [name, ids] : cases) {
        if (std::string(name) == "init") continue;
        s.Row(std::to_string(uid) + " " + name)("send", SendWith(pair.first, "x", {}, &ids));
        s.Text("recv", ReceiveWith(pair.second, 8, kRoom));
      }
      s.Become(0, 0);
    }
  });
}

ORACLE(UnixCredentials, EffectiveOrReal, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const UnixPair pair = PairOf();
    SetInt(pair.second, SOL_SOCKET, SO_PASSCRED, 1);
    os::setresgid(1000, 3000, 0);
    os::setresuid(1000, 2000, 0);
    s.Row("real 1000, effective 2000").Send(pair.first, "x");
    s.Text("recv", ReceiveWith(pair.second, 8, kRoom));
    const UnixPair own = PairOf();
    s.Text("SO_PEERCRED", PeerIds(own.first));
    os::setresuid(0, 0, 0);
    os::setresgid(0, 0, 0);
  });
}

ORACLE(UnixCredentials, NotGluedAcrossSenders, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int asks : {0, 1}) {
      const UnixPair pair = PairOf();
      SetInt(pair.second, SOL_SOCKET, SO_PASSCRED, asks);
      const ucred root = {os::getpid(), 0, 0};
      const ucred other = {os::getpid(), 1000, 1000};
      s.Row("asked " + std::to_string(asks))("one", SendWith(pair.first, "aa", {}, &root));
      s("same", SendWith(pair.first, "bb", {}, &root))("other",
                                                       SendWith(pair.first, "cc", {}, &other));
      s.Send(pair.first, "dd");
      for (int i = 0; i < 4; ++i) s.Text("recv", ReceiveWith(pair.second, 16, kRoom));
    }
    const UnixPair pair = PairOf();
    SetInt(pair.second, SOL_SOCKET, SO_PASSCRED, 1);
    const ucred other = {os::getpid(), 1000, 1000};
    s.Row("all").Send(pair.first, "aa")("other", SendWith(pair.first, "bb", {}, &other));
    s.Text("recv", ReceiveWith(pair.second, 4, kRoom, nullptr, MSG_WAITALL));
    s.Text("recv", ReceiveWith(pair.second, 4, kRoom));
  });
}

ORACLE(UnixCredentials, BeforeAccept, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
      const std::string name = "@before" + std::to_string(type);
      const int listener = ListenUnix(name, 8, type);
      const int client = Unix(type);
      ConnectUnix(client, name);
      s.Row(std::to_string(type)).Send(client, "early");
      const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      SetInt(server, SOL_SOCKET, SO_PASSCRED, 1);
      s.Text("recv", ReceiveWith(server, 8, kRoom));
      SetInt(listener, SOL_SOCKET, SO_PASSCRED, 1);
      const int second = Unix(type);
      ConnectUnix(second, name);
      const int accepted = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      s.Option("inherited", accepted, SOL_SOCKET, SO_PASSCRED).Send(second, "x");
      s.Text("recv", ReceiveWith(accepted, 8, kRoom));
    }
  });
}

}  // namespace
}  // namespace drywire::oracle
