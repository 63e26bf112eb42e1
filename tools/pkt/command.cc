#include "tools/pkt/command.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "stack/host/host.h"
#include "stack/ip/ip_stack.h"
#include "stack/sys/syscalls.h"
#include "tools/pkt/call_frame.h"
#include "tools/pkt/constants.h"
#include "tools/pkt/shell.h"
#include "tools/pkt/sysctls.h"

namespace drywire::pkt {
namespace {

using Words = std::vector<std::string>;

// A running command: what it read and what it says.
struct Run {
  Machine& machine;
  const Words& words;
  std::string input;
  std::string output;
  std::string error;
  std::string skip;
};

// The settings that google's scripts begin with.
constexpr std::pair<absl::string_view, absl::string_view> kProductionDefaults[] = {
    {"net.ipv4.tcp_rmem", "4096 540000 15728640"},
    {"net.ipv4.tcp_wmem", "4096 262144 4194304"},
    {"net.ipv4.tcp_timestamps", "1"},
    {"net.ipv4.tcp_syn_retries", "5"},
    {"net.ipv4.tcp_synack_retries", "5"},
    {"net.ipv4.tcp_sack", "1"},
    {"net.ipv4.tcp_dsack", "1"},
    {"net.ipv4.tcp_early_retrans", "4"},
    {"net.ipv4.tcp_syncookies", "1"},
};

void SetAll(Run& run, const Words& settings) {
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      if (run.error.empty()) run.error = absl::StrCat("expected NAME=VALUE, got '", setting, "'");
      continue;
    }
    const std::string name = SysctlName(setting.substr(0, equals));
    if (absl::StartsWith(name, "net.inet.sctp.") || absl::StartsWith(name, "net.sctp.")) {
      run.skip = "SCTP";
      return;
    }
    const std::string error = SetSysctl(run.machine, name, SysctlValue(setting.substr(equals + 1)));
    if (!error.empty() && run.error.empty()) run.error = error;
  }
}

void Nothing(Run&) {}

void Sysctl(Run& run) {
  Words settings;
  for (size_t i = 1; i < run.words.size(); ++i) {
    if (absl::StartsWith(run.words[i], "-")) continue;
    if (run.words[i].find('=') == std::string::npos) {
      const auto value = run.machine.host().profile().Get(SysctlName(run.words[i]));
      if (value.ok()) absl::StrAppend(&run.output, run.words[i], " = ", *value, "\n");
      if (!value.ok() && !IsAcceptedSysctl(SysctlName(run.words[i]))) {
        run.error = std::string(value.status().message());
      }
      continue;
    }
    settings.push_back(run.words[i]);
  }
  SetAll(run, settings);
}

void SetSysctls(Run& run) { SetAll(run, Words(run.words.begin() + 1, run.words.end())); }

void Defaults(Run& run) {
  for (const auto& [name, value] : kProductionDefaults) {
    const std::string error = SetSysctl(run.machine, name, value);
    if (!error.empty() && run.error.empty()) run.error = error;
  }
}

void Echo(Run& run) {
  run.output =
      absl::StrCat(absl::StrJoin(Words(run.words.begin() + 1, run.words.end()), " "), "\n");
}

// Lines of the input that hold the pattern, or their number (-c).
void Grep(Run& run) {
  bool count = false;
  bool inverted = false;
  std::string pattern;
  for (size_t i = 1; i < run.words.size(); ++i) {
    const std::string& word = run.words[i];
    if (word.size() == 2 && word[0] == '-') {
      count = count || word[1] == 'c';
      inverted = inverted || word[1] == 'v';
    } else if (pattern.empty()) {
      pattern = word;
    }
  }
  int found = 0;
  for (absl::string_view line : absl::StrSplit(run.input, '\n', absl::SkipEmpty())) {
    if (absl::StrContains(line, pattern) == inverted) continue;
    ++found;
    if (!count) absl::StrAppend(&run.output, line, "\n");
  }
  if (count) run.output = absl::StrCat(found, "\n");
  if (found == 0) {
    run.error = absl::StrCat("no line with '", pattern,
                             "' in: ", absl::StrReplaceAll(run.input, {{"\n", " | "}}));
  }
}

// "tcp ESTAB 0 0 192.168.0.8:8080 192.0.2.1:53000": what DescribeSockets() has.
struct SocketLine {
  std::string state;
  std::string local;
  std::string peer;
};

std::vector<SocketLine> Sockets(Machine& machine) {
  std::vector<SocketLine> lines;
  for (absl::string_view line :
       absl::StrSplit(machine.host().DescribeSockets(), '\n', absl::SkipEmpty())) {
    Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() == 5) words.insert(words.begin(), "tcp");
    if (words.size() == 6 && words[0] == "tcp") lines.push_back({words[1], words[4], words[5]});
  }
  return lines;
}

