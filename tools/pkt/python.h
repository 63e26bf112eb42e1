// Runs %{ }% by one python3 that lives as long as this, over a pair of sockets.
//
// The interpreter is started at the first use, isolated (-I -S) and with a fixed hash seed; each
// script has a namespace of its own. A snippet that ends the interpreter fails; the next has
// another one. What a snippet prints is returned. Nothing of it reaches the simulation: time does
// not pass there meanwhile.
#ifndef DRYWIRE_TOOLS_PKT_PYTHON_H_
#define DRYWIRE_TOOLS_PKT_PYTHON_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace drywire::pkt {

class Python {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  // How long a snippet may run, milliseconds of real time: one that never ends fails then. Nothing
  // else of a run depends on it.
  static constexpr int kPatienceMs = 60'000;
  explicit Python(int patience_ms = kPatienceMs) : patience_ms_(patience_ms) {}
  Python(const Python&) = delete;
  Python& operator=(const Python&) = delete;
  ~Python();

  // Forgets what earlier snippets defined.
  void NewNamespace() { fresh_ = true; }
  // Sets the variables (values are Python's) and runs the snippet. Empty, or the exception's last
  // line. `printed` is appended to.
  std::string Run(absl::string_view code, const Variables& variables, std::string* printed);

 private:
  // Empty, or why it cannot be started.
  std::string Start();
  // Ends it, for the next snippet to start another. Its status, as of waitpid().
  int Stop();
  bool Send(absl::string_view text);
  bool Receive(std::string* text);

  const int patience_ms_;
  int socket_ = -1;
  int pid_ = -1;
  bool fresh_ = true;
};

}  // namespace drywire::pkt

#endif  // DRYWIRE_TOOLS_PKT_PYTHON_H_
