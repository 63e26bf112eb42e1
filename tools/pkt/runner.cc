#include "tools/pkt/runner.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/core/time.h"
#include "stack/host/host.h"
#include "tools/pkt/call_frame.h"
#include "tools/pkt/command.h"
#include "tools/pkt/flow.h"
#include "tools/pkt/machine.h"
#include "tools/pkt/match.h"
#include "tools/pkt/parser.h"
#include "tools/pkt/sysctls.h"
#include "tools/pkt/tcp_info_variables.h"

namespace drywire::pkt {
namespace {

// How long after its time packetdrill waits for a packet.
constexpr int64_t kPacketPatience = 2'000'000;
// How long it waits for a blocking call to end before the next one.
constexpr int64_t kCallPatience = 1'000'000;
// A call that should not block but does: given up.
constexpr int64_t kStuck = 600'000'000;
// More than a century: later than that nothing happens.
constexpr int64_t kLatest = 4'000'000'000'000'000;
constexpr size_t kPacketsShown = 12;

std::string Seconds(int64_t usecs) {
  return absl::StrFormat("%.6f", static_cast<double>(usecs) / 1e6);
}

class ScriptRun {
 public:
  ScriptRun(const Script& script, const RunOptions& options, const Config& config, Python& python,
            Outcome* outcome)
      : script_(script),
        options_(options),
        config_(config),
        python_(python),
        outcome_(outcome),
        machine_(options.personality, config_, options.seed),
        flows_(&config_),
        start_(machine_.now()) {}

  void Run();

 private:
  using Status = Outcome::Status;

  // --- Time, in microseconds since the script's start.
  int64_t Now() const { return (machine_.now() - start_).micros(); }
  Instant At(int64_t usecs) const { return start_ + Duration::Micros(usecs); }
  void PlaceInTime(const Event& event);
  // Whether something that happened at `usecs` is when the event should be; else fails.
  bool CheckTime(int64_t usecs, const char* what);
  bool IsAnchored(const Event& event) const {
    return event.packet() != nullptr && !event.packet()->outbound;
  }

  // --- Events: false once the script has failed.
  bool RunEvent(const Event& event);
  bool WaitForEvent(const Event& event, const char* what);
  bool RunInbound(const PacketSpec& spec);
  bool RunOutbound(const PacketSpec& spec);
  bool NextSent(std::optional<Machine::WirePacket>* packet);
  bool RunCallEvent(const Event& event, const CallSpec& call);
  bool FinishBlocking();
  bool RunCode(const CodeSpec& code);
  bool RunShell(const std::string& text);

  bool Fail(absl::string_view what);
  bool Skip(absl::string_view feature);
  void Describe();

  const Script& script_;
  const RunOptions& options_;
  const Config& config_;
  Python& python_;
  Outcome* outcome_;
  Machine machine_;
  FlowTable flows_;
  Instant start_;

