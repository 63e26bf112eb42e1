// UNIX streams and sequenced packets: connections, data, and how they end.
#include <string>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"
#include "tests/oracle/unix_script.h"

namespace drywire::oracle {
namespace {

constexpr int kConnectionTypes[] = {SOCK_STREAM, SOCK_SEQPACKET};

std::string TypeName(int type) {
  return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "dgram" : "seqpacket";
}

ORACLE(UnixStream, FirstConnection, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : kConnectionTypes) {
      s.Row(TypeName(type));
      const int listener = Unix(type);
      const std::string path = TypeName(type);
      s("bind", BindUnix(listener, path))("listen", os::listen(listener, 5));
      const int client = Unix(type);
      s.Poll(client)("connect", ConnectUnix(client, path)).Poll(client).Poll(listener);
      s.Send(client, "early");
      UnixAddress from("");
      socklen_t length = sizeof from.bytes;
      const int server =
          os::accept4(listener, reinterpret_cast<sockaddr*>(&from.bytes), &length, SOCK_NONBLOCK);
      s.Ok("accept", server)("length", length).Poll(server).Receive(server).Receive(server);
      s.Text("client", UnixLocal(client)).Text("its peer", UnixPeer(client));
      s.Text("server", UnixLocal(server)).Text("its peer", UnixPeer(server));
      s.Send(server, "back").Receive(client).Poll(listener);
      s("accept", os::accept(listener, nullptr, nullptr));
      s.Row(TypeName(type) + " ends");
      s("close", os::close(client)).Poll(server).Receive(server).Receive(server);
      s.Send(server, "x").Error(server).Text("peer", UnixPeer(server));
      s("connect again", ConnectUnix(server, path));
    }
  });
}

ORACLE(UnixStream, Pair, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
      s.Row(TypeName(type));
      const UnixPair pair = PairOf(type);
      s.Text("local", UnixLocal(pair.first)).Text("peer", UnixPeer(pair.first));
      s.Poll(pair.first).Send(pair.first, "abc").Poll(pair.second).Receive(pair.second);
      s.Send(pair.second, "def").Receive(pair.first).Receive(pair.first);
      s("listen", os::listen(pair.first, 1))("accept", os::accept(pair.first, nullptr, nullptr));
      s("connect", ConnectUnix(pair.first, "@nobody"));
      s("bind", BindUnix(pair.first, "@pair" + TypeName(type))).Text("peer", UnixPeer(pair.second));
      s.Send(pair.first, "named").Text("from", ReceiveWith(pair.second, 64, 0));
      s("close", os::close(pair.first)).Poll(pair.second).Receive(pair.second);
      s.Send(pair.second, "x").Send(pair.second, "x").Text("peer", UnixPeer(pair.second));
      s.Poll(pair.second);
    }
  });
}

ORACLE(UnixStream, PairErrors, kPair) {
  it.On("a", [](Script& s) {
    int fds[2] = {-1, -1};
    for (const int type : std::initializer_list<int>{SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET,
                                                     SOCK_RAW, SOCK_RDM, 0, 7}) {
      s.Row("type " + std::to_string(type));
      for (const int protocol : {0, 1, 6}) {
        s.Ok("pair", os::socketpair(AF_UNIX, type, protocol, fds));
        s.Ok("socket", os::socket(AF_UNIX, type, protocol));
      }
    }
    for (const int domain : {AF_INET, AF_INET6, 99, -1}) {
      s.Row("domain " + std::to_string(domain));
      for (const int type :
           std::initializer_list<int>{SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 0}) {
        s("pair", os::socketpair(domain, type, 0, fds));
      }
    }
    s.Row("bad pointer")("pair", os::socketpair(AF_UNIX, SOCK_STREAM, 0, nullptr));
  });
}

ORACLE(UnixStream, FreshSocket, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
      const int fd = Unix(type);
      char byte;
      s.Row(TypeName(type)).Poll(fd).Error(fd);
      s("read", os::read(fd, &byte, 1))("write", os::send(fd, "x", 1, MSG_NOSIGNAL));
      s("accept", os::accept(fd, nullptr, nullptr))("listen", os::listen(fd, 1));
      s.Text("local", UnixLocal(fd)).Text("peer", UnixPeer(fd));
      s("inq", InQueue(fd))("outq", OutQueue(fd));
      s("shutdown", os::shutdown(fd, SHUT_RD)).Poll(fd)("read", os::read(fd, &byte, 1));
      s("shutdown", os::shutdown(fd, SHUT_WR)).Poll(fd);
      s("write", os::send(fd, "x", 1, MSG_NOSIGNAL))("shutdown", os::shutdown(fd, 7));
    }
  });
}

