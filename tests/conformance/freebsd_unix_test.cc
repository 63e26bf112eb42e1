// UNIX sockets on FreeBSD 14. From sys/kern/uipc_usrreq.c (functions are named), uipc_socket.c,
// uipc_sockbuf.c, unix(4), and facts observed on a FreeBSD 13.0 stack.
#include <string>
#include <vector>

#include "tests/conformance/freebsd_calls.h"
#include "tests/oracle/unix_script.h"

namespace drywire::freebsd {
namespace {

constexpr int kLocal = 0;  // SOL_LOCAL
constexpr int kPeerCred = 1;
constexpr int kCreds = 2;
constexpr int kCredsPersistent = 3;

// Plays `body` on a FreeBSD host.
void Play(World& world, std::function<void()> body) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "process", std::move(body));
  world.Run();
}

int ConnectTo(const char* path, int type = SOCK_STREAM) { return ConnectUnix(Unix(type), path); }

// uipc_bindat(), unp_connectat(): the family first, then the length; struct sockaddr_un has 106
// bytes.
DRYWIRE_TEST(FreeBsdUnix, AddressLengths) {
  Play(world, [] {
    const std::string path = "/tmp/x";
    for (const socklen_t length : {2u, 107u, 110u}) {
      EXPECT_THAT(os::bind(Unix(), UnixAddress(path).get(), length), FailsWith(EINVAL)) << length;
      EXPECT_THAT(os::connect(Unix(), UnixAddress(path).get(), length), FailsWith(EINVAL));
    }
    // A name of no bytes is no file.
    EXPECT_THAT(os::connect(Unix(), UnixAddress("").get(), 3), FailsWith(ENOENT));
    UnixAddress inet(path);
    inet.bytes.family = AF_INET;
    for (const socklen_t length : {2u, 16u, 110u}) {
      EXPECT_THAT(os::bind(Unix(), inet.get(), length), FailsWith(EAFNOSUPPORT)) << length;
      EXPECT_THAT(os::connect(Unix(), inet.get(), length), FailsWith(EAFNOSUPPORT));
    }
    const std::string longest = "/tmp/" + std::string(99, 'n');
    EXPECT_THAT(os::bind(Unix(), UnixAddress(longest).get(), 106), Succeeds());
  });
}

// uipc_sockaddr(): a name is as long as it was given; a socket without one has a struct sockaddr.
DRYWIRE_TEST(FreeBsdUnix, LengthsOfNames) {
  Play(world, [] {
    const int fd = Unix();
    EXPECT_EQ(UnixLocalLength(fd), 16);
    EXPECT_THAT(os::bind(fd, UnixAddress("/tmp/s").get(), 8), Succeeds());
    EXPECT_EQ(UnixLocalLength(fd), 8);
    EXPECT_THAT(os::listen(fd, 1), Succeeds());
    const int client = Unix();
    EXPECT_THAT(os::connect(client, UnixAddress("/tmp/s").get(), 40), Succeeds());
    UnixAddress name("");
    socklen_t length = sizeof name.bytes;
    EXPECT_THAT(os::getpeername(client, reinterpret_cast<sockaddr*>(&name.bytes), &length),
                Succeeds());
    EXPECT_EQ(length, 8u);
    // uipc_accept(): of a client without a name too.
    length = sizeof name.bytes;
    EXPECT_THAT(os::accept(fd, reinterpret_cast<sockaddr*>(&name.bytes), &length), Succeeds());
    EXPECT_EQ(length, 16u);
  });
}

// There are no abstract names: a leading NUL is a path of no bytes. uipc_bindat().
DRYWIRE_TEST(FreeBsdUnix, NoAbstractNames) {
  Play(world, [] {
    EXPECT_THAT(BindUnix(Unix(), "@name"), FailsWith(ENOENT));
    EXPECT_THAT(os::bind(Unix(), UnixAddress("").get(), 2), FailsWith(EINVAL));
  });
}

