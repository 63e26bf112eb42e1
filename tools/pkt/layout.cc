#include "tools/pkt/layout.h"

#include <utility>

#include "stack/wire/option_layout.h"

namespace drywire::pkt {
namespace {

using Kind = TcpOption::Kind;

int LengthOf(const TcpOption& option) {
  switch (option.kind) {
    case Kind::kNop:
    case Kind::kEol:
      return 1;
    case Kind::kMss:
      return 4;
    case Kind::kWindowScale:
      return 3;
    case Kind::kSackPermitted:
      return 2;
    case Kind::kSack:
      return 2 + 8 * static_cast<int>(option.blocks.size());
    case Kind::kTimestamps:
      return 10;
    case Kind::kMd5:
      return 18;
    case Kind::kFastOpen:
      return 2 + static_cast<int>(option.bytes.size());
    case Kind::kFastOpenExperimental:
      return 4 + static_cast<int>(option.bytes.size());
    case Kind::kOther:
      return static_cast<int>(option.bytes.size());
  }
  return 0;
}

// Writes options one after the other.
class Writer {
 public:
  explicit Writer(const TcpOptions& options) : options_(options) {}

  void Nop() { Put(Kind::kNop); }
  void Mss() { Put(Kind::kMss, options_.mss); }
  void WindowScale() { Put(Kind::kWindowScale, options_.window_scale); }
  void SackPermitted() { Put(Kind::kSackPermitted); }
  void Timestamps() {
    Put(Kind::kTimestamps, options_.ts_val);
    written_.back().echo = options_.ts_ecr;
  }
  void Sack() {
    Put(Kind::kSack);
    length_ -= 2;
    for (int i = 0; i < options_.sack_count; ++i) {
      written_.back().blocks.emplace_back(options_.sack[i].left.value(),
                                          options_.sack[i].right.value());
    }
    length_ += LengthOf(written_.back());
  }
  // What the stack does not decode: Fast Open cookies and the rest.
  void Other() {
    const absl::Span<const uint8_t> bytes = options_.other_options.span();
    for (size_t i = 0; i + 1 < bytes.size() && bytes[i + 1] >= 2; i += bytes[i + 1]) {
      const absl::Span<const uint8_t> one = bytes.subspan(i, bytes[i + 1]);
      TcpOption option;
      size_t skip = 0;
      option.kind = Kind::kOther;
      if (one[0] == tcp_option::kFastOpen) {
        option.kind = Kind::kFastOpen;
        skip = 2;
      } else if (one[0] == 254 && one.size() >= 4 && one[2] == 0xf9 && one[3] == 0x89) {
        option.kind = Kind::kFastOpenExperimental;
        skip = 4;
      }
      option.bytes.assign(one.begin() + static_cast<std::ptrdiff_t>(skip), one.end());
      length_ += static_cast<int>(one.size());
      written_.push_back(std::move(option));
    }
  }
  // Nops until the next option begins at `at` modulo `modulus`.
  void AlignTo(int modulus, int at) {
    while (length_ % modulus != at) Nop();
  }
  void PadWith(Kind kind) {
    while (length_ % 4 != 0) Put(kind);
  }

  std::vector<TcpOption> Take() { return std::move(written_); }

 private:
  void Put(Kind kind, uint32_t value = 0) {
    TcpOption option;
    option.kind = kind;
    option.value = value;
    length_ += LengthOf(option);
    written_.push_back(std::move(option));
  }

  const TcpOptions& options_;
  std::vector<TcpOption> written_;
  int length_ = 0;
};

// tcp_options_write() of Linux.
void WriteAsLinux(const TcpOptions& options, Writer& writer) {
  VisitOptions(options, writer);
  writer.PadWith(Kind::kNop);
}

// tcp_addoptions() of FreeBSD's tcp_output.c.
void WriteAsFreeBsd(const TcpOptions& options, Writer& writer) {
  if (options.has_mss) writer.Mss();
  if (options.has_window_scale) {
    writer.AlignTo(4, 1);
    writer.WindowScale();
  }
  if (options.sack_permitted) {
    writer.AlignTo(2, 0);
    writer.SackPermitted();
  }
  if (options.has_timestamps) {
    writer.AlignTo(4, 2);
    writer.Timestamps();
  }
  if (options.sack_count > 0) {
    writer.AlignTo(4, 2);
    writer.Sack();
  }
  writer.Other();
  writer.PadWith(Kind::kEol);
}

struct Row {
  absl::string_view personality;
  void (*write)(const TcpOptions&, Writer&);
};
constexpr Row kRows[] = {{"linux", WriteAsLinux}, {"freebsd", WriteAsFreeBsd}};

}  // namespace

std::vector<TcpOption> WrittenOptions(absl::string_view personality, const TcpOptions& options) {
  Writer writer(options);
  for (const Row& row : kRows) {
    if (row.personality.compare(personality) == 0) row.write(options, writer);
  }
  return writer.Take();
}

}  // namespace drywire::pkt