ORACLE(UnixStream, Listener, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      const std::string name = "@listener" + TypeName(type);
      const int fd = ListenUnix(name, 1, type);
      char byte;
      s.Row(TypeName(type)).Poll(fd)("read", os::read(fd, &byte, 1));
      s("write", os::send(fd, "x", 1, MSG_NOSIGNAL))("connect", ConnectUnix(fd, name));
      s("connect elsewhere", ConnectUnix(fd, "@nobody"))("bind", BindUnix(fd, "@other"));
      s.Text("peer", UnixPeer(fd))("inq", InQueue(fd))("outq", OutQueue(fd));
      s("listen again", os::listen(fd, 3)).Option("acceptconn", fd, SOL_SOCKET, SO_ACCEPTCONN);
      const int client = Unix(type);
      s.Row(TypeName(type) + " shut")("shutdown", os::shutdown(fd, SHUT_RD)).Poll(fd);
      s("connect", ConnectUnix(client, name))("accept", os::accept(fd, nullptr, nullptr));
      s("shutdown", os::shutdown(fd, SHUT_WR)).Poll(fd);
      s("listen", os::listen(fd, 1))("connect", ConnectUnix(client, name));
    }
  });
}

ORACLE(UnixStream, ConnectTwice, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    for (const int type : kConnectionTypes) {
      const std::string path = "l" + TypeName(type);
      const int listener = ListenUnix(path, 8, type);
      const int fd = Unix(type);
      s.Row(TypeName(type))("connect", ConnectUnix(fd, path));
      s("again", ConnectUnix(fd, path))("to nobody", ConnectUnix(fd, "missing"));
      s("to a bad address", os::connect(fd, UnixAddress("x", 2).get(), 2));
      const sockaddr unspec = {};
      s("to AF_UNSPEC", os::connect(fd, &unspec, sizeof unspec)).Poll(fd);
      const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      s("bind", BindUnix(server, "again" + path))("listen", os::listen(server, 1));
      s("client binds", BindUnix(fd, "late" + path)).Text("peer", UnixPeer(server));
      s("client listens", os::listen(fd, 1));
      os::close(server);
      s.Row(TypeName(type) + " after the end")("again", ConnectUnix(fd, path));
    }
  });
}

ORACLE(UnixStream, Shutdown, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      for (const int how : {SHUT_RD, SHUT_WR, SHUT_RDWR}) {
        const UnixPair pair = PairOf(type);
        s.Row(TypeName(type) + " " + std::to_string(how));
        s.Send(pair.first, "queued").Send(pair.second, "queued");
        s("shutdown", os::shutdown(pair.first, how)).Poll(pair.first).Poll(pair.second);
        s.Send(pair.first, "x").Send(pair.second, "y");
        s.Receive(pair.first).Receive(pair.first).Receive(pair.second).Receive(pair.second);
        s.Poll(pair.first).Poll(pair.second).Error(pair.first).Error(pair.second);
        s("again", os::shutdown(pair.first, how));
        s("other side", os::shutdown(pair.second, SHUT_RDWR)).Poll(pair.first).Poll(pair.second);
      }
    }
  });
}

ORACLE(UnixStream, UnreadDataAtClose, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      const UnixPair pair = PairOf(type);
      s.Row(TypeName(type)).Send(pair.first, "never read").Send(pair.second, "for the survivor");
      s("close", os::close(pair.second)).Poll(pair.first);
      s.Receive(pair.first).Receive(pair.first).Receive(pair.first).Poll(pair.first);
      s.Send(pair.first, "x");
      const UnixPair other = PairOf(type);
      s.Row(TypeName(type) + " write first").Send(other.first, "never read");
      s("close", os::close(other.second)).Send(other.first, "x").Receive(other.first);
      s.Poll(other.first);
      const UnixPair third = PairOf(type);
      s.Row(TypeName(type) + " SO_ERROR").Send(third.first, "never read");
      s("close", os::close(third.second)).Error(third.first).Poll(third.first);
      s.Receive(third.first).Send(third.first, "x");
    }
  });
}

