// Two hosts on a cable, for tests of sockets without a world: "a" is 10.0.0.1 and 2001:db8::1, "b"
// is 10.0.0.2 and 2001:db8::2. Packets take a millisecond.
#ifndef DRYWIRE_TESTS_STACK_SOCKET_TWO_HOSTS_H_
#define DRYWIRE_TESTS_STACK_SOCKET_TWO_HOSTS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/core/scheduler.h"
#include "stack/host/host.h"
#include "stack/ip/ip_stack.h"
#include "stack/personality/profile.h"
#include "stack/socket/inet_address.h"

namespace drywire {

// One direction of the cable.
class Wire : public PacketSink {
 public:
  Wire(EventQueue* events, Host* to, uint32_t interface)
      : events_(events), to_(to), interface_(interface) {}
  void Accept(PacketPtr packet) override {
    ++count;
    if (cut) return;
    flying_.push_back(std::move(packet));
    events_->PostAt(
        events_->now() + Duration::Millis(1), "wire",
        [](void* wire) { static_cast<Wire*>(wire)->Arrive(); }, this);
  }

  int count = 0;
  bool cut = false;

 private:
  void Arrive() {
    PacketPtr packet = std::move(flying_.front());
    flying_.pop_front();
    to_->Receive(interface_, std::move(packet));
  }

  EventQueue* events_;
  Host* to_;
  uint32_t interface_;
  std::deque<PacketPtr> flying_;
};

class TwoHosts {
 public:
  explicit TwoHosts(const Profile& profile)
      : a(Make(1, "a", profile)), b(Make(2, "b", profile)), ab(Plug(a, b, 1)), ba(Plug(b, a, 2)) {}

  void Settle() { ASSERT_TRUE(scheduler.RunUntilIdle().ok()); }

  PacketPool pool;
  Scheduler scheduler;
  uint64_t next_serial = 1;
  Host a;
  Host b;
  Wire ab;
  Wire ba;

 private:
  Host::Environment Make(uint32_t id, const char* name, const Profile& profile) {
    Host::Environment environment;
    environment.id = id;
    environment.name = name;
    environment.seed = 1;
    environment.scheduler = &scheduler;
    environment.packets = &pool;
    environment.next_serial = &next_serial;
    environment.profile = profile;
    return environment;
  }
  Wire Plug(Host& from, Host& to, int number) {
    IpStack& ip = from.net().ip();
    InterfaceConfig config;
    config.name = "eth0";
    const uint32_t index = *ip.AddInterface(config);
    const std::string n = std::to_string(number);
    EXPECT_TRUE(ip.AddAddress(index, *Prefix::Parse("10.0.0." + n + "/24")).ok());
    EXPECT_TRUE(ip.AddAddress(index, *Prefix::Parse("2001:db8::" + n + "/64")).ok());
    from.net().SetInterfaceSink(index, &from == &a ? &ab : &ba);
    return Wire(&scheduler.events(), &to, 2);
  }
};

// Calls of a socket with plain values; results as text: a number, a name, or a cause.
class Sock {
 public:
  explicit Sock(Host& host, int domain = AF_INET, int type = SOCK_DGRAM)
      : domain_(domain), socket_(*host.CreateSocket(domain, type, 0, Credentials())) {
    socket_->set_nonblocking(true);
    socket_->AddDescriptor();
  }
  Sock(const Sock&) = delete;
  Sock& operator=(const Sock&) = delete;
  ~Sock() { Close(); }

  // A socket that accept() handed out.
  Sock(Ref<Socket> socket, int domain) : domain_(domain), socket_(std::move(socket)) {
    socket_->set_nonblocking(true);
    socket_->AddDescriptor();
  }

