// What a process learns of its host and of chance: interfaces, names, random numbers, processor
// time.
//
// Random numbers come from the process's own stream, so they are the same in every run. Interfaces
// are reported as glibc does on Linux, without the entries for link addresses, which there are none
// of. Processor time does not pass. Source: getifaddrs(3), if_nametoindex(3), uname(2),
// getrandom(2), getentropy(3), arc4random(3), times(2), clock(3), getrusage(2), as observed on
// Linux 6.18.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "sim/core/rng.h"
#include "stack/base/address.h"
#include "stack/ip/interface.h"
#include "stack/ip/ip_stack.h"
#include "stack/personality/sys_profile.h"
#include "stack/sys/user_memory.h"
#include "tools/posix/invoke.h"
#include "tools/posix/posix.h"

namespace drywire::posix {
namespace {

constexpr size_t kMaxEntropy = 256;
constexpr size_t kMaxRandom = 33554431;  // A read of /dev/urandom gives no more, nor getrandom().
constexpr int64_t kTicksPerSecond = 100;

std::string RandomBytes(Rng& random, size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const uint64_t value = random.Next();
    bytes.append(reinterpret_cast<const char*>(&value),
                 std::min(sizeof value, size - bytes.size()));
  }
  return bytes;
}

SysResult Random(SysContext& context, const char* name, void* data, size_t size) {
  return RunCall(context, {name, Operation::kSignal, -1, size}, [&]() -> CallOutcome {
    const std::string bytes = RandomBytes(context.process.random(), size);
    if (!CopyToUser(data, bytes.data(), size)) return Cause::kBadAddressPointer;
    return static_cast<int64_t>(size);
  });
}

// --- Interfaces ---

const std::vector<Interface>& Interfaces() {
  return CurrentContext().host().net().ip().interfaces();
}

unsigned FlagsOf(const Interface& interface) {
  unsigned flags = 0;
  if (interface.up) flags |= IFF_UP | IFF_RUNNING | 0x10000;  // IFF_LOWER_UP
  if (interface.loopback) return flags | IFF_LOOPBACK;
  return flags | IFF_MULTICAST | (interface.broadcast ? IFF_BROADCAST : IFF_POINTOPOINT);
}

// One entry of getifaddrs() and what it points to; freeifaddrs() frees the array they are in.
struct InterfaceEntry {
  ifaddrs entry;
  sockaddr_in6 address, netmask, broadcast;
  char name[IF_NAMESIZE];
};

sockaddr* ToSockaddr(const Address& address, uint32_t scope, sockaddr_in6* storage) {
  *storage = {};
  if (address.is_v4()) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(storage);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(address.v4());
  } else {
    storage->sin6_family = AF_INET6;
    for (int i = 0; i < 8; ++i) {
      storage->sin6_addr.s6_addr[i] = static_cast<uint8_t>(address.hi() >> (56 - 8 * i));
      storage->sin6_addr.s6_addr[8 + i] = static_cast<uint8_t>(address.lo() >> (56 - 8 * i));
    }
    storage->sin6_scope_id = scope;
  }
  return reinterpret_cast<sockaddr*>(storage);
}

// `address` with the bits from `length` on replaced by zeros or ones.
Address Fill(const Address& address, int length, bool ones) {
  const auto fill = [&](uint64_t bits, int width, int from) {
    const int kept = std::clamp(length - from, 0, width);
    const uint64_t rest = kept == width ? 0 : (~uint64_t{0} >> (64 - width)) >> kept;
    return ones ? bits | rest : bits & ~rest;
  };
  if (address.is_v4()) return Address::V4(static_cast<uint32_t>(fill(address.v4(), 32, 0)));
  return Address::V6(fill(address.hi(), 64, 0), fill(address.lo(), 64, 64));
}

Address Netmask(const Prefix& prefix) {
  const Address all =
      prefix.address.is_v4() ? Address::V4(~uint32_t{0}) : Address::V6(~uint64_t{0}, ~uint64_t{0});
  return Fill(all, prefix.length, /*ones=*/false);
}

void FillEntry(const Interface& interface, const Prefix* prefix, InterfaceEntry* to) {
  *to = {};
  interface.name.copy(to->name, sizeof to->name - 1);
  to->entry.ifa_name = to->name;
  to->entry.ifa_flags = FlagsOf(interface);
  if (prefix == nullptr) return;
  const Address& address = prefix->address;
  const uint32_t scope = address.is_v6() && address.IsLinkLocal() ? interface.index : 0;
  to->entry.ifa_addr = ToSockaddr(address, scope, &to->address);
  to->entry.ifa_netmask = ToSockaddr(Netmask(*prefix), 0, &to->netmask);
  if (!address.is_v4()) return;
  // glibc reports the address itself where there is no broadcast address.
  const bool has_broadcast = interface.broadcast && prefix->length < 31;
  to->entry.ifa_broadaddr = ToSockaddr(
      has_broadcast ? Fill(address, prefix->length, /*ones=*/true) : address, 0, &to->broadcast);
}

}  // namespace

// --- Chance ---

ssize_t getrandom(void* data, size_t size, unsigned flags) {
  return Return<ssize_t>("getrandom", [&](SysContext& context) {
    if ((flags & ~unsigned{GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE}) != 0) {
      return SysResult::Fail(EINVAL);
    }
    return Random(context, "getrandom", data, std::min(size, kMaxRandom));
  });
}