// unp_connectat(): what is no socket, then who may write to it, then who is there.
DRYWIRE_TEST(FreeBsdUnix, OrderOfConnectErrors) {
  Play(world, [] {
    WriteFile("/tmp/file", "x");
    EXPECT_EQ(os::chmod("/tmp/file", 0), 0);
    os::close(ListenUnix("/tmp/stale"));
    EXPECT_EQ(os::chmod("/tmp/stale", 0755), 0);
    BindUnix(Unix(SOCK_DGRAM), "/tmp/datagrams");
    EXPECT_EQ(os::chmod("/tmp/datagrams", 0777), 0);
    EXPECT_EQ(os::seteuid(1000), 0);
    EXPECT_THAT(ConnectTo("/tmp/file"), FailsWith(ENOTSOCK));
    EXPECT_THAT(ConnectTo("/tmp/stale"), FailsWith(EACCES));
    EXPECT_THAT(ConnectTo("/tmp/datagrams"), FailsWith(EPROTOTYPE));
    EXPECT_EQ(os::seteuid(0), 0);
    EXPECT_THAT(ConnectTo("/tmp/stale"), FailsWith(ECONNREFUSED));
  });
}

// soconnectat(): the socket's own state first, whatever the address is.
DRYWIRE_TEST(FreeBsdUnix, OwnStateFirst) {
  Play(world, [] {
    const int listener = ListenUnix("/tmp/s");
    EXPECT_THAT(ConnectUnix(listener, "/tmp/missing"), FailsWith(EOPNOTSUPP));
    const int fd = Unix();
    EXPECT_THAT(ConnectUnix(fd, "/tmp/s"), Succeeds());
    EXPECT_THAT(ConnectUnix(fd, "/tmp/missing"), FailsWith(EISCONN));
  });
}

// A socket whose peer has closed may connect again, once (found by the fuzzer).
DRYWIRE_TEST(FreeBsdUnix, ConnectsAgainAfterItsPeerClosed) {
  Play(world, [] {
    int pair[2];
    ASSERT_THAT(os::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), Succeeds());
    os::close(pair[1]);
    const int listener = Unix();
    EXPECT_THAT(BindUnix(listener, "/tmp/s"), Succeeds());
    EXPECT_THAT(os::listen(listener, 5), Succeeds());
    EXPECT_THAT(ConnectUnix(pair[0], "/tmp/s"), Succeeds());
    EXPECT_THAT(ConnectUnix(pair[0], "/tmp/s"), FailsWith(EISCONN));
    os::close(pair[0]);
    os::close(listener);
  });
}

// uipc_listen(): EDESTADDRREQ without a name, EINVAL when connected, EOPNOTSUPP for datagrams.
DRYWIRE_TEST(FreeBsdUnix, Listen) {
  Play(world, [] {
    EXPECT_THAT(os::listen(Unix(), 1), FailsWith(EDESTADDRREQ));
    EXPECT_THAT(os::listen(PairOf().first, 1), FailsWith(EINVAL));
    EXPECT_THAT(os::listen(Unix(SOCK_DGRAM), 1), FailsWith(EOPNOTSUPP));
  });
}

// uipc_bindat(): a second bind() is refused before the path is looked at.
DRYWIRE_TEST(FreeBsdUnix, BindTwice) {
  Play(world, [] {
    const int fd = Unix();
    EXPECT_THAT(BindUnix(fd, "/tmp/one"), Succeeds());
    EXPECT_THAT(BindUnix(fd, "/tmp/one"), FailsWith(EINVAL));
    EXPECT_THAT(BindUnix(Unix(), "/tmp/one"), FailsWith(EADDRINUSE));
  });
}

