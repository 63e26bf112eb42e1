#include "sim/core/trace.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/core/check.h"
#include "sim/core/rng.h"

namespace drywire {
namespace {

struct KindInfo {
  absl::string_view name;
  absl::string_view arguments;
};

constexpr size_t kKindNumbers = 256;

struct KindTable {
  KindInfo kinds[kKindNumbers];
  bool valid = true;  // Each number once, and small enough.
};

constexpr KindTable MakeKindTable() {
  KindTable table{};
  const auto add = [&table](size_t number, KindInfo info) {
    if (number >= kKindNumbers || !table.kinds[number].name.empty()) {
      table.valid = false;
    } else {
      table.kinds[number] = info;
    }
  };
#define DRYWIRE_TRACE_KIND(enumerator, number, name, arguments) add(number, {name, arguments});
#include "sim/core/trace_kinds.def"
#undef DRYWIRE_TRACE_KIND
  return table;
}

constexpr KindTable kKindTable = MakeKindTable();
static_assert(kKindTable.valid, "trace_kinds.def: a number is used twice or too large");

// Null when there is no such kind.
const KindInfo* FindKind(TraceKind kind) {
  const auto number = static_cast<size_t>(kind);
  if (number >= kKindNumbers || kKindTable.kinds[number].name.empty()) return nullptr;
  return &kKindTable.kinds[number];
}

// Odd constants without structure (hexadecimal digits of pi's fraction, last bit set).
constexpr uint64_t kPi[] = {0x243f6a8885a308d3, 0x13198a2e03707345, 0xa4093822299f31d1,
                            0x082efa98ec4e6c89, 0x452821e638d01377, 0xbe5466cf34e90c6d,
                            0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917, 0x9216d5d98979fb1b,
                            0xd1310ba698dfb5ad};

// How many records before a difference are shown.
constexpr size_t kContext = 5;

std::string FormatArgument(const Trace& trace, char format, uint64_t value) {
  switch (format) {
    case 's':
      return std::string(trace.TextOf(value));
    case 't':
      return FormatInstant(Instant::FromNanos(static_cast<int64_t>(value)));
    case 'd':
      return FormatDuration(Duration::Nanos(static_cast<int64_t>(value)));
    case 'i':
      return absl::StrCat(static_cast<int64_t>(value));
    case 'x':
      return absl::StrFormat("0x%x", value);
    default:
      return absl::StrCat(value);
  }
}

}  // namespace

absl::string_view TraceKindName(TraceKind kind) {
  const KindInfo* const info = FindKind(kind);
  return info != nullptr ? info->name : "?";
}

std::string Digest::ToString() const { return absl::StrFormat("%016x%016x", high, low); }

Trace::Trace() : high_(kPi[8]), low_(kPi[9]) {}

// Eight words in, two lanes: pairs are folded independently of each other, so only the last two
// steps wait for the record before.
void Trace::Mix(const TraceRecord& record) {
  const uint64_t head = static_cast<uint64_t>(record.kind) << 32 | record.host;
  const uint64_t p =
      FoldProduct(static_cast<uint64_t>(record.time.nanos()) ^ kPi[0], head ^ kPi[1]);
  const uint64_t q = FoldProduct(record.args[0] ^ kPi[2], record.args[1] ^ kPi[3]);
  const uint64_t r = FoldProduct(record.args[2] ^ kPi[4], record.args[3] ^ kPi[5]);
  const uint64_t s = FoldProduct(record.args[4] ^ kPi[6], record.args[5] ^ kPi[7]);
  const uint64_t high = FoldProduct(high_ ^ p, (q + r * 3) ^ kPi[8]) + low_;
  low_ = FoldProduct(low_ ^ q, (p + s * 5 + r) ^ kPi[9]) ^ high;
  high_ = high;
  ++count_;
}

void Trace::MixText(absl::string_view text) {
  high_ = FoldProduct(high_ ^ StableHash(text, 1), kPi[8]) + low_;
  low_ = FoldProduct(low_ ^ StableHash(text, 2), kPi[9]) ^ high_;
}

uint64_t Trace::Intern(absl::string_view text) {
  const auto [entry, added] = text_ids_.try_emplace(std::string(text), texts_.size() + 1);
  if (added) {
    texts_.emplace_back(text);
    MixText(text);
  }
  return entry->second;
}

uint64_t Trace::InternLiteral(const char* text) {
  const auto address = reinterpret_cast<uintptr_t>(text);
  Literal& literal = literals_[(address ^ address >> 8) % kLiteralCache];
  if (literal.text != text) literal = {text, Intern(text)};
  return literal.id;
}

absl::string_view Trace::TextOf(uint64_t id) const {
  return id >= 1 && id <= texts_.size() ? absl::string_view(texts_[id - 1]) : "?";
}

void Trace::SetHostName(uint32_t host, absl::string_view name) {
  host_names_[host] = std::string(name);
  MixText(name);
}

std::string Trace::HostName(uint32_t host) const {
  const auto found = host_names_.find(host);
  if (found != host_names_.end()) return found->second;
  return host == 0 ? "-" : absl::StrCat("host", host);
}

void Trace::KeepLast(size_t n) {
  keep_ = n;
  kept_ = first_ = 0;
  chunks_.clear();
}

void Trace::Keep(const TraceRecord& record) {
  if (keep_ != 0) {
    size_t slot;
    if (kept_ < keep_) {
      slot = kept_++;
      if (slot / kChunk == chunks_.size()) {
        chunks_.push_back(std::make_unique<TraceRecord[]>(kChunk));
      }
    } else {
      slot = first_;
      first_ = first_ + 1 == keep_ ? 0 : first_ + 1;
    }
    chunks_[slot / kChunk][slot % kChunk] = record;
  }
  for (TraceSink* sink : sinks_) sink->OnRecord(record);
}

const TraceRecord& Trace::kept_record(size_t i) const {
  DRYWIRE_CHECK(i < kept_) << "record " << i << " of " << kept_;
  size_t slot = first_ + i;
  if (slot >= kept_) slot -= kept_;
  return chunks_[slot / kChunk][slot % kChunk];
}

std::vector<TraceRecord> Trace::KeptRecords() const {
  std::vector<TraceRecord> records;
  records.reserve(kept_);
  for (size_t i = 0; i < kept_; ++i) records.push_back(kept_record(i));
  return records;
}

void Trace::AddSink(TraceSink* sink) { sinks_.push_back(sink); }

void Trace::RemoveSink(TraceSink* sink) {
  sinks_.erase(std::remove(sinks_.begin(), sinks_.end(), sink), sinks_.end());
}

std::string Trace::Format(const TraceRecord& record) const {
  std::string line = absl::StrCat(FormatInstant(record.time), " ", HostName(record.host), " ");
  const KindInfo* const info = FindKind(record.kind);
  if (info == nullptr) return absl::StrCat(line, "?", static_cast<int>(record.kind));
  absl::StrAppend(&line, info->name);
  absl::string_view names = info->arguments;
  for (size_t i = 0; i < TraceRecord::kArgs && !names.empty(); ++i) {
    absl::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const size_t colon = name.find(':');
    const char format = colon == absl::string_view::npos ? 'u' : name[colon + 1];
    absl::StrAppend(&line, " ", name.substr(0, colon), "=",
                    FormatArgument(*this, format, record.args[i]));
  }
  return line;
}

std::string Trace::FormatLast(size_t n) const {
  std::string text;
  for (size_t i = kept_ - std::min(n, kept_); i < kept_; ++i) {
    absl::StrAppend(&text, Format(kept_record(i)), "\n");
  }
  return text;
}

std::optional<TraceDifference> FirstDifference(const Trace& a, const Trace& b) {
  DRYWIRE_CHECK(a.kept() == a.count() && b.kept() == b.count()) << "both traces must keep all";
  const size_t common = std::min(a.kept(), b.kept());
  size_t i = 0;
  while (i < common && a.kept_record(i) == b.kept_record(i)) ++i;
  if (i == common && a.kept() == b.kept()) {
    if (a.digest() == b.digest()) return std::nullopt;
    return TraceDifference{i, "the records are equal, but the names in them differ\n"};
  }
  TraceDifference difference{i, absl::StrCat("the runs differ from record ", i, " on\n")};
  for (size_t before = i - std::min(i, kContext); before < i; ++before) {
    absl::StrAppend(&difference.text, "  both   ", a.Format(a.kept_record(before)), "\n");
  }
  const auto line = [i](const Trace& trace) {
    return i < trace.kept() ? trace.Format(trace.kept_record(i)) : "(ends)";
  };
  absl::StrAppend(&difference.text, "  first  ", line(a), "\n  second ", line(b), "\n");
  return difference;
}

}  // namespace drywire