int getentropy(void* data, size_t size) {
  return Return("getentropy", [&](SysContext& context) {
    if (size > kMaxEntropy) return SysResult::Fail(EIO);
    const SysResult result = Random(context, "getentropy", data, size);
    return result.ok() ? SysResult{} : result;
  });
}

void arc4random_buf(void* data, size_t size) {
  (void)Invoke("arc4random_buf",
               [&](SysContext& context) { return Random(context, "arc4random_buf", data, size); });
}

uint32_t arc4random(void) {
  uint32_t value = 0;
  posix::arc4random_buf(&value, sizeof value);
  return value;
}

uint32_t arc4random_uniform(uint32_t bound) {
  if (bound < 2 || Environment() == nullptr) return 0;
  return static_cast<uint32_t>(CurrentContext().process.random().Uniform(bound));
}

// --- Interfaces ---

int getifaddrs(ifaddrs** list) {
  return Return("getifaddrs", [&](SysContext&) {
    struct Found {
      const Interface* interface;
      const Prefix* prefix;
    };
    std::vector<Found> found;
    for (const Interface& interface : Interfaces()) {
      if (interface.addresses.empty()) found.push_back({&interface, nullptr});
    }
    for (const Family family : {Family::kInet, Family::kInet6}) {
      for (const Interface& interface : Interfaces()) {
        for (const Prefix& prefix : interface.addresses) {
          if (prefix.address.family() == family) found.push_back({&interface, &prefix});
        }
      }
    }
    // One block, as the C library's freeifaddrs() expects it.
    auto* const entries =
        static_cast<InterfaceEntry*>(std::malloc(found.size() * sizeof(InterfaceEntry)));
    for (size_t i = 0; i < found.size(); ++i) {
      FillEntry(*found[i].interface, found[i].prefix, &entries[i]);
      if (i > 0) entries[i - 1].entry.ifa_next = &entries[i].entry;
    }
    *list = &entries->entry;
    return SysResult{};
  });
}

void freeifaddrs(ifaddrs* list) { std::free(list); }

unsigned if_nametoindex(const char* name) {
  if (Environment() == nullptr) {
    errno = Outside("if_nametoindex").error;
    return 0;
  }
  for (const Interface& interface : Interfaces()) {
    if (interface.name == name) return interface.index;
  }
  errno = ENODEV;
  return 0;
}

char* if_indextoname(unsigned index, char* name) {
  if (Environment() == nullptr) {
    errno = Outside("if_indextoname").error;
    return nullptr;
  }
  for (const Interface& interface : Interfaces()) {
    if (interface.index == index) return std::strcpy(name, interface.name.c_str());
  }
  errno = ENXIO;
  return nullptr;
}

struct if_nameindex* if_nameindex(void) {
  if (Environment() == nullptr) {
    errno = Outside("if_nameindex").error;
    return nullptr;
  }
  const std::vector<Interface>& interfaces = Interfaces();
  using Entry = struct if_nameindex;
  // As the C library's if_freenameindex() expects it.
  auto* const list = static_cast<Entry*>(std::calloc(interfaces.size() + 1, sizeof(Entry)));
  for (size_t i = 0; i < interfaces.size(); ++i) {
    list[i] = {interfaces[i].index, ::strdup(interfaces[i].name.c_str())};
  }
  return list;
}

void if_freenameindex(struct if_nameindex* list) {
  for (auto* entry = list; entry != nullptr && entry->if_index != 0; ++entry) {
    std::free(entry->if_name);
  }
  std::free(list);
}

// --- Names ---

int gethostname(char* name, size_t size) {
  return Return("gethostname", [&](SysContext& context) {
    const std::string& known = context.host().name();
    if (known.size() >= size) return SysResult::Fail(ENAMETOOLONG);
    std::memcpy(name, known.c_str(), known.size() + 1);
    return SysResult{};
  });
}

int sethostname(const char*, size_t) {
  return Return("sethostname", [&](SysContext& context) {
    (void)NotModelled(context, "sethostname()");
    return SysResult::Fail(EPERM);
  });
}

int uname(utsname* name) {
  return Return("uname", [&](SysContext& context) {
    const SysProfile& system = context.profile().sys;
    utsname result = {};
    const auto put = [](absl::string_view text, auto& field) {
      text.copy(field, sizeof field - 1);
    };
    put(system.sysname, result.sysname);
    put(context.host().name(), result.nodename);
    put(system.release, result.release);
    put(system.version, result.version);
    put(system.machine, result.machine);
    put("(none)", result.domainname);
    return WriteUser(name, result) ? SysResult{} : SysResult::Fail(EFAULT);
  });
}

// --- Processor time ---

clock_t clock(void) {
  return Return<clock_t>("clock", [](SysContext& context) {
    context.scheduler().CountCall();
    return SysResult{};
  });
}

clock_t times(tms* times) {
  return Return<clock_t>("times", [&](SysContext& context) {
    context.scheduler().CountCall();
    if (times != nullptr && !WriteUser(times, tms{})) return SysResult::Fail(EFAULT);
    const int64_t nanos = context.environment.monotonic_start + context.now().nanos();
    return SysResult{nanos / (1'000'000'000 / kTicksPerSecond), 0};
  });
}

int getrusage(int who, rusage* usage) {
  return Return("getrusage", [&](SysContext& context) {
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) {
      return SysResult::Fail(EINVAL);
    }
    context.scheduler().CountCall();
    return WriteUser(usage, rusage{}) ? SysResult{} : SysResult::Fail(EFAULT);
  });
}

}  // namespace drywire::posix