// sonewconn(): a queue of n admits 3n/2 + 1; beyond, connect() is refused and never waits.
DRYWIRE_TEST(FreeBsdUnix, Backlog) {
  Play(world, [] {
    const int expected[] = {1, 2, 4, 5, 7, 8, 10};
    for (int backlog = 0; backlog < 7; ++backlog) {
      const std::string path = "/tmp/s" + std::to_string(backlog);
      ListenUnix(path, backlog);
      int admitted = 0;
      while (ConnectUnix(Unix(SOCK_STREAM, 0), path) == 0) ++admitted;
      EXPECT_EQ(errno, ECONNREFUSED);
      EXPECT_EQ(admitted, expected[backlog]) << backlog;
    }
  });
}

// uipc_close(), unp_disconnect(): a stream's peer that closes with data unread is just gone.
DRYWIRE_TEST(FreeBsdUnix, UnreadDataIsNoReset) {
  Play(world, [] {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
      const UnixPair pair = PairOf(type);
      EXPECT_EQ(Send(pair.first, "unread"), 6);
      EXPECT_EQ(Send(pair.second, "queued"), 6);
      EXPECT_THAT(os::close(pair.second), Succeeds());
      EXPECT_EQ(PollBits(pair.first), "IN RDNORM HUP");
      EXPECT_EQ(Recv(pair.first), "queued");
      EXPECT_EQ(Recv(pair.first), "");
      EXPECT_EQ(SoError(pair.first), 0);
      EXPECT_THAT(Send(pair.first, "x"), FailsWith(EPIPE));
      EXPECT_THAT(PeerName(pair.first), FailsWith(ENOTCONN));
    }
  });
}

// uipc_abort(), unp_drop(): the listener goes while the connection is queued.
DRYWIRE_TEST(FreeBsdUnix, ListenerClosedWhileQueued) {
  Play(world, [] {
    const int listener = ListenUnix("/tmp/s");
    const int client = Unix();
    EXPECT_THAT(ConnectUnix(client, "/tmp/s"), Succeeds());
    EXPECT_THAT(os::close(listener), Succeeds());
    EXPECT_EQ(Recv(client), "ECONNRESET");
    EXPECT_EQ(Recv(client), "");
  });
}

// uipc_accept(): a client that closed while it was queued is accepted, without a name.
DRYWIRE_TEST(FreeBsdUnix, ClosedWhileQueued) {
  Play(world, [] {
    const int listener = ListenUnix("/tmp/s");
    const int client = Unix();
    BindUnix(client, "/tmp/client");
    EXPECT_THAT(ConnectUnix(client, "/tmp/s"), Succeeds());
    EXPECT_EQ(Send(client, "early"), 5);
    EXPECT_THAT(os::close(client), Succeeds());
    const int server = os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    EXPECT_THAT(server, Succeeds());
    EXPECT_EQ(Recv(server), "early");
    EXPECT_EQ(Recv(server), "");
  });
}

// shutdown() on a listener is ENOTCONN, but the next accept() fails with ECONNABORTED, once.
// Observed on 13.0 (15: no such thing).
DRYWIRE_TEST(FreeBsdUnix, ShutdownOfAListener) {
  Play(world, [] {
    const int listener = ListenUnix("/tmp/s");
    EXPECT_THAT(os::shutdown(listener, SHUT_RD), FailsWith(ENOTCONN));
    EXPECT_THAT(os::accept(listener, nullptr, nullptr), FailsWith(ECONNABORTED));
    EXPECT_THAT(os::accept(listener, nullptr, nullptr), FailsWith(EAGAIN));
    EXPECT_THAT(ConnectTo("/tmp/s"), Succeeds());
    EXPECT_THAT(os::accept(listener, nullptr, nullptr), Succeeds());
  });
}

