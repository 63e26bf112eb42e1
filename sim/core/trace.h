// What happened: typed records, a running digest, views.
//
// Every record goes into a 128-bit digest; two runs with equal digests did the same things at the
// same times. The digest is always on and costs a few nanoseconds a record. Keeping the records is
// optional (the last N, or all), and observers see each as it is made (a packet capture, a
// timeline). Names and texts are interned: a record holds numbers only, and the text itself enters
// the digest when it is first seen. Not a cryptographic digest.
#ifndef DRYWIRE_SIM_CORE_TRACE_H_
#define DRYWIRE_SIM_CORE_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "sim/core/time.h"

namespace drywire {

enum class TraceKind : uint16_t {
#define DRYWIRE_TRACE_KIND(enumerator, number, name, arguments) enumerator = number,
#include "sim/core/trace_kinds.def"
#undef DRYWIRE_TRACE_KIND
};

// "packet-sent"; "?" for a value out of range.
absl::string_view TraceKindName(TraceKind kind);

struct TraceRecord {
  static constexpr int kArgs = 6;
  Instant time;
  TraceKind kind = TraceKind::kNote;
  uint32_t host = 0;  // 0: none.
  std::array<uint64_t, kArgs> args{};
  friend bool operator==(const TraceRecord&, const TraceRecord&) = default;
};

struct Digest {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
  std::string ToString() const;  // 32 hexadecimal digits.
};

// Sees every record, in order.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void OnRecord(const TraceRecord& record) = 0;
};

class Trace {
 public:
  static constexpr size_t kKeepAll = ~size_t{0};

  Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  void Record(const TraceRecord& record) {
    Mix(record);
    if (keep_ != 0 || !sinks_.empty()) Keep(record);
  }
  // trace.Record(now, host, TraceKind::kTaskRun, task_id); up to six integers, signed ones are
  // sign-extended.
  template <typename... Args>
  void Record(Instant time, uint32_t host, TraceKind kind, Args... args) {
    static_assert(sizeof...(Args) <= TraceRecord::kArgs);
    Record(TraceRecord{time, kind, host, {static_cast<uint64_t>(args)...}});
  }
  // A free text with two numbers.
  void Note(Instant time, uint32_t host, absl::string_view text, int64_t a = 0, int64_t b = 0) {
    Record(time, host, TraceKind::kNote, Intern(text), a, b);
  }

  // The number that stands for `text` in this trace: 1, 2, ... by first use.
  uint64_t Intern(absl::string_view text);
  // The same for a string literal, remembered by its address: a few nanoseconds.
  uint64_t InternLiteral(const char* text);
  // "?" for a number that stands for nothing.
  absl::string_view TextOf(uint64_t id) const;

  // How a host is called in text. Enters the digest.
  void SetHostName(uint32_t host, absl::string_view name);
  std::string HostName(uint32_t host) const;

  Digest digest() const { return {high_, low_}; }
  uint64_t count() const { return count_; }

  // Keeps the last `n` records from now on: 0 none (the default), kKeepAll all. Drops what was
  // kept.
  void KeepLast(size_t n);
  // The kept records, oldest first, without copying.
  size_t kept() const { return kept_; }
  // i < kept(); 0 is the oldest.
  const TraceRecord& kept_record(size_t i) const;
  std::vector<TraceRecord> KeptRecords() const;

  // Sinks are not owned and are called in the order they were added.
  void AddSink(TraceSink* sink);
  void RemoveSink(TraceSink* sink);

  // "0.003000 client packet-sent link=1 packet=7 ..."
  std::string Format(const TraceRecord& record) const;
  // The last `n` kept records, a line each.
  std::string FormatLast(size_t n) const;

 private:
  static constexpr size_t kChunk = 1024;
  static constexpr size_t kLiteralCache = 256;
  struct Literal {
    const char* text = nullptr;
    uint64_t id = 0;
  };

  void Mix(const TraceRecord& record);
  void MixText(absl::string_view text);
  void Keep(const TraceRecord& record);

  uint64_t high_;
  uint64_t low_;
  uint64_t count_ = 0;
  size_t keep_ = 0;
  size_t kept_ = 0;
  size_t first_ = 0;  // Index of the oldest kept record when the ring is full.
  std::vector<std::unique_ptr<TraceRecord[]>> chunks_;
  std::vector<TraceSink*> sinks_;
  std::vector<std::string> texts_;
  absl::flat_hash_map<std::string, uint64_t> text_ids_;  // Looked up only, never iterated.
  std::array<Literal, kLiteralCache> literals_{};
  std::map<uint32_t, std::string> host_names_;
};

// Where two runs first differ.
struct TraceDifference {
  size_t index = 0;  // Of the record, from 0; equal to the shorter length when one run is a prefix
                     // of the other.
  std::string text;  // Both records, with their virtual time and a few records before.
};

// Compares all kept records of two traces (both kept with kKeepAll). Nothing when they are equal.
std::optional<TraceDifference> FirstDifference(const Trace& a, const Trace& b);

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_TRACE_H_
