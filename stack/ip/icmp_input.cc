#include "stack/ip/icmp_input.h"

#include "absl/types/span.h"

namespace drywire {
namespace {

// By code of destination unreachable. 11 and 12 (unreachable for the type of service) and 14 and 15
// (precedence) have no cause of their own: both systems treat them as what they are filed under.
constexpr Cause kUnreachable4[] = {
    Cause::kIcmpNetUnreachable,  Cause::kIcmpHostUnreachable,     Cause::kIcmpProtocolUnreachable,
    Cause::kIcmpPortUnreachable, Cause::kIcmpFragmentationNeeded, Cause::kIcmpSourceRouteFailed,
    Cause::kIcmpNetUnknown,      Cause::kIcmpHostUnknown,         Cause::kIcmpHostIsolated,
    Cause::kIcmpNetProhibited,   Cause::kIcmpHostProhibited,      Cause::kIcmpNetUnreachable,
    Cause::kIcmpHostUnreachable, Cause::kIcmpAdminProhibited,     Cause::kIcmpHostUnreachable,
    Cause::kIcmpHostUnreachable,
};

constexpr Cause kUnreachable6[] = {
    Cause::kIcmp6NoRoute,         Cause::kIcmp6AdminProhibited,
    Cause::kIcmp6BeyondScope,     Cause::kIcmp6AddressUnreachable,
    Cause::kIcmp6PortUnreachable, Cause::kIcmp6PolicyFail,
    Cause::kIcmp6RejectRoute,
};

Cause ByCode(absl::Span<const Cause> causes, uint8_t code) {
  return code < causes.size() ? causes[code] : Cause::kNone;
}

Cause CauseOf(const IcmpMessage& message) {
  // A timed-out reassembly (code 1 of time exceeded) says nothing about the path; fragments are not
  // modelled.
  if (message.v6) {
    switch (message.type) {
      case icmp6::kUnreachable:
        return ByCode(kUnreachable6, message.code);
      case icmp6::kPacketTooBig:
        return Cause::kIcmpFragmentationNeeded;
      case icmp6::kTimeExceeded:
        return message.code == 0 ? Cause::kIcmp6TimeExceeded : Cause::kNone;
      case icmp6::kParameterProblem:
        return Cause::kIcmp6ParameterProblem;
    }
    return Cause::kNone;
  }
  switch (message.type) {
    case icmp4::kUnreachable:
      return ByCode(kUnreachable4, message.code);
    case icmp4::kTimeExceeded:
      return message.code == 0 ? Cause::kIcmpTimeExceeded : Cause::kNone;
    case icmp4::kParameterProblem:
      return Cause::kIcmpParameterProblem;
  }
  return Cause::kNone;
}

}  // namespace

std::optional<IcmpVerdict> JudgeIcmp(const IcmpMessage& message) {
  const Cause cause = CauseOf(message);
  if (cause == Cause::kNone) return std::nullopt;
  return IcmpVerdict{cause, message.quoted,
                     cause == Cause::kIcmpFragmentationNeeded ? message.rest : 0};
}

uint32_t PlateauBelow(uint32_t length) {
  for (uint32_t plateau : {65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296}) {
    if (plateau < length) return plateau;
  }
  return 68;
}

}  // namespace drywire