// soshutdown(): only connected sockets; uipc_shutdown() tells the peer of the sending half alone.
DRYWIRE_TEST(FreeBsdUnix, Shutdown) {
  Play(world, [] {
    EXPECT_THAT(os::shutdown(Unix(), SHUT_WR), FailsWith(ENOTCONN));
    EXPECT_THAT(os::shutdown(Unix(SOCK_DGRAM), SHUT_WR), FailsWith(ENOTCONN));
    const UnixPair pair = PairOf();
    EXPECT_EQ(Send(pair.second, "lost"), 4);
    EXPECT_THAT(os::shutdown(pair.first, SHUT_RD), Succeeds());
    EXPECT_EQ(Recv(pair.first), "");
    EXPECT_EQ(PollBits(pair.second), "OUT");
    EXPECT_THAT(os::shutdown(pair.first, SHUT_WR), Succeeds());
    EXPECT_EQ(PollBits(pair.second), "IN RDNORM OUT");
    EXPECT_EQ(Recv(pair.second), "");
    EXPECT_THAT(Send(pair.first, "x"), FailsWith(EPIPE));
  });
}

// sosend_generic(): an unconnected stream cannot send, with an address neither; a connected one
// ignores the address.
DRYWIRE_TEST(FreeBsdUnix, SendToOnStreams) {
  Play(world, [] {
    const int listener = ListenUnix("/tmp/s");
    const int fd = Unix();
    EXPECT_THAT(Send(fd, "x"), FailsWith(ENOTCONN));
    EXPECT_THAT(SendToUnix(fd, "/tmp/s", "x"), FailsWith(ENOTCONN));
    EXPECT_THAT(ConnectUnix(fd, "/tmp/s"), Succeeds());
    EXPECT_EQ(SendToUnix(fd, "/tmp/nowhere", "x"), 1);
    EXPECT_EQ(Recv(os::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)), "x");
    EXPECT_EQ(Recv(Unix()), "ENOTCONN");
  });
}

// uipc_send(), uipc_rcvd(): a stream is stopped while its receiver holds as much as SO_SNDBUF
// (net.local.stream.sendspace, 8192).
DRYWIRE_TEST(FreeBsdUnix, StreamBuffer) {
  Play(world, [] {
    const UnixPair pair = PairOf();
    EXPECT_EQ(GetInt(pair.first, SOL_SOCKET, SO_SNDBUF), 8192);
    EXPECT_EQ(GetInt(pair.first, SOL_SOCKET, SO_RCVBUF), 8192);
    EXPECT_EQ(Fill(pair.first, 1000), "9 calls 9000 bytes EAGAIN");
    EXPECT_EQ(PollBits(pair.first), "");
    std::string sink(1000, ' ');
    EXPECT_EQ(os::recv(pair.second, sink.data(), sink.size(), 0), 1000);
    EXPECT_EQ(PollBits(pair.first), "OUT");
  });
}

// net.local.dgram.maxdgram: 2048 bytes; uipc_send(): a full receiver is ENOBUFS at once, though the
// sender would wait.
DRYWIRE_TEST(FreeBsdUnix, DatagramLimits) {
  Play(world, [] {
    const int receiver = Unix(SOCK_DGRAM);
    BindUnix(receiver, "/tmp/d");
    const int fd = Unix(SOCK_DGRAM, 0);
    EXPECT_THAT(ConnectUnix(fd, "/tmp/d"), Succeeds());
    EXPECT_THAT(SendToUnix(Unix(SOCK_DGRAM), "/tmp/d", std::string(2049, 'x')),
                FailsWith(EMSGSIZE));
    const std::string most(2048, 'x');
    int sent = 0;
    while (os::send(fd, most.data(), most.size(), 0) == 2048) ++sent;
    EXPECT_EQ(errno, ENOBUFS);
    EXPECT_EQ(sent, 7);  // 16384 bytes, each message with 16 bytes of address
    EXPECT_EQ(PollBits(fd), "OUT");
  });
}

DRYWIRE_TEST(FreeBsdUnix, LimitsAreSysctls) {
  Host& host = world.AddHost("host", "freebsd");
  world.SetSysctl(host, "net.local.dgram.maxdgram", "100");
  world.SetSysctl(host, "net.local.stream.sendspace", "2000");
  world.Spawn(host, "process", [] {
    const UnixPair datagrams = PairOf(SOCK_DGRAM);
    EXPECT_THAT(Send(datagrams.first, std::string(101, 'x').c_str()), FailsWith(EMSGSIZE));
    EXPECT_EQ(Send(datagrams.first, std::string(100, 'x').c_str()), 100);
    EXPECT_EQ(Fill(PairOf().first, 500), "4 calls 2000 bytes EAGAIN");
  });
  world.Run();
}

