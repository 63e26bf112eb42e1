#include "tools/verbs/pkt.h"

#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "stack/personality/personality.h"
#include "tools/pkt/config.h"
#include "tools/pkt/runner.h"
#include "tools/pkt/suite.h"
#include "tools/pkt/tables.h"

namespace drywire {
namespace {

constexpr int kMaxJobs = 256;

struct Request {
  pkt::RunOptions run;
  int jobs = 1;
  bool verbose = false;
  bool tsv = false;
  bool digests = false;
  bool tables = false;
  std::string junit;
  std::vector<std::string> paths;
};

// An error message, or empty. `value` is what followed the option.
std::string ParseOption(absl::string_view option, absl::string_view value, Request* request) {
  if (option == "--personality") {
    if (!FindPersonality(value).ok()) {
      return absl::StrCat("no personality '", value, "': expected linux or freebsd");
    }
    request->run.personality = std::string(value);
    return "";
  }
  if (option == "--ip") {
    request->run.config.ip = pkt::ParseIpMode(value);
    return request->run.config.ip.has_value()
               ? ""
               : absl::StrCat("no IP '", value, "': expected ipv4, ipv6 or mapped");
  }
  if (option == "--sysctl" || option == "--define") {
    const size_t equals = value.find('=');
    if (equals == 0 || equals == absl::string_view::npos) {
      return absl::StrCat(option, " ", value, ": expected NAME=VALUE");
    }
    std::string name(value.substr(0, equals));
    std::string rest(value.substr(equals + 1));
    if (option == "--sysctl") {
      request->run.sysctls.emplace_back(std::move(name), std::move(rest));
    } else {
      request->run.definitions[std::move(name)] = std::move(rest);
    }
    return "";
  }
  if (option == "--jobs") {
    return absl::SimpleAtoi(value, &request->jobs) && request->jobs >= 1 &&
                   request->jobs <= kMaxJobs
               ? ""
               : absl::StrCat("--jobs ", value, ": expected a number from 1 to ", kMaxJobs);
  }
  if (option == "--tolerance_usecs") {
    int64_t usecs = 0;
    if (!absl::SimpleAtoi(value, &usecs) || usecs <= 0) {
      return absl::StrCat("--tolerance_usecs ", value, ": expected microseconds");
    }
    request->run.config.tolerance_usecs = usecs;
    return "";
  }
  if (option == "--mtu") {
    uint32_t mtu = 0;
    if (!absl::SimpleAtoi(value, &mtu) || mtu < 68 || mtu > 65535) {
      return absl::StrCat("--mtu ", value, ": expected bytes from 68 to 65535");
    }
    request->run.config.mtu = mtu;
    return "";
  }
  if (option == "--seed") {
    return absl::SimpleAtoi(value, &request->run.seed)
               ? ""
               : absl::StrCat("no seed '", value, "': expected a number from 0 to 2^64 - 1");
  }
  if (option == "--junit") {
    request->junit = std::string(value);
    return "";
  }
  return absl::StrCat("no option '", option, "'");
}

bool ParseFlag(absl::string_view word, Request* request) {
  if (word == "--verbose") return request->verbose = true;
  if (word == "--tsv") return request->tsv = true;
  if (word == "--digests") return request->digests = true;
  if (word == "--tables") return request->tables = true;
  if (word == "--strict_segments") return request->run.config.strict_segments = true;
  return false;
}

std::string Parse(absl::Span<const absl::string_view> args, Request* request) {
  for (size_t i = 0; i < args.size(); ++i) {
    absl::string_view word = args[i];
    if (!absl::StartsWith(word, "--")) {
      request->paths.emplace_back(word);
      continue;
    }
    if (ParseFlag(word, request)) continue;
    absl::string_view value;
    if (const size_t equals = word.find('='); equals != absl::string_view::npos) {
      value = word.substr(equals + 1);
      word = word.substr(0, equals);
    } else if (i + 1 < args.size()) {
      value = args[++i];
    } else {
      return absl::StrCat("no option '", word, "', or its value is missing");
    }
    std::string error = ParseOption(word, value, request);
    if (!error.empty()) return error;
  }
  return request->paths.empty() && !request->tables ? "which scripts? expected files or directories"
                                                    : "";
}

const char* StatusName(pkt::Outcome::Status status) {
  switch (status) {
    case pkt::Outcome::Status::kPassed:
      return "passed";
    case pkt::Outcome::Status::kFailed:
      return "failed";
    case pkt::Outcome::Status::kSkipped:
      return "skipped";
  }
  return "";
}

void Report(const pkt::ScriptResult& result, const Request& request, std::ostream& out) {
  const pkt::Outcome& outcome = result.outcome;
  if (request.tsv) {
    out << result.path << '\t' << StatusName(outcome.status) << '\t' << outcome.reason;
    if (request.digests) out << '\t' << outcome.digest.ToString();
    out << '\n';
    return;
  }
  if (request.verbose) {
    out << result.path << ": " << StatusName(outcome.status) << "\n"
        << outcome.packets << outcome.printed;
  }
  if (outcome.status == pkt::Outcome::Status::kFailed) out << outcome.details;
  if (outcome.status == pkt::Outcome::Status::kSkipped) {
    out << result.path << ": skipped: " << outcome.reason << "\n";
  }
}

int Run(const Invocation& call) {
  Request request;
  const std::string error = Parse(call.args, &request);
  if (!error.empty()) return UsageError(call, "pkt", error);
  if (request.tables) {
    call.out << pkt::LanguageTables();
    return kExitOk;
  }
  const absl::StatusOr<std::vector<std::string>> scripts = pkt::FindScripts(request.paths);
  if (!scripts.ok()) return UsageError(call, "pkt", scripts.status().message());
  if (scripts->empty()) return UsageError(call, "pkt", "there is no script (*.pkt) in there");

  const bool terminal = ::isatty(2) != 0 && !request.tsv;
  const auto progress = [&](size_t done) {
    if (terminal) call.err << "\r" << done << " of " << scripts->size() << std::flush;
  };
  const std::vector<pkt::ScriptResult> results =
      pkt::RunScripts(*scripts, request.run, request.jobs, progress);
  if (terminal) call.err << "\r\033[K" << std::flush;

  int counts[3] = {};
  for (const pkt::ScriptResult& result : results) {
    ++counts[static_cast<int>(result.outcome.status)];
    Report(result, request, call.out);
  }
  if (!request.junit.empty()) {
    std::ofstream file(request.junit);
    file << pkt::JunitReport(results);
    if (!file.flush()) {
      call.err << "drywire pkt: " << request.junit << " cannot be written\n";
      return kExitFailure;
    }
  }
  if (!request.tsv) {
    call.out << absl::StrFormat("%d passed, %d failed, %d skipped\n", counts[0], counts[1],
                                counts[2]);
  }
  return counts[1] == 0 ? kExitOk : kExitFailure;
}

}  // namespace

const Verb kPktVerb = {
    .name = "pkt",
    .synopsis =
        "[--personality linux|freebsd] [--ip ipv4|ipv6|mapped] [--sysctl NAME=VALUE]... "
        "[--jobs N] [--verbose] [--tsv] [--junit FILE] PATH...",
    .summary = "Run packetdrill scripts in virtual time",
    .details =
        "PATH is a script, or a directory whose scripts (*.pkt) are run. For each that fails the\n"
        "line is shown, what was expected and what came, the last packets both ways and the\n"
        "sockets. The exit code is 0 only if none failed.\n"
        "\n"
        "  --personality  the system under test; linux if not given\n"
        "  --ip           the IP to run the scripts with; what each script says, else ipv4\n"
        "  --sysctl       set before each script begins\n"
        "  --define       NAME=VALUE: NAME stands for VALUE in the scripts\n"
        "  --mtu          of the link where a script gives none; 1500 if not given (google's "
        "scripts\n"
        "                 want 1520 for IPv6)\n"
        "  --tolerance_usecs, --strict_segments\n"
        "                 as packetdrill's, over what a script says\n"
        "  --jobs         processes; 1 if not given\n"
        "  --verbose      every packet, and what %{ }% prints\n"
        "  --tsv          path, passed, failed or skipped, and the reason; separated by tabs\n"
        "  --digests      a further column: the digest of the run\n"
        "  --junit        a report for machines\n"
        "  --seed         of initial sequence numbers and the like; 1 if not given\n"
        "  --tables       what of the language is understood\n",
    .run = &Run,
};

}  // namespace drywire
