#include "tools/verbs/errors.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tools/errors/atlas.h"
#include "tools/errors/report.h"
#include "tools/errors/scene.h"

namespace drywire {
namespace {

struct Request {
  bool tsv = false;
  std::string name;  // of the errno to explain; empty: all rows
  std::vector<System> systems = {System::kLinux, System::kFreeBsd};
  uint64_t seed = 1;
};

// An error message, or empty.
std::string ParseOption(absl::string_view option, absl::string_view value, Request* request) {
  if (option == "--personality") {
    const auto* found = std::find_if(std::begin(kSystems), std::end(kSystems),
                                     [&](System system) { return SystemName(system) == value; });
    if (found == std::end(kSystems)) {
      return absl::StrCat("no personality '", value, "': expected linux or freebsd");
    }
    request->systems = {*found};
    return "";
  }
  if (option == "--seed") {
    return absl::SimpleAtoi(value, &request->seed)
               ? ""
               : absl::StrCat("no seed '", value, "': expected a number from 0 to 2^64 - 1");
  }
  return absl::StrCat("no option '", option, "'");
}

std::string Parse(absl::Span<const absl::string_view> args, Request* request) {
  for (size_t i = 0; i < args.size(); ++i) {
    absl::string_view arg = args[i];
    if (arg == "--tsv") {
      request->tsv = true;
    } else if (absl::StartsWith(arg, "-")) {
      const size_t equals = arg.find('=');
      const absl::string_view option = arg.substr(0, equals);
      if (option != "--personality" && option != "--seed") {
        return absl::StrCat("no option '", arg, "'");
      }
      if (equals == absl::string_view::npos && i + 1 == args.size()) {
        return absl::StrCat(option, " needs a value");
      }
      const absl::string_view value =
          equals == absl::string_view::npos ? args[++i] : arg.substr(equals + 1);
      const std::string error = ParseOption(option, value, request);
      if (!error.empty()) return error;
    } else if (!request->name.empty()) {
      return "one errno at a time";
    } else {
      const std::vector<std::string> known = KnownErrnos();
      if (std::find(known.begin(), known.end(), arg) == known.end()) {
        return absl::StrCat("no errno '", arg, "' in the atlas; it has ",
                            absl::StrJoin(known, " "));
      }
      request->name = std::string(arg);
    }
  }
  if (request->tsv && !request->name.empty()) return "--tsv is for the whole table";
  return "";
}

int PrintRows(const Request& request, std::ostream& out) {
  std::vector<AtlasResult> results;
  bool all_ok = true;
  for (const AtlasRow& row : Atlas()) {
    if (row.page == AtlasPage::kCause) continue;
    for (const System system : request.systems) {
      results.push_back(RunRow(row, system, request.seed));
      all_ok = all_ok && results.back().ok();
      if (request.tsv) out << TsvLine(results.back()) << "\n";
    }
  }
  if (!request.tsv) PrintTable(results, out);
  return all_ok ? kExitOk : kExitFailure;
}

int Run(const Invocation& call) {
  Request request;
  const std::string error = Parse(call.args, &request);
  if (!error.empty()) return UsageError(call, "errors", error);
  if (request.name.empty()) return PrintRows(request, call.out);
  int failed = 0;
  const int causes =
      PrintExplanation(request.name, request.systems, request.seed, call.out, &failed);
  if (causes == 0) {
    call.err << "drywire errors: no cause of " << request.name << " on "
             << SystemName(request.systems.front()) << "\n";
    return kExitFailure;
  }
  return failed == 0 ? kExitOk : kExitFailure;
}

}  // namespace

const Verb kErrorsVerb = {
    .name = "errors",
    .synopsis = "[--tsv | ERRNO] [--personality linux|freebsd] [--seed N]",
    .summary = "Produce every error of connect(2), or explain one",
    .details =
        "Each row of the connect(2) pages of FreeBSD and of Linux, and each behaviour they state,\n"
        "is produced in a small simulated world, once on either system, and compared with what\n"
        "that system answers. The exit code is 1 when a row is not as expected.\n"
        "\n"
        "  --tsv          id, personality, expected, observed, virtual seconds, ok or FAIL, and "
        "how;\n"
        "                 separated by tabs, without heading\n"
        "  ERRNO          explain it, e.g. ECONNREFUSED: every cause with its world, the calls "
        "and\n"
        "                 the packets\n"
        "  --personality  one system only\n"
        "  --seed         of the random choices, such as ephemeral ports and initial sequence\n"
        "                 numbers; 1 if not given\n",
    .run = &Run,
};

}  // namespace drywire