// uipc_detach(), unp_drop(): those who are connected to a datagram socket learn of its end at their
// next call, and are not connected any more.
DRYWIRE_TEST(FreeBsdUnix, DatagramPeerGone) {
  Play(world, [] {
    const int receiver = Unix(SOCK_DGRAM);
    BindUnix(receiver, "/tmp/d");
    const int fd = Unix(SOCK_DGRAM);
    EXPECT_THAT(Send(fd, "x"), FailsWith(EDESTADDRREQ));
    EXPECT_THAT(ConnectUnix(fd, "/tmp/d"), Succeeds());
    EXPECT_THAT(os::close(receiver), Succeeds());
    EXPECT_EQ(PollBits(fd), "IN RDNORM OUT");
    EXPECT_THAT(Send(fd, "x"), FailsWith(ECONNRESET));
    EXPECT_THAT(Send(fd, "x"), FailsWith(EDESTADDRREQ));
    EXPECT_THAT(PeerName(fd), FailsWith(ENOTCONN));
  });
}

// soconnectat(), unp_connectat(): AF_UNSPEC dissolves and says EAFNOSUPPORT; so does every other
// connect() that fails.
DRYWIRE_TEST(FreeBsdUnix, DatagramsDissolve) {
  Play(world, [] {
    const int receiver = Unix(SOCK_DGRAM);
    BindUnix(receiver, "/tmp/d");
    const int fd = Unix(SOCK_DGRAM);
    EXPECT_THAT(ConnectUnix(fd, "/tmp/d"), Succeeds());
    EXPECT_THAT(SendToUnix(fd, "/tmp/d", "x"), FailsWith(EISCONN));
    const sockaddr unspec = {};
    EXPECT_THAT(os::connect(fd, &unspec, sizeof unspec), FailsWith(EAFNOSUPPORT));
    EXPECT_THAT(Send(fd, "x"), FailsWith(EDESTADDRREQ));
    EXPECT_THAT(ConnectUnix(fd, "/tmp/d"), Succeeds());
    EXPECT_THAT(ConnectUnix(fd, "/tmp/missing"), FailsWith(ENOENT));
    EXPECT_THAT(Send(fd, "x"), FailsWith(EDESTADDRREQ));
  });
}

// A connected datagram socket takes messages from everybody, where Linux says EPERM. Observed on
// 13.0.
DRYWIRE_TEST(FreeBsdUnix, ConnectedDatagramsDoNotFilter) {
  Play(world, [] {
    const int one = Unix(SOCK_DGRAM);
    BindUnix(one, "/tmp/one");
    BindUnix(Unix(SOCK_DGRAM), "/tmp/two");
    EXPECT_THAT(ConnectUnix(one, "/tmp/two"), Succeeds());
    const int stranger = Unix(SOCK_DGRAM);
    EXPECT_EQ(SendToUnix(stranger, "/tmp/one", "x"), 1);
    EXPECT_THAT(ConnectUnix(stranger, "/tmp/one"), Succeeds());
    EXPECT_EQ(Recv(one), "x");
  });
}

// uipc_send(): a message of an unnamed sender has an address all the same.
DRYWIRE_TEST(FreeBsdUnix, SourceOfDatagrams) {
  Play(world, [] {
    const int receiver = Unix(SOCK_DGRAM);
    BindUnix(receiver, "/tmp/d");
    EXPECT_EQ(SendToUnix(Unix(SOCK_DGRAM), "/tmp/d", "x"), 1);
    UnixAddress source("");
    socklen_t length = sizeof source.bytes;
    char byte;
    EXPECT_EQ(
        os::recvfrom(receiver, &byte, 1, 0, reinterpret_cast<sockaddr*>(&source.bytes), &length),
        1);
    EXPECT_EQ(length, 16u);
  });
}

