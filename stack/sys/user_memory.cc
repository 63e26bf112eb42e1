#include "stack/sys/user_memory.h"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

extern "C" {
// Addresses of the guarded instructions: [begin, end) may fault, and then execution goes on at end.
extern const char drywire_guard_copy_begin[] __attribute__((visibility("hidden")));
extern const char drywire_guard_copy_end[] __attribute__((visibility("hidden")));
// Returns how many of `size` bytes were not copied.
size_t drywire_guard_copy(void* to, const void* from, size_t size);
}

#if defined(__x86_64__)
asm(R"(
  .pushsection .text
  .globl drywire_guard_copy
  .hidden drywire_guard_copy
  .hidden drywire_guard_copy_begin
  .hidden drywire_guard_copy_end
  .globl drywire_guard_copy_begin
  .globl drywire_guard_copy_end
  .type drywire_guard_copy, @function
drywire_guard_copy:
  .cfi_startproc
  movq %rdx, %rcx
drywire_guard_copy_begin:
  rep movsb
drywire_guard_copy_end:
  movq %rcx, %rax
  ret
  .cfi_endproc
  .size drywire_guard_copy, .-drywire_guard_copy
  .popsection
)");
#elif defined(__aarch64__)
asm(R"(
  .pushsection .text
  .globl drywire_guard_copy
  .hidden drywire_guard_copy
  .hidden drywire_guard_copy_begin
  .hidden drywire_guard_copy_end
  .globl drywire_guard_copy_begin
  .globl drywire_guard_copy_end
  .type drywire_guard_copy, %function
drywire_guard_copy:
  .cfi_startproc
  cbz x2, drywire_guard_copy_end
drywire_guard_copy_begin:
  ldrb w3, [x1]
  strb w3, [x0]
  add x1, x1, #1
  add x0, x0, #1
  subs x2, x2, #1
  b.ne drywire_guard_copy_begin
drywire_guard_copy_end:
  mov x0, x2
  ret
  .cfi_endproc
  .size drywire_guard_copy, .-drywire_guard_copy
  .popsection
)");
#else
#error "guarded copies are written for x86-64 and AArch64 only"
#endif

namespace drywire {
namespace {

constexpr uintptr_t kPageSize = 4096;  // The smallest of any supported machine.

struct sigaction previous_segv;
struct sigaction previous_bus;

#if defined(__x86_64__)
greg_t& ProgramCounter(mcontext_t& machine) { return machine.gregs[REG_RIP]; }
#else
auto& ProgramCounter(mcontext_t& machine) { return machine.pc; }
#endif

void OnFault(int signal, siginfo_t* info, void* context) {
  auto& pc = ProgramCounter(static_cast<ucontext_t*>(context)->uc_mcontext);
  using Register = std::remove_reference_t<decltype(pc)>;
  const auto at = static_cast<uintptr_t>(pc);
  if (at >= reinterpret_cast<uintptr_t>(drywire_guard_copy_begin) &&
      at < reinterpret_cast<uintptr_t>(drywire_guard_copy_end)) {
    pc = static_cast<Register>(reinterpret_cast<uintptr_t>(drywire_guard_copy_end));
    return;
  }
  const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // The instruction faults again, without us.
    ::sigaction(signal, &previous, nullptr);
  }
}

bool InstallHandlers() {
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  // On the alternate stack, because the fault may be a stack overflow that the handler before us
  // reports. NODEFER, because leaving by longjmp or a second fault are that handler's business.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  return ::sigaction(SIGSEGV, &action, &previous_segv) == 0 &&
         ::sigaction(SIGBUS, &action, &previous_bus) == 0;
}

size_t NotCopied(void* to, const void* from, size_t size) {
  static const bool installed = InstallHandlers();
  return installed ? drywire_guard_copy(to, from, size) : size;
}

// Calls touch(address) for one byte of each page of the range until it says no.
template <typename Touch>
size_t Prefix(uintptr_t start, size_t size, Touch touch) {
  if (size == 0) return 0;
  const uintptr_t end = start + size < start ? UINTPTR_MAX : start + size;
  for (uintptr_t at = start; at < end; at = (at / kPageSize + 1) * kPageSize) {
    if (!touch(at)) return at - start;
    if (at / kPageSize == (end - 1) / kPageSize) break;
  }
  return size;
}

template <typename PrefixOf>
size_t SumOfPrefixes(absl::Span<const File::Buffer> buffers, PrefixOf prefix_of) {
  size_t total = 0;
  for (const File::Buffer& buffer : buffers) {
    const size_t prefix = prefix_of(buffer.data, buffer.size);
    total += prefix;
    if (prefix < buffer.size) break;
  }
  return total;
}

}  // namespace

bool CopyFromUser(void* to, const void* user, size_t size) {
  return size == 0 || NotCopied(to, user, size) == 0;
}

bool CopyToUser(void* user, const void* from, size_t size) {
  return size == 0 || NotCopied(user, from, size) == 0;
}

StringCopy CopyStringFromUser(std::string* to, const char* user, size_t limit) {
  to->clear();
  char piece[256];
  while (to->size() < limit) {
    // Never beyond the page, which may be the last one.
    const uintptr_t at = reinterpret_cast<uintptr_t>(user) + to->size();
    const size_t size = std::min({sizeof piece, kPageSize - at % kPageSize, limit - to->size()});
    if (!CopyFromUser(piece, reinterpret_cast<const void*>(at), size)) return StringCopy::kFault;
    const void* const end = std::memchr(piece, 0, size);
    if (end != nullptr) {
      to->append(piece, static_cast<size_t>(static_cast<const char*>(end) - piece));
      return StringCopy::kDone;
    }
    to->append(piece, size);
  }
  return StringCopy::kTooLong;
}

size_t ReadablePrefix(const void* user, size_t size) {
  return Prefix(reinterpret_cast<uintptr_t>(user), size, [](uintptr_t at) {
    char byte;
    return NotCopied(&byte, reinterpret_cast<const void*>(at), 1) == 0;
  });
}

size_t WritablePrefix(void* user, size_t size) {
  return Prefix(reinterpret_cast<uintptr_t>(user), size, [](uintptr_t at) {
    // Writes the byte that is there.
    return NotCopied(reinterpret_cast<void*>(at), reinterpret_cast<const void*>(at), 1) == 0;
  });
}

size_t ReadablePrefix(absl::Span<const File::Buffer> buffers) {
  return SumOfPrefixes(buffers,
                       [](const void* data, size_t size) { return ReadablePrefix(data, size); });
}

size_t WritablePrefix(absl::Span<const File::Buffer> buffers) {
  return SumOfPrefixes(buffers, [](void* data, size_t size) { return WritablePrefix(data, size); });
}

}  // namespace drywire
