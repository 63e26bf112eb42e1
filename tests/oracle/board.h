// What the processes of a scenario tell one another outside of the network: "the listener is
// there".
//
// The same in a simulated world, where the processes are fibers, and on the real kernel, where they
// are processes: a list of names (their hashes) in memory that they share.
#ifndef DRYWIRE_TESTS_ORACLE_BOARD_H_
#define DRYWIRE_TESTS_ORACLE_BOARD_H_

#include <atomic>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace drywire {

class Board {
 public:
  void Announce(absl::string_view name) {
    const uint32_t place = used_.fetch_add(1);
    if (place < kPlaces) names_[place].store(Hash(name));
  }
  bool Has(absl::string_view name) const {
    const uint64_t hash = Hash(name);
    for (uint32_t i = 0; i < used_.load() && i < kPlaces; ++i) {
      if (names_[i].load() == hash) return true;
    }
    return false;
  }

 private:
  static constexpr uint32_t kPlaces = 1024;

  static uint64_t Hash(absl::string_view name) {
    uint64_t hash = 14695981039346656037u;
    for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
    return hash | 1;  // 0 is an empty place
  }

  std::atomic<uint32_t> used_{0};
  std::atomic<uint64_t> names_[kPlaces] = {};
};

}  // namespace drywire

#endif  // DRYWIRE_TESTS_ORACLE_BOARD_H_
