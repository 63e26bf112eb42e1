#include "tools/pkt/command.h"

#include <algorithm>
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
#include "tools/pkt/shell.h"

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

constexpr AcceptedSysctl kAccepted[] = {
    {"net.ipv4.tcp_fack", "no effect on Linux either"},
    {"net.ipv4.tcp_frto", "forward RTO recovery is not modelled"},
    {"net.ipv4.tcp_reordering", "loss recovery is not modelled"},
    {"net.ipv4.tcp_recovery", "loss recovery is not modelled"},
    {"net.ipv4.tcp_congestion_control", "congestion control is not modelled"},
    {"net.ipv4.tcp_slow_start_after_idle", "congestion control is not modelled"},
    {"net.ipv4.tcp_ecn", "ECN is not modelled"},
    {"net.ipv4.tcp_ecn_option", "ECN is not modelled"},
    {"net.ipv4.tcp_ecn_option_beacon", "ECN is not modelled"},
    {"net.ipv4.tcp_pacing_ss_ratio", "nothing is paced"},
    {"net.ipv4.tcp_pacing_ca_ratio", "nothing is paced"},
    {"net.ipv4.tcp_tso_win_divisor", "segments are never merged"},
    {"net.ipv4.tcp_min_tso_segs", "segments are never merged"},
    {"net.ipv4.tcp_tso_rtt_log", "segments are never merged"},
    {"net.ipv4.tcp_limit_output_bytes", "nothing waits below TCP"},
    {"net.ipv4.tcp_autocorking", "nothing waits below TCP"},
    {"net.ipv4.tcp_fastopen", "Fast Open is not modelled"},
    {"net.ipv4.tcp_fastopen_key", "Fast Open is not modelled"},
    {"net.ipv4.tcp_fastopen_cookies", "Fast Open is not modelled"},
    {"net.ipv4.tcp_fastopen_blackhole_timeout_sec", "Fast Open is not modelled"},
    {"net.ipv4.tcp_mtu_probing", "path MTU probing is not modelled"},
    {"net.ipv4.tcp_base_mss", "path MTU probing is not modelled"},
    {"net.ipv4.tcp_moderate_rcvbuf", "receive buffers do not grow"},
    {"net.ipv4.tcp_no_metrics_save", "no metrics are kept"},
    {"net.ipv4.tcp_metrics_flush", "no metrics are kept"},
    {"net.inet.tcp.hostcache.purgenow", "there is no host cache"},
    {"net.inet.tcp.ecn.enable", "ECN is not modelled"},
    {"net.inet.tcp.ecn.maxretries", "ECN is not modelled"},
    {"net.inet.tcp.fastopen.client_enable", "Fast Open is not modelled"},
    {"net.inet.tcp.fastopen.server_enable", "Fast Open is not modelled"},
    {"net.inet.tcp.path_mtu_discovery", "always on"},
    {"net.inet.tcp.pmtud_blackhole_detection", "path MTU probing is not modelled"},
    {"net.inet.tcp.pmtud_blackhole_mss", "path MTU probing is not modelled"},
    {"net.inet.tcp.v6pmtud_blackhole_mss", "path MTU probing is not modelled"},
    {"net.inet.tcp.cc.algorithm", "congestion control is not modelled"},
    {"net.inet.tcp.do_prr", "loss recovery is not modelled"},
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

// /proc/sys/net/ipv4/tcp_sack and net/ipv4/tcp_sack to net.ipv4.tcp_sack.
std::string SysctlName(absl::string_view text) {
  absl::ConsumePrefix(&text, "/proc/sys/");
  return absl::StrReplaceAll(text, {{"/", "."}});
}

// $((15*1024*1024)) and 0x70403: numbers that a shell would have worked out.
std::string SysctlValue(absl::string_view text) {
  Words words = absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  for (std::string& word : words) {
    absl::string_view inner = word;
    uint64_t number = 0;
    if (absl::ConsumePrefix(&inner, "$((") && absl::ConsumeSuffix(&inner, "))")) {
      uint64_t product = 1;
      bool valid = true;
      for (absl::string_view factor : absl::StrSplit(inner, '*')) {
        valid = valid && absl::SimpleAtoi(factor, &number);
        product *= number;
      }
      if (valid) word = absl::StrCat(product);
    } else if (absl::ConsumePrefix(&inner, "0x") && absl::SimpleHexAtoi(inner, &number)) {
      word = absl::StrCat(number);
    }
  }
  return absl::StrJoin(words, " ");
}

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
    {{"tc", "qdisc ...", "nothing waits below TCP"}, Nothing},
    {{"ethtool", "", "segments are never merged"}, Nothing},
    {{"true", "", ""}, Nothing},
    {{"sleep", "SECONDS", "takes no time"}, Nothing},
    {{"rm", "", "no file is touched"}, Nothing},
    {{"dd", "", "no file is touched"}, Nothing},
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

absl::Span<const AcceptedSysctl> AcceptedSysctlTable() { return kAccepted; }

absl::Span<const CommandSyntax> CommandTable() {
  static const auto* const table = [] {
    auto* rows = new std::vector<CommandSyntax>();
    for (const Command& command : kCommands) rows->push_back(command.syntax);
    return rows;
  }();
  return *table;
}

bool IsAcceptedSysctl(absl::string_view name) {
  return std::any_of(std::begin(kAccepted), std::end(kAccepted),
                     [name](const AcceptedSysctl& row) { return row.name == name; });
}

std::string SetSysctl(Machine& machine, absl::string_view name, absl::string_view value) {
  if (IsAcceptedSysctl(name)) return "";
  const absl::Status set = machine.host().profile().Set(name, value);
  return set.ok() ? "" : std::string(set.message());
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
