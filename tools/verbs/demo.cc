#include "tools/verbs/demo.h"

#include <string>

#include "tools/errors/report.h"
#include "tools/errors/scene.h"

namespace drywire {
namespace {

int Run(const Invocation& call) {
  if (!call.args.empty()) return UsageError(call, "demo", "takes no argument");
  Scene scene(System::kLinux, {});
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  scene.AddFirewallRule(server, "input tcp dport 80 drop");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
  scene.Run();

  call.out << "A blocking connect() to a server that drops every SYN.\n\nworld\n";
  for (const std::string& line : scene.description()) call.out << "  " << line << "\n";
  call.out << "\ncalls and packets\n";
  PrintTimeline(scene, "", call.out);
  if (!scene.Problem().empty()) {
    call.err << "drywire demo: " << scene.Problem() << "\n";
    return kExitFailure;
  }
  call.out
      << "\nconnect() gave " << scene.observation().text << " after "
      << SecondsText(scene.observation().when)
      << " s of virtual time.\n'drywire errors' does the same for every error of connect(2).\n";
  return kExitOk;
}

}  // namespace

const Verb kDemoVerb = {
    .name = "demo",
    .synopsis = "",
    .summary = "Play a connect() to a black hole, with its packets",
    .details =
        "A Linux host connects to a server whose firewall drops every SYN: eleven SYNs, and\n"
        "ETIMEDOUT after 131 s of virtual time, which pass at once.\n",
    .run = &Run,
};

}  // namespace drywire