  void Close() {
    if (std::exchange(open_, false)) socket_->DropDescriptor();
  }
  // Listening and accepting; null when there is nothing to accept, whose cause is then in
  // `refused`.
  std::string Listen(int backlog) { return Text(socket_->Listen(backlog, who)); }
  std::unique_ptr<Sock> Accept() {
    Result<Ref<Socket>> child = socket_->Accept();
    refused = child.ok() ? "" : Name(child.cause());
    return child.ok() ? std::make_unique<Sock>(*child, domain_) : nullptr;
  }
  // What a blocking connect() asks when it is woken.
  std::string Outcome() { return Text(socket_->TakeConnectResult()); }
  std::string Linger(int seconds) {
    const linger value = {1, seconds};
    return Text(socket_->SetOption(SOL_SOCKET, SO_LINGER,
                                   {reinterpret_cast<const uint8_t*>(&value), sizeof value}, who));
  }
  // "IN|OUT|HUP"; "0" for nothing. Without the bits that always go with these.
  std::string Ready() const {
    std::string text;
    const std::pair<uint32_t, const char*> names[] = {{kPollIn, "IN"},
                                                      {kPollOut, "OUT"},
                                                      {kPollErr, "ERR"},
                                                      {kPollHup, "HUP"},
                                                      {kPollRdHup, "RDHUP"}};
    for (const auto& [bit, name] : names) {
      if ((Poll() & bit) != 0) text += (text.empty() ? "" : "|") + std::string(name);
    }
    return text.empty() ? "0" : text;
  }

  static RawAddress Raw(const std::string& text, uint16_t port) {
    const Address address = *Address::Parse(text);
    return EncodeInetAddress(Endpoint{address, port, 0}, address.is_v4() ? AF_INET : AF_INET6);
  }
  std::string Bind(const std::string& address, uint16_t port) {
    return Text(socket_->Bind(Raw(address, port), who));
  }
  std::string Connect(const std::string& address, uint16_t port) {
    const Result<ConnectProgress> r = socket_->Connect(Raw(address, port), who);
    return r.ok() ? "0" : Name(r.cause());
  }
  std::string Unspec() {
    sockaddr address = {};
    const Result<ConnectProgress> r =
        socket_->Connect(RawAddress(&address, sizeof address), Credentials());
    return r.ok() ? "0" : Name(r.cause());
  }
  std::string Send(const std::string& data = "abc", int flags = 0) {
    return DoSend(data, flags, nullptr);
  }
  std::string SendTo(const std::string& address, uint16_t port, const std::string& data = "abc") {
    const RawAddress raw = Raw(address, port);
    return DoSend(data, 0, &raw);
  }
  std::string Recv(int flags = 0, size_t size = 99) {
    std::string data(size, '\0');
    const File::Buffer buffer{data.data(), data.size()};
    ReceiveArgs args;
    args.buffers = absl::MakeConstSpan(&buffer, 1);
    args.flags = flags;
    const Result<Received> r = socket_->Receive(args);
    if (!r.ok()) return Name(r.cause());
    last = *r;
    data.resize(std::min(size, last.bytes));
    return "'" + data + "'";
  }
  std::string From() const { return NameOf(last.source); }
  std::string Local() { return NameOf(*socket_->LocalName()); }
  std::string Peer() {
    const Result<RawAddress> r = socket_->PeerName();
    return r.ok() ? NameOf(*r) : Name(r.cause());
  }
  std::string Shutdown(int how) { return Text(socket_->Shutdown(how)); }
  std::string Error() { return Name(socket_->TakeError()); }
  uint32_t Poll() const { return socket_->Poll(); }
  std::string Set(int level, int name, int value) {
    uint8_t bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    return Text(socket_->SetOption(level, name, bytes, who));
  }
  std::string Get(int level, int name) {
    uint8_t bytes[sizeof(int)] = {};
    const Result<size_t> r = socket_->GetOption(level, name, absl::MakeSpan(bytes));
    if (!r.ok()) return Name(r.cause());
    int value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return std::to_string(value);
  }
  Socket& socket() { return *socket_; }

  Credentials who;
  Received last;
  std::string refused;

 private:
  static std::string Name(Cause cause) { return std::string(CauseName(cause)); }
  static std::string Text(const Result<>& r) { return r.ok() ? "0" : Name(r.cause()); }
  std::string NameOf(const RawAddress& raw) const {
    if (raw.empty()) return "-";
    return (*DecodeInetAddress(raw, domain_, SOCK_DGRAM, AddressUse::kBind, false,
                               LinuxProfile().socket))
        .ToString();
  }
  std::string DoSend(const std::string& data, int flags, const RawAddress* to) {
    const File::Buffer buffer{const_cast<char*>(data.data()), data.size()};
    SendArgs args;
    args.buffers = absl::MakeConstSpan(&buffer, 1);
    args.flags = flags;
    args.destination = to;
    const Result<size_t> r = socket_->Send(args, who);
    return r.ok() ? std::to_string(*r) : Name(r.cause());
  }

  int domain_;
  Ref<Socket> socket_;
  bool open_ = true;
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_SOCKET_TWO_HOSTS_H_