ORACLE(UnixStream, ListenerClosedWhileQueued, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      const std::string name = "@closing" + TypeName(type);
      const int listener = ListenUnix(name, 8, type);
      const int first = Unix(type);
      const int second = Unix(type);
      s.Row(TypeName(type))("connect", ConnectUnix(first, name))("and", ConnectUnix(second, name));
      s.Send(first, "early")("close", os::close(listener)).Poll(first).Poll(second);
      s.Receive(first).Receive(first).Send(first, "x").Poll(first);
      s.Send(second, "x").Receive(second).Poll(second).Text("peer", UnixPeer(second));
      s("connect", ConnectUnix(Unix(type), name));
    }
  });
}

ORACLE(UnixStream, ClosedWhileQueued, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      const std::string name = "@queued" + TypeName(type);
      const int listener = ListenUnix(name, 8, type);
      const int client = Unix(type);
      s.Row(TypeName(type))("connect", ConnectUnix(client, name)).Send(client, "early");
      s("close", os::close(client)).Poll(listener);
      UnixAddress from("");
      socklen_t length = sizeof from.bytes;
      const int server =
          os::accept4(listener, reinterpret_cast<sockaddr*>(&from.bytes), &length, SOCK_NONBLOCK);
      s.Ok("accept", server)("length", length).Poll(server).Receive(server).Receive(server);
      s.Text("peer", UnixPeer(server)).Send(server, "x").Error(server);
    }
  });
}

ORACLE(UnixStream, PartialReads, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      const UnixPair pair = PairOf(type);
      s.Row(TypeName(type)).Send(pair.first, "abcdef").Send(pair.first, "ghi").Send(pair.first, "");
      s("inq", InQueue(pair.second)).Text("3", ReceiveWith(pair.second, 3, 0));
      s("inq", InQueue(pair.second)).Text("5", ReceiveWith(pair.second, 5, 0));
      s("inq", InQueue(pair.second)).Text("9", ReceiveWith(pair.second, 9, 0));
      s.Text("9", ReceiveWith(pair.second, 9, 0));
      s.Row(TypeName(type) + " peek").Send(pair.first, "one").Send(pair.first, "two");
      s.Text("peek 2", ReceiveWith(pair.second, 2, 0, nullptr, MSG_PEEK | MSG_DONTWAIT));
      s.Text("peek 9", ReceiveWith(pair.second, 9, 0, nullptr, MSG_PEEK | MSG_DONTWAIT));
      s.Text("trunc 1", ReceiveWith(pair.second, 1, 0, nullptr, MSG_TRUNC | MSG_DONTWAIT));
      s.Text("peek trunc 1",
             ReceiveWith(pair.second, 1, 0, nullptr, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT));
      s.Text("0", ReceiveWith(pair.second, 0, 0)).Text("9", ReceiveWith(pair.second, 9, 0));
      s.Text("9", ReceiveWith(pair.second, 9, 0)).Text("0", ReceiveWith(pair.second, 0, 0));
      s("recv of nothing", os::recv(pair.second, nullptr, 0, MSG_DONTWAIT));
    }
  });
}

ORACLE(UnixStream, EndOfRecord, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
      const UnixPair pair = PairOf(type);
      s.Row(TypeName(type)).Send(pair.first, "a", MSG_EOR | MSG_DONTWAIT | MSG_NOSIGNAL);
      s.Send(pair.first, "b", MSG_EOR | MSG_DONTWAIT | MSG_NOSIGNAL).Send(pair.first, "c");
      for (int i = 0; i < 4; ++i) s.Text("recv", ReceiveWith(pair.second, 8, 0));
    }
  });
}

ORACLE(UnixStream, SendTo, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : kConnectionTypes) {
      const std::string name = "@sendto" + TypeName(type);
      const int listener = ListenUnix(name, 8, type);
      const int fd = Unix(type);
      s.Row(TypeName(type))("unconnected", SendToUnix(fd, name, "x"));
      s("bad address", os::sendto(fd, "x", 1, MSG_NOSIGNAL, UnixAddress(name, 1).get(), 1));
      s("connect", ConnectUnix(fd, name))("connected", SendToUnix(fd, name, "x"));
      s("elsewhere", SendToUnix(fd, "@nobody", "y"));
      const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      s.Receive(server).Receive(server);
      s("listener", SendToUnix(listener, name, "x"));
    }
  });
}

