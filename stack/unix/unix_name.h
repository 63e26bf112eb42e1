// Names of UNIX sockets: what an address says, and what is reported of it.
//
// A name is a path, on Linux also bytes of a namespace of their own when the first one is NUL
// ("abstract"). An address need not end in a NUL: its length says where the path ends. Source:
// unix(7), net/unix/af_unix.c as observed on Linux 6.18; unix(4), FreeBSD's uipc_usrreq.c.
#ifndef DRYWIRE_STACK_UNIX_UNIX_NAME_H_
#define DRYWIRE_STACK_UNIX_UNIX_NAME_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "stack/base/raw_address.h"
#include "stack/base/ref.h"
#include "stack/personality/cause.h"
#include "stack/personality/unix_profile.h"

namespace drywire {

// What an address asks for. The text is the address's.
struct UnixTarget {
  enum class Kind : uint8_t {
    kPath,
    kAbstract,  // `text` begins with the NUL
    kNone,      // a family and no more: a name is to be chosen
  };
  Kind kind = Kind::kNone;
  absl::string_view text;
};

// kAddressLengthInvalid, kUnixFamilyMismatch. `binding`: an address that is a family only is
// allowed.
Result<UnixTarget> ParseUnixAddress(const UnixProfile& profile, const RawAddress& address,
                                    bool binding);

// A socket's name, as getsockname() tells it; shared by a listener and the connections to it.
class UnixName {
 public:
  explicit UnixName(const RawAddress& address) : address_(address) {}
  UnixName(const UnixName&) = delete;
  UnixName& operator=(const UnixName&) = delete;

  const RawAddress& address() const { return address_; }
  void AddReference() { ++references_; }
  void DropReference() {
    if (--references_ == 0) delete this;
  }

 private:
  ~UnixName() = default;
  RawAddress address_;
  int references_ = 0;
};
using UnixNameRef = Ref<UnixName>;

// The name that bind() to `target`, which is no kNone, gives. `given` is the caller's address.
UnixNameRef MakeUnixName(const UnixProfile& profile, const UnixTarget& target,
                         const RawAddress& given);
// The address of a socket without a name.
RawAddress UnnamedUnixAddress(const UnixProfile& profile);
// For messages: "/run/x", "@abstract", "*" for none.
std::string FormatUnixName(const UnixName* name);

}  // namespace drywire

#endif  // DRYWIRE_STACK_UNIX_UNIX_NAME_H_
