// The namespace of abstract names, which exists on Linux: names that are in no filesystem and end
// with the socket.
//
// A name of one socket type does not meet the same name of another. Autobind chooses five
// hexadecimal digits, from a random one on. Source: unix(7), net/unix/af_unix.c (unix_autobind,
// unix_abstract_hash) as observed on Linux 6.18.
#ifndef DRYWIRE_STACK_UNIX_ABSTRACT_NAMES_H_
#define DRYWIRE_STACK_UNIX_ABSTRACT_NAMES_H_

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "sim/core/rng.h"

namespace drywire {

class UnixPcb;

class AbstractNames {
 public:
  // `make_rng` gives the host's stream for names, when one is to be chosen.
  explicit AbstractNames(std::function<Rng()> make_rng) : make_rng_(std::move(make_rng)) {}

  // Null when nobody has it. `name` begins with its NUL.
  UnixPcb* Find(int type, absl::string_view name) const;
  // False when it is taken.
  bool Take(int type, absl::string_view name, UnixPcb* holder);
  void Release(int type, absl::string_view name);
  // A name that was free; empty when none is.
  std::string TakeAny(int type, UnixPcb* holder);
  size_t size() const;

 private:
  using Names = absl::flat_hash_map<std::string, UnixPcb*>;
  static constexpr size_t kTypes = 3;

  static size_t Index(int type);

  std::array<Names, kTypes> names_;  // by Index()
  std::function<Rng()> make_rng_;
  std::optional<Rng> rng_;  // once it was asked for
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_UNIX_ABSTRACT_NAMES_H_
