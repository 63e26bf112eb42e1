// Streams between two hosts: data, ends, halves, resets.
#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

// Host b: a listener on 10.0.0.2:80 that is announced; returns the connection that comes.
int Serve(Script& s) {
  const int listener = ListenOn("10.0.0.2", 80);
  s.Announce("listening");
  const int fd = Accept(listener);
  os::close(listener);
  return fd;
}
// Host a: a connection to it, non-blocking once it is there.
int Reach(Script& s) {
  s.Await("listening");
  const int fd = Tcp(0);
  s("connect", Connect(fd, "10.0.0.2", 80));
  os::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

ORACLE(Stream, RequestAndReply, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = Reach(s);
    s.LocalAddress(fd).PeerName(fd).Send(fd, "request");
    s("wait", WaitFor(fd, POLLIN)).Receive(fd);
    s.Row("end")("shutdown", os::shutdown(fd, SHUT_WR)).Poll(fd);
    s("wait", WaitFor(fd, POLLRDHUP)).Receive(fd).Poll(fd)("close", os::close(fd));
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = Serve(s);
    s.LocalName(fd).PeerAddress(fd)("wait", WaitFor(fd, POLLIN)).Receive(fd).Send(fd, "reply");
    s.Row("end")("wait", WaitFor(fd, POLLRDHUP)).Poll(fd).Receive(fd).Send(fd, "");
    s("close", os::close(fd));
  });
}

ORACLE(Stream, ResetWithDataQueued, kPair) {
  it.On("a", [](Script& s) {
    s.Row("client");
    const int fd = Reach(s);
    s("wait", WaitFor(fd, POLLERR)).Poll(fd).Receive(fd).Receive(fd).Receive(fd).Send(fd, "x");
    s.Error(fd).Poll(fd);
  });
  it.On("b", [](Script& s) {
    s.Row("server");
    const int fd = Serve(s);
    s.Send(fd, "farewell");
    Settle();
    SetLinger(fd, 0);
    s("close", os::close(fd));
  });
}

}  // namespace
}  // namespace drywire::oracle
