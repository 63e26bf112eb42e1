// A stream socket whose answers a test scripts.
#ifndef DRYWIRE_TESTS_STACK_SYS_FAKE_SOCKET_H_
#define DRYWIRE_TESTS_STACK_SYS_FAKE_SOCKET_H_

#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <string>

#include "stack/socket/socket.h"

namespace drywire {

class FakeSocket final : public Socket {
 public:
  FakeSocket() : Socket(AF_INET, SOCK_STREAM, 0) {}

  // --- Scripted answers ---
  enum class Attempt { kNone, kPending, kDone };
  Attempt attempt = Attempt::kNone;
  Cause connect_fails = Cause::kNone;  // at once
  Cause outcome = Cause::kNone;        // of a pending attempt, once it is done
  int connects = 0;                    // how often Connect() started an attempt
  Cause pending_error = Cause::kNone;
  std::deque<Ref<FakeSocket>> queue;  // connections to accept
  std::string incoming;
  bool peer_closed = false;
  size_t room = 100;
  std::string sent;
  Cause send_fails = Cause::kNone;
  Duration linger;
  bool linger_done = false;
  RawAddress bound;
  Duration receive_time = Duration::Infinite();
  Duration send_time = Duration::Infinite();

  void FinishConnect(Cause with) {
    attempt = Attempt::kDone;
    outcome = with;
    write_waiters().Notify(kPollOut);
  }
  void Arrive(const std::string& data) {
    incoming += data;
    read_waiters().Notify(kPollIn | kPollRdNorm);
  }
  void MakeRoom(size_t bytes) {
    room += bytes;
    write_waiters().Notify(kPollOut | kPollWrNorm);
  }
  void QueueConnection() {
    queue.emplace_back(new FakeSocket);
    read_waiters().Notify(kPollIn | kPollRdNorm);
  }
  void FinishLinger() {
    linger_done = true;
    write_waiters().Notify();
  }
  void SetTimeouts(Duration receive, Duration send) {
    receive_time = receive;
    send_time = send;
  }
  Duration receive_timeout() const override { return receive_time; }
  Duration send_timeout() const override { return send_time; }

  // --- Socket ---
  uint32_t Poll() const override {
    uint32_t state = 0;
    if (!incoming.empty() || !queue.empty() || peer_closed) state |= kPollIn | kPollRdNorm;
    if (room > 0 && attempt != Attempt::kPending) state |= kPollOut | kPollWrNorm;
    return state;
  }
  Result<> Bind(const RawAddress& address, const Credentials&) override {
    bound = address;
    return {};
  }
  Result<> Listen(int, const Credentials&) override { return {}; }
  Result<Ref<Socket>> Accept() override {
    if (queue.empty()) return Cause::kWouldBlock;
    Ref<Socket> next(queue.front());
    queue.pop_front();
    return next;
  }
  Result<ConnectProgress> Connect(const RawAddress&, const Credentials&) override {
    if (connect_fails != Cause::kNone) return connect_fails;
    if (attempt == Attempt::kPending) return Cause::kConnectAlreadyPending;
    ++connects;
    attempt = Attempt::kPending;
    return ConnectProgress::kInProgress;
  }
  Result<> TakeConnectResult() override {
    if (attempt == Attempt::kPending) return Cause::kWouldBlock;
    if (outcome != Cause::kNone) return outcome;
    return {};
  }
  Result<size_t> Send(const SendArgs& args, const Credentials&) override {
    if (send_fails != Cause::kNone) return send_fails;
    size_t taken = 0;
    for (const Buffer& buffer : args.buffers) {
      const size_t size = buffer.size < room ? buffer.size : room;
      sent.append(static_cast<const char*>(buffer.data), size);
      room -= size;
      taken += size;
    }
    if (taken == 0 && !args.buffers.empty()) return Cause::kWouldBlock;
    return taken;
  }
  Result<Received> Receive(const ReceiveArgs& args) override {
    Received received;
    for (const Buffer& buffer : args.buffers) {
      const size_t size = buffer.size < incoming.size() ? buffer.size : incoming.size();
      incoming.copy(static_cast<char*>(buffer.data), size);
      incoming.erase(0, size);
      received.bytes += size;
    }
    if (received.bytes == 0 && !peer_closed) return Cause::kWouldBlock;
    return received;
  }
  Result<> Shutdown(int) override { return {}; }
  Result<RawAddress> LocalName() const override { return bound; }
  Result<RawAddress> PeerName() const override {
    sockaddr_storage peer = {};
    peer.ss_family = AF_INET;
    return RawAddress(&peer, 16);
  }
  Result<size_t> GetOption(int, int, absl::Span<uint8_t>) override { return Cause::kOptionUnknown; }
  Result<> SetOption(int, int, absl::Span<const uint8_t> value, const Credentials&) override {
    if (value.size() < 4) return Cause::kOptionLengthInvalid;
    return {};
  }
  Cause TakeError() override { return std::exchange(pending_error, Cause::kNone); }
  Result<size_t> Readable() const override { return incoming.size(); }
  Result<size_t> Unsent() const override { return sent.size(); }
  Duration LingerTime() const override { return linger; }
  bool LingerDone() const override { return linger_done; }
  std::string Describe() const override { return "FAKE"; }
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_SYS_FAKE_SOCKET_H_