// The states as FreeBSD's sockstat(1) calls them.
std::string SockstatState(const std::string& state) {
  static constexpr std::pair<absl::string_view, absl::string_view> kNames[] = {
      {"ESTAB", "ESTABLISHED"},     {"SYN-SENT", "SYN_SENT"},     {"SYN-RECV", "SYN_RCVD"},
      {"FIN-WAIT-1", "FIN_WAIT_1"}, {"FIN-WAIT-2", "FIN_WAIT_2"}, {"TIME-WAIT", "TIME_WAIT"},
      {"UNCONN", "CLOSED"},         {"CLOSE-WAIT", "CLOSE_WAIT"}, {"LAST-ACK", "LAST_ACK"},
  };
  for (const auto& [ours, theirs] : kNames) {
    if (state == ours) return std::string(theirs);
  }
  return state;
}

void Sockstat(Run& run) {
  for (const SocketLine& line : Sockets(run.machine)) {
    absl::StrAppend(&run.output, "root packetdrill 100 3 tcp ", line.local, " ", line.peer, " ",
                    SockstatState(line.state), "\n");
  }
}

void Tcpdrop(Run& run) {
  if (run.words.size() == 3 && run.words[1] == "-s" && run.words[2] == "TIME_WAIT") return;
  run.error = "only tcpdrop -s TIME_WAIT is understood";
}

void Ip(Run& run) {
  const std::string what = run.words.size() > 1 ? run.words[1] : "";
  if (what == "tcp_metrics" || what == "link") return;
  Words words(run.words.begin() + 1, run.words.end());
  words.erase(std::remove_if(words.begin(), words.end(),
                             [](const std::string& word) { return word == "-6" || word == "-4"; }),
              words.end());
  if (words.empty() || words[0] != "route") {
    run.error = absl::StrCat("ip ", what, " is not understood");
    return;
  }
  // `change` is `replace` for a route that is there; metrics of congestion control and MSS are not
  // modelled.
  Words kept;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "advmss" || words[i] == "initcwnd" || words[i] == "initrwnd") {
      ++i;
      continue;
    }
    kept.push_back(words[i] == "change" ? "replace" : words[i]);
  }
  const absl::Status changed = run.machine.host().net().ip().ChangeRoute(absl::StrJoin(kept, " "));
  if (!changed.ok()) run.error = std::string(changed.message());
  run.machine.host().net().RearmIp();
}

// What the program's filesystem is asked for by a command.
SysResult InProgram(Machine& machine, const std::function<SysResult(SysContext&)>& call) {
  SysResult result;
  machine.Start(Machine::kMain, [&](SysContext& context) { result = call(context); });
  machine.RunUntilIdle(Machine::kMain, machine.now());
  return result;
}

// rm [-f] FILE...
void Remove(Run& run) {
  bool force = false;
  for (const std::string& word : Words(run.words.begin() + 1, run.words.end())) {
    if (absl::StartsWith(word, "-")) {
      force = force || absl::StrContains(word, 'f');
      continue;
    }
    const SysResult result = InProgram(
        run.machine, [&](SysContext& context) { return SysUnlink(context, word.c_str()); });
    if (result.ok() || (force && result.error == ENOENT)) continue;
    run.error = absl::StrCat(word, ": ", ErrnoText(result.error));
  }
}

// dd if=/dev/zero of=FILE bs=N count=N
void Dd(Run& run) {
  std::string from;
  std::string to;
  uint32_t block = 512;
  uint32_t count = 0;
  for (const std::string& word : Words(run.words.begin() + 1, run.words.end())) {
    absl::string_view value = word;
    bool valid = true;
    if (absl::ConsumePrefix(&value, "if=")) {
      from = std::string(value);
    } else if (absl::ConsumePrefix(&value, "of=")) {
      to = std::string(value);
    } else if (absl::ConsumePrefix(&value, "bs=")) {
      valid = absl::SimpleAtoi(value, &block);
    } else if (absl::ConsumePrefix(&value, "count=")) {
      valid = absl::SimpleAtoi(value, &count);
    } else {
      valid = word == "status=none";
    }
    if (!valid) run.error = absl::StrCat("'", word, "' is not understood");
  }
  if (run.error.empty() && (from != "/dev/zero" || to.empty())) {
    run.error = "only if=/dev/zero of=FILE is understood";
  }
  const uint64_t size = uint64_t{block} * count;
  if (run.error.empty() && size > static_cast<uint64_t>(CallFrame::kMaxBytes)) {
    run.error = absl::StrCat("expected at most ", CallFrame::kMaxBytes, " bytes, got ", size);
  }
  if (!run.error.empty()) return;
  const std::vector<char> zeroes(size);
  const SysResult result = InProgram(run.machine, [&](SysContext& context) {
    const SysResult fd = SysOpen(context, to.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!fd.ok()) return fd;
    const SysResult written =
        SysWrite(context, static_cast<int>(fd.value), zeroes.data(), zeroes.size());
    SysClose(context, static_cast<int>(fd.value));
    return written;
  });
  if (!result.ok()) run.error = absl::StrCat(to, ": ", ErrnoText(result.error));
}

