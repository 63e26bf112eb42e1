// Who asks: the identity a process acts under, as far as sockets, routes and paths care.
//
// These are the effective ids; the real and saved ones are the process's business (see
// stack/host/identity.h). Capabilities are those that paths and ids ask for. A system without
// capabilities asks for uid 0 in their place. Source: credentials(7), capabilities(7).
#ifndef DRYWIRE_STACK_BASE_CREDENTIALS_H_
#define DRYWIRE_STACK_BASE_CREDENTIALS_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

namespace drywire {

// Linux's names without CAP_.
enum class Capability : uint8_t {
  kChown,
  kDacOverride,
  kDacReadSearch,
  kFowner,
  kFsetid,
  kMknod,
  kSetgid,
  kSetuid,
  kSysChroot,
  kKill,
  kNetAdmin,
  kNetBindService,
  kNetRaw,
  kSysAdmin,
  kSysResource,
};

class CapabilitySet {
 public:
  constexpr CapabilitySet() = default;
  constexpr CapabilitySet(std::initializer_list<Capability> capabilities) {
    for (const Capability capability : capabilities) bits_ |= Bit(capability);
  }
  static constexpr CapabilitySet All() {
    CapabilitySet set;
    set.bits_ = ~uint32_t{0};
    return set;
  }
  constexpr bool Has(Capability capability) const { return (bits_ & Bit(capability)) != 0; }
  constexpr bool operator==(const CapabilitySet& other) const { return bits_ == other.bits_; }

 private:
  static constexpr uint32_t Bit(Capability capability) {
    return uint32_t{1} << static_cast<int>(capability);
  }
  uint32_t bits_ = 0;
};

struct Credentials {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;
  // What the caller may do whoever it is. Unset: everything as uid 0, nothing otherwise.
  std::optional<CapabilitySet> capabilities = std::nullopt;

  // Whether the caller may do what Linux asks a capability for and FreeBSD asks for uid 0.
  bool privileged() const { return uid == 0; }
  bool Has(Capability capability) const {
    return capabilities.has_value() ? capabilities->Has(capability) : privileged();
  }
  bool InGroup(uint32_t group) const {
    return group == gid || std::find(groups.begin(), groups.end(), group) != groups.end();
  }
};

}  // namespace drywire

#endif  // DRYWIRE_STACK_BASE_CREDENTIALS_H_
