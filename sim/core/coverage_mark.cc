#include "sim/core/coverage_mark.h"

#ifdef DRYWIRE_COVERAGE_MARKS

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

namespace drywire {
namespace {

// Writes when the process ends.
class Marks {
 public:
  ~Marks() {
    const char* const directory = std::getenv("DRYWIRE_MARKS");
    if (directory == nullptr) return;
    // Process numbers repeat: each test has a name space of its own.
    std::string name = std::string(directory) + "/XXXXXX";
    const int fd = mkstemp(name.data());
    if (fd < 0) return;
    close(fd);
    std::ofstream file(name);
    for (const std::string& text : known_) file << "known " << text << "\n";
    for (const std::string& text : hit_) file << "hit " << text << "\n";
  }
  void Announce(const std::string& text) { known_.insert(text); }
  void Hit(const std::string& text) { hit_.insert(text); }

 private:
  std::set<std::string> known_;
  std::set<std::string> hit_;
};

Marks& TheMarks() {
  static Marks marks;
  return marks;
}

}  // namespace

void AnnounceCoverageMark(const std::string& text) { TheMarks().Announce(text); }
void HitCoverageMark(const std::string& text) { TheMarks().Hit(text); }

}  // namespace drywire

#endif