// Both struct xucred and struct cmsgcred hold at most 16 groups, the effective one first.
struct Xucred {
  uint32_t version;
  uint32_t uid;
  int16_t ngroups;
  uint32_t groups[16];
  union {
    void* unused;
    int32_t pid;
  };
};

// uipc_ctloutput(), unp_copy_peercred(): LOCAL_PEERCRED of both ends; the client sees who listened.
DRYWIRE_TEST(FreeBsdUnix, LocalPeerCred) {
  Host& host = world.AddHost("host", "freebsd");
  world.Spawn(host, "process", [] {
    const int listener = ListenUnix("/tmp/s");
    os::chmod("/tmp/s", 0777);
    const gid_t groups[] = {3000, 7};
    EXPECT_EQ(os::setgroups(2, groups), 0);
    EXPECT_EQ(os::seteuid(2000), 0);
    const int client = Unix();
    EXPECT_THAT(ConnectUnix(client, "/tmp/s"), Succeeds());
    EXPECT_EQ(os::seteuid(0), 0);
    const int server = os::accept(listener, nullptr, nullptr);
    Xucred ids = {};
    socklen_t length = sizeof ids;
    EXPECT_THAT(os::getsockopt(server, kLocal, kPeerCred, &ids, &length), Succeeds());
    EXPECT_EQ(length, sizeof ids);
    EXPECT_EQ(ids.version, 0u);
    EXPECT_EQ(ids.uid, 2000u);
    EXPECT_EQ(ids.pid, os::getpid());
    EXPECT_THAT(os::getsockopt(client, kLocal, kPeerCred, &ids, &length), Succeeds());
    EXPECT_EQ(ids.uid, 0u);
    EXPECT_THAT(os::getsockopt(Unix(), kLocal, kPeerCred, &ids, &length), FailsWith(ENOTCONN));
    EXPECT_THAT(os::getsockopt(Unix(SOCK_DGRAM), kLocal, kPeerCred, &ids, &length),
                FailsWith(EINVAL));
    EXPECT_THAT(os::getsockopt(Unix(), kLocal, 77, &ids, &length), FailsWith(EOPNOTSUPP));
    EXPECT_THAT(os::setsockopt(Unix(), kLocal, 77, &ids, 4), FailsWith(ENOPROTOOPT));
    EXPECT_THAT(os::getsockopt(Unix(), IPPROTO_TCP, 1, &ids, &length), FailsWith(EINVAL));
  });
  world.Run();
}

// unp_internalize(): SCM_CREDS is filled in by the kernel, whatever the sender wrote; other types
// and levels are refused.
DRYWIRE_TEST(FreeBsdUnix, ScmCreds) {
  Play(world, [] {
    const UnixPair pair = PairOf();
    const auto send = [&](int level, int type) {
      alignas(cmsghdr) char control[CMSG_SPACE(84)] = {};
      cmsghdr header = {};
      header.cmsg_len = CMSG_LEN(84);
      header.cmsg_level = level;
      header.cmsg_type = type;
      std::memcpy(control, &header, sizeof header);
      iovec vector = {const_cast<char*>("x"), 1};
      msghdr message = {};
      message.msg_iov = &vector;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      return os::sendmsg(pair.first, &message, MSG_NOSIGNAL);
    };
    EXPECT_EQ(send(SOL_SOCKET, 3), 1);
    EXPECT_EQ(ReceiveWith(pair.second, 8, 512), "1 'x' 0 from empty control 104 type 3 of 84");
    EXPECT_THAT(send(SOL_SOCKET, 77), FailsWith(EINVAL));
    EXPECT_THAT(send(IPPROTO_IP, 3), FailsWith(EINVAL));
  });
}

