#include "stack/sys/pipe.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "stack/sys/arguments.h"
#include "stack/sys/pipe_queue.h"
#include "stack/sys/user_memory.h"

namespace drywire {
namespace {

constexpr size_t kPairCapacity = 212992;
constexpr uint32_t kReadable = kPollIn | kPollRdNorm;
constexpr uint32_t kWritable = kPollOut | kPollWrNorm;

class PairSocket final : public Socket {
 public:
  PairSocket() : Socket(AF_UNIX, SOCK_STREAM, 0), queue_(kPairCapacity) {}
  void Join(PairSocket* other) { other_ = other; }

  uint32_t Poll() const override {
    uint32_t state = 0;
    if (queue_.size() > 0 || AtEnd()) state |= kReadable;
    if (AtEnd()) state |= kPollRdHup;
    if (AtEnd() && (other_ == nullptr || send_shut_)) state |= kPollHup;
    if (other_ == nullptr || other_->queue_.room() > 0) state |= kWritable;
    return state;
  }

  Result<> Bind(const RawAddress&, const Credentials&) override { return Cause::kAlreadyBound; }
  Result<> Listen(int, const Credentials&) override { return Cause::kInvalidArgument; }
  Result<Ref<Socket>> Accept() override { return Cause::kNotListening; }
  Result<ConnectProgress> Connect(const RawAddress&, const Credentials&) override {
    return Cause::kAlreadyConnected;
  }
  Result<> TakeConnectResult() override { return {}; }

  Result<size_t> Send(const SendArgs& args, const Credentials&) override {
    if (args.destination != nullptr) return Cause::kAlreadyConnected;
    if (!args.control.empty()) return Cause::kInvalidArgument;
    if (send_shut_ || other_ == nullptr || other_->receive_shut_) return Cause::kSendShutDown;
    if (other_->queue_.room() == 0 && SizeOf(args.buffers) > 0) return Cause::kWouldBlock;
    const size_t put = other_->queue_.Put(args.buffers);
    if (put > 0) other_->read_waiters().Notify(kReadable);
    return put;
  }

  Result<Received> Receive(const ReceiveArgs& args) override {
    if (queue_.size() < args.at_least && !AtEnd()) return Cause::kWouldBlock;
    Received received;
    received.bytes = queue_.Take(args.buffers, (args.flags & MSG_PEEK) != 0);
    if (received.bytes == 0 && !AtEnd()) return Cause::kWouldBlock;
    if (received.bytes > 0 && other_ != nullptr) other_->write_waiters().Notify(kWritable);
    return received;
  }

  Result<> Shutdown(int how) override {
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Cause::kInvalidArgument;
    if (how != SHUT_WR) receive_shut_ = true;
    if (how != SHUT_RD) send_shut_ = true;
    Changed();
    if (other_ != nullptr) other_->Changed();
    return {};
  }

  Result<RawAddress> LocalName() const override { return Unnamed(); }
  Result<RawAddress> PeerName() const override {
    if (other_ == nullptr) return Cause::kNotConnected;
    return Unnamed();
  }

  Result<size_t> GetOption(int level, int name, absl::Span<uint8_t> value) override {
    if (level != SOL_SOCKET) return Cause::kNotSupported;
    int number = 0;
    switch (name) {
      case SO_TYPE:
        number = type();
        break;
      case SO_DOMAIN:
        number = domain();
        break;
      case SO_PROTOCOL:
      case SO_ACCEPTCONN:
        break;
      default:
        return Cause::kOptionUnknown;
    }
    const size_t size = std::min(value.size(), sizeof number);
    std::memcpy(value.data(), &number, size);
    return size;
  }
  Result<> SetOption(int level, int, absl::Span<const uint8_t>, const Credentials&) override {
    if (level != SOL_SOCKET) return Cause::kNotSupported;
    return Cause::kOptionUnknown;
  }
  Cause TakeError() override { return Cause::kNone; }
  Result<size_t> Readable() const override { return queue_.size(); }
  Result<size_t> Unsent() const override { return other_ == nullptr ? 0 : other_->queue_.size(); }
  std::string Describe() const override { return "UNIX socket pair"; }

 private:
  // Nothing will ever come after what is queued.
  bool AtEnd() const { return receive_shut_ || other_ == nullptr || other_->send_shut_; }
  static RawAddress Unnamed() {
    const sa_family_t family = AF_UNIX;
    return RawAddress(&family, sizeof family);
  }
  void Changed() {
    read_waiters().Notify(Poll() | kReadable);
    write_waiters().Notify(Poll() | kWritable);
  }
  void OnLastClose() override {
    if (other_ == nullptr) return;
    PairSocket* const other = std::exchange(other_, nullptr);
    other->other_ = nullptr;
    other->Changed();
  }

  PairSocket* other_ = nullptr;
  PipeQueue queue_;
  bool send_shut_ = false;
  bool receive_shut_ = false;
};

}  // namespace

SocketPair MakeSocketPair() {
  auto* const first = new PairSocket;
  auto* const second = new PairSocket;
  first->Join(second);
  second->Join(first);
  return {Ref<Socket>(first), Ref<Socket>(second)};
}

Result<> InstallPair(SysContext& context, const FileRef& first, const FileRef& second,
                     bool close_on_exec, int* fds) {
  FdTable& table = context.process.fds();
  auto a = table.Install(first, close_on_exec);
  if (!a.ok()) return a.cause();
  auto b = table.Install(second, close_on_exec);
  if (!b.ok()) {
    (void)table.Close(*a).ok();
    return b.cause();
  }
  const int numbers[2] = {*a, *b};
  if (!CopyToUser(fds, numbers, sizeof numbers)) {
    (void)table.Close(*a).ok();
    (void)table.Close(*b).ok();
    return Cause::kBadAddressPointer;
  }
  return {};
}

}  // namespace drywire