ORACLE(UnixStream, SigpipeAndNoSignal, kPair) {
  it.On("a", [](Script& s) {
    static int signals;
    signals = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { ++signals; };
    os::sigaction(SIGPIPE, &action, nullptr);
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
      const UnixPair pair = PairOf(type);
      os::close(pair.second);
      s.Row(TypeName(type))("send", os::send(pair.first, "x", 1, 0))("signals", signals);
      s("no signal", os::send(pair.first, "x", 1, MSG_NOSIGNAL))("signals", signals);
      s("write", os::write(pair.first, "x", 1))("signals", signals);
      const UnixPair shut = PairOf(type);
      os::shutdown(shut.first, SHUT_WR);
      s("shut", os::send(shut.first, "x", 1, 0))("signals", signals);
    }
  });
}

ORACLE(UnixStream, WaitAll, kPair) {
  it.On("a", [](Script& s) {
    const int listener = ListenUnix("@waitall");
    s.Announce("listening");
    WaitFor(listener, POLLIN);
    const int fd = os::accept4(listener, nullptr, nullptr, 0);
    char buffer[16] = {};
    s.Row("all")("recv", os::recv(fd, buffer, 6, MSG_WAITALL)).Text("data", buffer);
    s.Row("end")("recv", os::recv(fd, buffer, 16, MSG_WAITALL));
    s("recv", os::recv(fd, buffer, 16, MSG_WAITALL));
    os::close(fd);
    const int second = Accept(listener);
    os::fcntl(second, F_SETFL, 0);
    SetTimeout(second, SO_RCVTIMEO, 300);
    s.Row("timeout")("recv", os::recv(second, buffer, 6, MSG_WAITALL)).Elapsed();
    s("recv", os::recv(second, buffer, 6, MSG_WAITALL)).Elapsed();
    s.Announce("done");
  });
  it.On("a", [](Script& s) {
    s.Await("listening");
    const int fd = Unix(SOCK_STREAM, 0);
    ConnectUnix(fd, "@waitall");
    s.Row("send").Send(fd, "abc");
    SleepMs(100);
    s.Send(fd, "def");
    SleepMs(100);
    s.Send(fd, "gh");
    os::close(fd);
    const int second = Unix(SOCK_STREAM, 0);
    ConnectUnix(second, "@waitall");
    s.Send(second, "xyz");
    s.Await("done");
  });
}

ORACLE(UnixStream, OutOfBand, kPair) {
  it.On("a", [](Script& s) {
    for (const int type : {SOCK_SEQPACKET, SOCK_DGRAM}) {
      const UnixPair pair = PairOf(type);
      s.Row(TypeName(type))("send", os::send(pair.first, "x", 1, MSG_OOB));
      char byte;
      s("recv", os::recv(pair.second, &byte, 1, MSG_OOB | MSG_DONTWAIT));
    }
  });
}

ORACLE(UnixStream, AcceptOrderAndNames, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    const int listener = ListenUnix("l", 8);
    for (const char* name : {"one", "two", "@three", ""}) {
      const int fd = Unix();
      if (*name != 0) BindUnix(fd, name);
      ConnectUnix(fd, "l");
      os::send(fd, name, std::strlen(name), 0);
    }
    for (int i = 0; i < 5; ++i) {
      UnixAddress from("");
      socklen_t length = sizeof from.bytes;
      const int fd =
          os::accept4(listener, reinterpret_cast<sockaddr*>(&from.bytes), &length, SOCK_NONBLOCK);
      s.Row("accept " + std::to_string(i)).Ok("fd", fd)("length", length);
      s.Text("peer", UnixPeer(fd)).Text("data", ReceiveWith(fd, 64, 0));
    }
    const int fd = Unix();
    ConnectUnix(fd, "l");
    s.Row("short buffer");
    char tiny[4] = {};
    socklen_t length = sizeof tiny;
    s.Ok("accept", os::accept(listener, reinterpret_cast<sockaddr*>(tiny), &length));
    s("length", length);
    length = 3;
    s("getsockname", os::getsockname(listener, reinterpret_cast<sockaddr*>(tiny), &length));
    s("length", length)("byte", tiny[2]);
  });
}

}  // namespace
}  // namespace drywire::oracle