  const Event* event_ = nullptr;
  const Event* last_event_ = nullptr;
  Flow* shown_flow_ = nullptr;
  // The event's times since the start, once they are known.
  int64_t time_ = 0;
  int64_t end_time_ = 0;
  int64_t offset_ = 0;
  int64_t last_time_ = -1;  // of the event before; negative: none
  Place place_;
  std::string text_;  // of the statement that runs
  // The blocking call under way.
  struct Blocking {
    Place place;
    std::string text;
    int64_t end = 0;
    int64_t last_time = 0;
    CallOutcome outcome;
    bool running = false;
  };
  Blocking blocking_;
};

bool ScriptRun::Fail(absl::string_view what) {
  if (outcome_->status != Status::kPassed) return false;
  outcome_->status = Status::kFailed;
  outcome_->reason = absl::StrCat(place_.line, ": ", text_, text_.empty() ? "" : ": ", what);
  return false;
}

bool ScriptRun::Skip(absl::string_view feature) {
  outcome_->status = Status::kSkipped;
  outcome_->reason = std::string(feature);
  return false;
}

void ScriptRun::PlaceInTime(const Event& event) {
  using Kind = EventTime::Kind;
  time_ = event.time.usecs;
  end_time_ = event.time.end_usecs;
  offset_ = 0;
  if (event.time.kind == Kind::kAbsolute || event.time.kind == Kind::kAbsoluteRange) return;
  // Packets that arrive one after the other are told from each other's times, not from when the
  // machine was done with the one before.
  offset_ =
      last_event_ != nullptr && IsAnchored(*last_event_) && IsAnchored(event) ? last_time_ : Now();
  time_ += offset_;
  end_time_ += offset_;
}

bool ScriptRun::CheckTime(int64_t usecs, const char* what) {
  using Kind = EventTime::Kind;
  const Kind kind = event_->time.kind;
  if (kind == Kind::kAny) return true;
  int64_t tolerance = config_.tolerance_usecs;
  if (last_time_ >= 0) {
    tolerance = std::max(tolerance, (time_ - last_time_) * config_.tolerance_permille / 1000);
  }
  const bool range = kind == Kind::kAbsoluteRange || kind == Kind::kRelativeRange;
  const int64_t end = range ? end_time_ : time_;
  if (usecs >= time_ - tolerance && usecs <= end + tolerance) return true;
  return Fail(absl::StrCat("expected ", what, " at ", Seconds(time_), range ? "~" : "",
                           range ? Seconds(end) : "", " s, but it was at ", Seconds(usecs),
                           " s; tolerance ", Seconds(tolerance), " s"));
}

bool ScriptRun::WaitForEvent(const Event& event, const char* what) {
  const bool any = event.time.kind == EventTime::Kind::kAny;
  machine_.RunUntil(any ? machine_.now() : std::max(machine_.now(), At(time_)));
  return CheckTime(Now(), what);
}

// --- Packets ---

bool ScriptRun::RunInbound(const PacketSpec& spec) {
  Flow* flow = flows_.ForScriptPacket(spec);
  if (flow == nullptr) return Fail("no socket that this packet could be for");
  shown_flow_ = flow;
  if (!WaitForEvent(*event_, "the packet")) return false;
  // An error about what connect() sent never arrives inside of the call.
  if (spec.icmp() != nullptr) machine_.RunUntil(machine_.now() + Duration::Micros(1));
  Packet packet;
  const std::string error = MapInbound(spec, config_, flow, &packet);
  if (!error.empty()) return Fail(error);
  machine_.Inject(packet);
  return true;
}

bool ScriptRun::NextSent(std::optional<Machine::WirePacket>* packet) {
  const bool any = event_->time.kind == EventTime::Kind::kAny;
  const int64_t latest = std::max({time_, end_time_, Now()}) + (any ? kStuck : kPacketPatience);
  for (;;) {
    if (!machine_.RunUntilSent(At(latest))) {
      return Fail(absl::StrCat("no packet came until ", Seconds(Now()), " s"));
    }
    *packet = machine_.sent().front();
    machine_.sent().pop_front();
    if (flows_.ClaimSent((*packet)->packet)) return true;
  }
}

bool ScriptRun::RunOutbound(const PacketSpec& spec) {
  Flow* flow = flows_.ForScriptPacket(spec);
  if (flow == nullptr) return Fail("no socket that could send this packet");
  shown_flow_ = flow;
  NoteExpected(spec, flow);
  const uint32_t wanted = spec.tcp() != nullptr ? spec.tcp()->length : 0;
  std::optional<Machine::WirePacket> sent;
  if (!NextSent(&sent)) return false;
  Machine::WirePacket whole = *sent;
  NoteSent(spec, whole.packet, flow);
  Packet previous = whole.packet;
  const auto length = [](const Packet& packet) {
    return packet.segment() == nullptr ? 0u
                                       : static_cast<uint32_t>(packet.segment()->payload.size());
  };
  for (uint32_t have = length(whole.packet);
       have > 0 && have < wanted && !config_.strict_segments;) {
    std::optional<Machine::WirePacket> next;
    if (!NextSent(&next)) return false;
    const std::string gap = ContinuesFrom(previous, next->packet, wanted - have);
    if (!gap.empty()) {
      return Fail(absl::StrCat("got ", have, " bytes and then another packet: ", gap));
    }
    MergeInto(&whole.packet, next->packet);
    whole.time = next->time;
    previous = next->packet;
    have += length(next->packet);
  }
  // The stack sends in one what a system would send in fragments.
  if (sent->packet.WireLength() > config_.mtu) {
    return Fail(absl::StrCat("the packet has ", sent->packet.WireLength(), " bytes, the MTU is ",
                             config_.mtu, ": fragments are not modelled"));
  }
  MatchContext context{&config_, options_.personality, 0};
  context.tolerance_usecs =
      std::max(config_.tolerance_usecs, time_ * config_.tolerance_permille / 1000);
  const std::string difference = CompareSent(spec, whole.packet, context, flow);
  if (!difference.empty()) {
    if (config_.packets_non_fatal) {
      absl::StrAppend(&outcome_->printed, place_.line, ": warning: ", difference, "\n");
      return true;
    }
    const std::string got = ScriptText(whole.packet, true, options_.personality, flow);
    return Fail(absl::StrCat(difference, " (got ", got, ")"));
  }
  return CheckTime((whole.time - start_).micros(), "the packet");
}

// --- Calls ---

bool ScriptRun::FinishBlocking() {
  if (!blocking_.running) return true;
  if (!machine_.RunUntilIdle(Machine::kBlocking, At(Now() + kCallPatience))) {
    return Fail(absl::StrCat("the call of line ", blocking_.place.line, " still blocks"));
  }
  blocking_.running = false;
  place_ = blocking_.place;
  text_ = blocking_.text;
  if (!blocking_.outcome.skip.empty()) return Skip(blocking_.outcome.skip);
  if (!blocking_.outcome.error.empty()) return Fail(blocking_.outcome.error);
  const int64_t ended = (machine_.finished_at(Machine::kBlocking) - start_).micros();
  const int64_t tolerance =
      std::max(config_.tolerance_usecs,
               (blocking_.end - blocking_.last_time) * config_.tolerance_permille / 1000);
  if (ended >= blocking_.end - tolerance && ended <= blocking_.end + tolerance) return true;
  return Fail(absl::StrCat("expected the call to end at ", Seconds(blocking_.end),
                           " s, but it ended at ", Seconds(ended), " s"));
}

bool ScriptRun::RunCallEvent(const Event& event, const CallSpec& call) {
  const Place place = place_;
  const std::string text = text_;
  // A call may need what the blocking one before it gave back, so that one is looked at as soon as
  // it is done.
  if (blocking_.running && (call.end_usecs.has_value() || machine_.idle(Machine::kBlocking)) &&
      !FinishBlocking()) {
    return false;
  }
  place_ = place;
  text_ = text;
  if (!WaitForEvent(event, "the call")) return false;
  if (blocking_.running && machine_.idle(Machine::kBlocking) && !FinishBlocking()) return false;
  place_ = place;
  text_ = text;
  if (call.end_usecs.has_value()) {
    blocking_ = Blocking();
    blocking_.place = event.place;
    blocking_.text = call.text;
    blocking_.end = *call.end_usecs + offset_;
    blocking_.last_time = std::max<int64_t>(last_time_, 0);
    blocking_.running = true;
    machine_.Start(Machine::kBlocking, [this, &call](SysContext& context) {
      blocking_.outcome = RunCall(context, call, config_, flows_);
    });
    return true;
  }
  CallOutcome outcome;
  machine_.Start(Machine::kMain, [this, &call, &outcome](SysContext& context) {
    outcome = RunCall(context, call, config_, flows_);
  });
  if (!machine_.RunUntilIdle(Machine::kMain, At(Now() + kStuck))) {
    return Fail("the call blocks for ever");
  }
  if (!outcome.skip.empty()) return Skip(outcome.skip);
  if (outcome.error.empty()) return true;
  if (!config_.calls_non_fatal) return Fail(outcome.error);
  absl::StrAppend(&outcome_->printed, place_.line, ": warning: ", outcome.error, "\n");
  return true;
}

// --- Code and commands ---

bool ScriptRun::RunCode(const CodeSpec& code) {
  if (!options_.run_code) return Fail("no code is run here");
  Python::Variables variables;
  const int fd = flows_.FdUnderTest();
  machine_.Start(Machine::kMain, [this, fd, &variables](SysContext& context) {
    variables = config_.code_data == CodeData::kMeminfo ? MeminfoVariables(context, fd)
                                                        : TcpInfoVariables(context, fd);
  });
  if (!machine_.RunUntilIdle(Machine::kMain, machine_.now())) {
    return Fail("the program is in a call");
  }
  const std::string error = python_.Run(code.text, variables, &outcome_->printed);
  return error.empty() || Fail(error);
}

bool ScriptRun::RunShell(const std::string& text) {
  const CommandOutcome outcome = RunCommand(text, machine_);
  if (!outcome.skip.empty()) return Skip(outcome.skip);
  return outcome.error.empty() || Fail(outcome.error);
}

bool ScriptRun::RunEvent(const Event& event) {
  event_ = &event;
  place_ = event.place;
  PlaceInTime(event);
  if (std::max(time_, end_time_) > kLatest) return Fail("too late: beyond 4 * 10^9 s");
  if (const PacketSpec* packet = event.packet(); packet != nullptr) {
    text_ = packet->text;
    if (!packet->unsupported.empty()) return Skip(packet->unsupported);
    return packet->outbound ? RunOutbound(*packet) : RunInbound(*packet);
  }
  if (const CallSpec* call = event.call(); call != nullptr) {
    text_ = call->text;
    return RunCallEvent(event, *call);
  }
  if (const CommandSpec* command = event.command(); command != nullptr) {
    text_ = absl::StrCat("`", command->text.substr(0, command->text.find('\n')), "`");
    return WaitForEvent(event, "the command") && RunShell(command->text);
  }
  text_ = absl::StrCat("%{ ", event.code()->text.substr(0, event.code()->text.find('\n')), " }%");
  return WaitForEvent(event, "the code") && RunCode(*event.code());
}

void ScriptRun::Run() {
  if (!machine_.problem().empty()) {
    if (!script_.options.empty()) place_ = script_.options.front().place;
    text_ = "the options";
    Fail(machine_.problem());
    return;
  }
  for (const auto& [name, value] : options_.sysctls) {
    const std::string error = SetSysctl(machine_, name, value);
    if (!error.empty()) {
      Fail(error);
      return;
    }
  }
  python_.NewNamespace();
  place_ = script_.init_place;
  text_ = "the first command";
  bool going = script_.init_command.empty() || RunShell(script_.init_command);
  for (const Event& event : script_.events) {
    if (!going) break;
    going = RunEvent(event);
    last_time_ = event.time.kind == EventTime::Kind::kAny ? Now() : time_;
    last_event_ = &event;
  }
  if (going) going = FinishBlocking();
  if (going && !script_.cleanup_command.empty()) {
    place_ = script_.cleanup_place;
    text_ = "the last command";
    RunShell(script_.cleanup_command);
  }
  Describe();
}

void ScriptRun::Describe() {
  const std::vector<Machine::WirePacket>& log = machine_.log();
  std::vector<std::string> lines;
  for (const Machine::WirePacket& packet : log) {
    lines.push_back(absl::StrFormat(
        "  %12.6f %s\n", static_cast<double>((packet.time - start_).micros()) / 1e6,
        ScriptText(packet.packet, packet.outbound, options_.personality, shown_flow_)));
    outcome_->packets += lines.back();
  }
  outcome_->digest = machine_.digest();
  if (outcome_->status != Status::kFailed) return;
  std::string& details = outcome_->details;
  absl::StrAppend(&details, script_.path, ":", outcome_->reason, "\n");
  absl::StrAppend(&details, "  at ", Seconds(Now()), " s; the last packets:\n");
  const size_t first = lines.size() > kPacketsShown ? lines.size() - kPacketsShown : 0;
  for (size_t i = first; i < lines.size(); ++i) details += lines[i];
  absl::StrAppend(&details, "  the sockets:\n");
  for (absl::string_view line :
       absl::StrSplit(machine_.host().DescribeSockets(), '\n', absl::SkipEmpty())) {
    absl::StrAppend(&details, "    ", line, "\n");
  }
}

}  // namespace

Outcome RunScript(absl::string_view path, absl::string_view text, const RunOptions& options,
                  Python& python) {
  Outcome outcome;
  const IpMode mode = options.config.ip.value_or(IpMode::kIpv4);
  Definitions definitions = StandardDefinitions(options.personality, mode);
  for (const auto& [name, value] : options.definitions) definitions[name] = value;
  const absl::StatusOr<Script> script = ParseScript(path, text, definitions);
  const auto fail = [&outcome](const std::string& reason, const std::string& details) {
    outcome.status = Outcome::Status::kFailed;
    outcome.reason = reason;
    outcome.details = absl::StrCat(details, "\n");
    return outcome;
  };
  if (!script.ok()) {
    const std::string message(script.status().message());
    return fail(message.substr(path.size() + 1), message);
  }
  Config config;
  const ConfigOutcome configured = MakeConfig(*script, options.config, &config);
  if (!configured.error.empty()) {
    return fail(configured.error, absl::StrCat(path, ":", configured.error));
  }
  if (!configured.skip.empty()) {
    outcome.status = Outcome::Status::kSkipped;
    outcome.reason = configured.skip;
    return outcome;
  }
  ScriptRun(*script, options, config, python, &outcome).Run();
  return outcome;
}

}  // namespace drywire::pkt