// unp_addsockcred(): LOCAL_CREDS tells once on connections and with every datagram;
// LOCAL_CREDS_PERSISTENT always. They exclude each other.
DRYWIRE_TEST(FreeBsdUnix, LocalCreds) {
  Play(world, [] {
    const auto ask = [](int fd, int name, int value) {
      return os::setsockopt(fd, kLocal, name, &value, sizeof value);
    };
    const UnixPair pair = PairOf();
    EXPECT_THAT(ask(pair.second, kCreds, 1), Succeeds());
    EXPECT_THAT(ask(pair.second, kCredsPersistent, 1), FailsWith(EINVAL));
    EXPECT_EQ(Send(pair.first, "x"), 1);
    EXPECT_EQ(ReceiveWith(pair.second, 8, 512), "1 'x' 0 from empty control 40 type 3 of 24");
    EXPECT_EQ(Send(pair.first, "y"), 1);
    EXPECT_EQ(ReceiveWith(pair.second, 8, 512), "1 'y' 0 from empty control 0");
    EXPECT_THAT(ask(pair.second, kCredsPersistent, 1), Succeeds());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(Send(pair.first, "z"), 1);
      EXPECT_EQ(ReceiveWith(pair.second, 8, 512), "1 'z' 0 from empty control 48 type 8 of 32");
    }
    const UnixPair datagrams = PairOf(SOCK_DGRAM);
    EXPECT_THAT(ask(datagrams.second, kCreds, 1), Succeeds());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(Send(datagrams.first, "d"), 1);
      EXPECT_EQ(ReceiveWith(datagrams.second, 8, 512),
                "1 'd' 0 from len 16 @0000000000000 control 40 type 3 of 24");
    }
  });
}

// soreceive_generic(): what came with control data is not joined to what came before it, but to
// what comes after.
DRYWIRE_TEST(FreeBsdUnix, RightsInAStream) {
  Play(world, [] {
    const UnixPair pair = PairOf();
    EXPECT_EQ(Send(pair.first, "ab"), 2);
    EXPECT_EQ(SendWith(pair.first, "cd", {pair.first}), 2);
    EXPECT_EQ(Send(pair.first, "ef"), 2);
    EXPECT_EQ(ReceiveWith(pair.second, 16, 512), "2 'ab' 0 from empty control 0");
    EXPECT_EQ(ReceiveWith(pair.second, 16, 512), "4 'cdef' 0 from empty control 24 fds 1");
  });
}

// kern_recvit(): descriptors that there is no room for are closed without a word; only where there
// was some room, and not enough, MSG_CTRUNC.
DRYWIRE_TEST(FreeBsdUnix, RightsWithoutRoom) {
  Play(world, [] {
    const UnixPair pair = PairOf();
    EXPECT_EQ(SendWith(pair.first, "ab", {pair.first}), 2);
    EXPECT_EQ(ReceiveWith(pair.second, 16, 0), "2 'ab' 0 from empty control 0");
  });
}

// socreate(): no protocol but 0; no SOCK_RAW.
DRYWIRE_TEST(FreeBsdUnix, Creation) {
  Play(world, [] {
    EXPECT_THAT(os::socket(AF_UNIX, SOCK_STREAM, AF_UNIX), FailsWith(EPROTONOSUPPORT));
    EXPECT_THAT(os::socket(AF_UNIX, SOCK_RAW, 0), FailsWith(EPROTOTYPE));
    EXPECT_THAT(os::socket(AF_UNIX, SOCK_SEQPACKET, 0), Succeeds());
  });
}

// sopoll_generic(): a socket that is not connected can be neither read nor written; datagrams can.
DRYWIRE_TEST(FreeBsdUnix, Readiness) {
  Play(world, [] {
    EXPECT_EQ(PollBits(Unix()), "");
    EXPECT_EQ(PollBits(Unix(SOCK_DGRAM)), "OUT");
    const int listener = ListenUnix("/tmp/s");
    EXPECT_EQ(PollBits(listener), "");
    EXPECT_THAT(ConnectTo("/tmp/s"), Succeeds());
    EXPECT_EQ(PollBits(listener), "IN RDNORM");
  });
}

}  // namespace
}  // namespace drywire::freebsd
