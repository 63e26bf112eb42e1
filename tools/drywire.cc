// The `drywire` command: its table of verbs, in the order in which the help lists them.

#include <iostream>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/command.h"
#include "tools/verb.h"
#include "tools/verbs/demo.h"
#include "tools/verbs/errors.h"
#include "tools/verbs/help.h"
#include "tools/verbs/pkt.h"
#include "tools/verbs/version.h"

int main(int argc, char** argv) {
  const drywire::Verb verbs[] = {
      drywire::kHelpVerb, drywire::kDemoVerb,    drywire::kErrorsVerb,
      drywire::kPktVerb,  drywire::kVersionVerb,
  };
  const std::vector<absl::string_view> args(argv + 1, argv + argc);
  return drywire::RunCommand(args, verbs, std::cout, std::cerr);
}