// tc qdisc add|replace|change|delete dev NAME root [KIND [limit N] ...]: a queue without room
// refuses everything, any other makes no difference.
void Tc(Run& run) {
  Words words(run.words.begin() + 1, run.words.end());
  if (words.empty() || words[0] != "qdisc") {
    run.error = "only tc qdisc is understood";
    return;
  }
  const auto after = [&words](absl::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    return found == words.end() || found + 1 == words.end() ? std::string() : *(found + 1);
  };
  const std::string name = after("dev");
  const Interface* const interface = run.machine.host().net().ip().FindInterface(name);
  if (interface == nullptr) {
    run.error = absl::StrCat("there is no device '", name, "'");
    return;
  }
  run.machine.world().SetQueueFull(run.machine.host(), name, after("limit") == "0");
}

void Md5(Run& run) { run.skip = "TCP MD5 signatures"; }

struct Command {
  CommandSyntax syntax;
  void (*run)(Run& run);
};

constexpr Command kCommands[] = {
    {{"sysctl", "[-w] [-q] [-e] NAME=VALUE...", "sets sysctls of the host"}, Sysctl},
    {{"set_sysctls.py", "/proc/sys/NAME=VALUE...", "the same, in google's scripts"}, SetSysctls},
    {{"defaults.sh", "", "the settings that google's scripts begin with"}, Defaults},
    {{"sysctl_restore_*.sh", "", "nothing: settings end with the script"}, Nothing},
    {{"echo", "TEXT > /proc/sys/NAME", "sets a sysctl; to other files nothing"}, Echo},
    {{"ip", "route STATEMENT, tcp_metrics, link", "changes a route; the others do nothing"}, Ip},
    {{"sockstat", "", "lists TCP sockets"}, Sockstat},
    {{"ss", "", "lists TCP sockets"}, Sockstat},
    {{"tcpdrop", "-s TIME_WAIT", "nothing: such connections end with the script"}, Tcpdrop},
    {{"grep", "[-c] [-v] TEXT", "of what a command before it said"}, Grep},
    {{"nstat", "", "no counters are kept"}, Nothing},
    {{"tc", "qdisc ... dev NAME root [KIND] [limit N]", "a limit of 0 refuses what is sent"}, Tc},
    {{"ethtool", "", "segments are never merged"}, Nothing},
    {{"true", "", ""}, Nothing},
    {{"sleep", "SECONDS", "takes no time"}, Nothing},
    {{"rm", "[-f] FILE...", "of the program's filesystem, which begins empty"}, Remove},
    {{"dd", "if=/dev/zero of=FILE bs=N count=N [status=none]", "writes one there"}, Dd},
    {{"setkey", "", "skips the script: TCP MD5 signatures"}, Md5},
    {{"kldstat", "", "skips the script: TCP MD5 signatures"}, Md5},
    {{"kldload", "", "skips the script: TCP MD5 signatures"}, Md5},
};

const Command* FindCommand(const std::string& path) {
  absl::string_view name = path;
  if (const size_t slash = name.rfind('/'); slash != absl::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  if (absl::StartsWith(name, "sysctl_restore_")) name = "sysctl_restore_*.sh";
  for (const Command& command : kCommands) {
    if (command.syntax.name == name) return &command;
  }
  return nullptr;
}

// The last command's status is the pipeline's.
CommandOutcome RunPipeline(const Pipeline& pipeline, Machine& machine) {
  CommandOutcome outcome;
  std::string text;
  for (const Words& words : pipeline.commands) {
    const Command* command = FindCommand(words[0]);
    if (command == nullptr) {
      outcome.error = absl::StrCat("the command '", words[0], "' is not understood");
      return outcome;
    }
    Run run{machine, words, std::move(text), "", "", ""};
    command->run(run);
    text = std::move(run.output);
    outcome.error = run.error.empty() ? "" : absl::StrCat(words[0], ": ", run.error);
    outcome.skip = run.skip;
    if (!outcome.skip.empty()) return outcome;
  }
  if (absl::StartsWith(pipeline.to, "/proc/sys/")) {
    absl::StripTrailingAsciiWhitespace(&text);
    outcome.error = SetSysctl(machine, SysctlName(pipeline.to), SysctlValue(text));
  }
  return outcome;
}

}  // namespace

absl::Span<const CommandSyntax> CommandTable() {
  static const auto* const table = [] {
    auto* rows = new std::vector<CommandSyntax>();
    for (const Command& command : kCommands) rows->push_back(command.syntax);
    return rows;
  }();
  return *table;
}

CommandOutcome RunCommand(absl::string_view text, Machine& machine) {
  const absl::StatusOr<std::vector<Pipeline>> pipelines = SplitShell(text);
  CommandOutcome outcome;
  if (!pipelines.ok()) {
    outcome.error = std::string(pipelines.status().message());
    return outcome;
  }
  for (const Pipeline& pipeline : *pipelines) {
    const bool failed = !outcome.error.empty();
    if (pipeline.when == Pipeline::When::kAfterSuccess && failed) continue;
    if (pipeline.when == Pipeline::When::kAfterFailure && !failed) continue;
    // A shell goes on after a command that failed; here nothing may be wrong in silence.
    if (pipeline.when == Pipeline::When::kAlways && failed) return outcome;
    outcome = RunPipeline(pipeline, machine);
    if (!outcome.skip.empty()) return outcome;
  }
  return outcome;
}

}  // namespace drywire::pkt
