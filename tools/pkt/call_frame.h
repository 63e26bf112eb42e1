// One system call of a script while it runs: reads its arguments, makes the call, and compares what
// came back.
#ifndef DRYWIRE_TOOLS_PKT_CALL_FRAME_H_
#define DRYWIRE_TOOLS_PKT_CALL_FRAME_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "stack/sys/call.h"
#include "stack/sys/sys_environment.h"
#include "tools/pkt/config.h"
#include "tools/pkt/flow.h"
#include "tools/pkt/script.h"

namespace drywire::pkt {

struct CallOutcome {
  std::string error;  // empty: as the script says
  std::string skip;   // what the call needs and nobody models
};

class CallFrame {
 public:
  CallFrame(SysContext& context, const CallSpec& spec, const Config& config, FlowTable& flows)
      : context(context), spec_(spec), config_(config), flows_(flows) {}

  SysContext& context;
  const Config& config() const { return config_; }
  FlowTable& flows() { return flows_; }

  // --- Arguments. What is wrong with one is kept, and makes the call's outcome; the value is then
  // of no importance.
  size_t count() const { return spec_.arguments.size(); }
  const Expression& argument(size_t i) const { return spec_.arguments[i]; }
  bool IsOpen(size_t i) const { return argument(i).kind == Expression::Kind::kEllipsis; }
  int64_t Integer(const Expression& expression);
  int64_t Integer(size_t i) { return Integer(argument(i)); }
  // [7]
  int64_t Bracketed(size_t i);
  // [7] as a number of bytes.
  size_t BracketedSize(size_t i);
  // [7] as an offset of a file, put into `value`, whose address this gives; null for NULL. What a
  // call leaves there is not compared, as packetdrill does not.
  off_t* Offset(size_t i, off_t* value);
  // A descriptor of the script as one of the process.
  int Fd(size_t i) { return FdOf(argument(i)); }
  int FdOf(const Expression& expression);
  // "text", or `size` zero bytes for "...".
  std::vector<char> Data(const Expression& expression, size_t size);
  // What the call is given for them: their address, or the null pointer for NULL.
  static char* Pointer(const Expression& expression, std::vector<char>& data) {
    return IsNull(expression) ? nullptr : data.data();
  }
  static bool IsNull(const Expression& expression) {
    return expression.kind == Expression::Kind::kWord && expression.text == "NULL";
  }
  // A number of bytes that a script may ask for.
  static constexpr int64_t kMaxBytes = 64 << 20;
  size_t Size(size_t i) { return SizeOf(Integer(i)); }
  // An address; `...` is that of the configuration, for connecting or for binding. NULL is the null
  // pointer.
  enum class Default : uint8_t { kLocal, kRemote };
  struct SocketAddress {
    sockaddr_storage storage;
    socklen_t length = 0;
    bool null = false;
    const sockaddr* get() const {
      return null ? nullptr : reinterpret_cast<const sockaddr*>(&storage);
    }
    // What connect() dissolves an association with.
    bool unspecified() const { return !null && storage.ss_family == AF_UNSPEC; }
  };
  SocketAddress AddressOf(size_t i, Default which) { return ToAddress(argument(i), which); }
  SocketAddress ToAddress(const Expression& expression, Default which);

  // --- Results ---
  // Compares with the script's result and errno; true when the call succeeded and that was right,
  // so that what it gave back is to be looked at.
  bool Finish(const SysResult& result) { return Check(result, /*any_descriptor=*/false); }
  // The same for a new descriptor, whose number is the script's to choose.
  bool FinishFd(const SysResult& result) { return Check(result, /*any_descriptor=*/true); }
  // The descriptor that the script's result names.
  int ResultFd() const { return static_cast<int>(spec_.result.integer); }
  template <typename Expected, typename Actual>
  void Compare(absl::string_view what, const Expected& expected, const Actual& actual);
  // Compares data read with a "text" of the script.
  void CompareData(const Expression& expected, const char* data, size_t size);
  // Compares an address that a call gave back with a struct of the script, and its length with a
  // [number]; `...` and NULL are any.
  void CompareAddress(const char* what, const Expression& expected, const sockaddr_storage& actual,
                      socklen_t length);
  void CompareLength(const Expression& expected, socklen_t length);
  void Fail(const std::string& error) {
    if (outcome_.error.empty()) outcome_.error = error;
  }
  void Skip(const std::string& reason) { outcome_.skip = reason; }
  bool failed() const { return !outcome_.error.empty() || !outcome_.skip.empty(); }
  const CallOutcome& outcome() const { return outcome_; }

 private:
  bool Check(const SysResult& result, bool any_descriptor);
  size_t SizeOf(int64_t size);
  SocketAddress FromStruct(const Expression& expression);
  Address InternetAddress(const Expression& expression);

  const CallSpec& spec_;
  const Config& config_;
  FlowTable& flows_;
  CallOutcome outcome_;
};

void FailComparison(CallFrame& frame, absl::string_view what, const std::string& expected,
                    const std::string& actual);

template <typename Expected, typename Actual>
void CallFrame::Compare(absl::string_view what, const Expected& expected, const Actual& actual) {
  if (expected != actual) {
    FailComparison(*this, what, std::to_string(expected), std::to_string(actual));
  }
}

// A call that scripts can make.
struct CallSyntax {
  absl::string_view name;
  absl::string_view arguments;
  size_t min_arguments;
  size_t max_arguments;
  void (*run)(CallFrame& frame);
};
absl::Span<const CallSyntax> CallTable();
const CallSyntax* FindCall(absl::string_view name);

// What the tables of calls are joined from.
absl::Span<const CallSyntax> SocketCallTable();
absl::Span<const CallSyntax> DataCallTable();
absl::Span<const CallSyntax> FileCallTable();

// Judges the arguments' number, makes the call and compares.
CallOutcome RunCall(SysContext& context, const CallSpec& spec, const Config& config,
                    FlowTable& flows);

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_CALL_FRAME_H_
