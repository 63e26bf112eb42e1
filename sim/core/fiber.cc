#include "sim/core/fiber.h"

#include <cxxabi.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <utility>

#include "sim/core/check.h"

#ifdef DRYWIRE_FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace drywire {

namespace context = boost::context::detail;

namespace fiber_internal {

// One mapped stack. Records are never freed, so that the signal handler can walk them at any
// moment.
struct StackRecord {
  char* low = nullptr;  // Of the usable part; the guard lies below.
  size_t size = 0;      // Of the usable part; 0: not mapped at present.
  std::atomic<const char*> name{nullptr};
  StackRecord* next = nullptr;  // In the list of all records.
};

}  // namespace fiber_internal

using fiber_internal::StackRecord;

namespace {

// Larger than a page, because a frame with large arrays steps over a small guard.
constexpr size_t kGuardSize = 64 * 1024;

std::atomic<StackRecord*> g_records{nullptr};  // Only ever grows; for the signal handler.
std::mutex g_spare_mutex;
std::vector<StackRecord*>& SpareRecords() {
  static auto* const spare = new std::vector<StackRecord*>;
  return *spare;
}

// The system call itself: write() may be simulated for the code that ran over its stack.
void WriteText(const char* text) { syscall(SYS_write, STDERR_FILENO, text, strlen(text)); }

void WriteNumber(size_t n) {
  char digits[24];
  char* at = digits + sizeof(digits);
  *--at = '\0';
  do {
    *--at = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  WriteText(at);
}

struct sigaction g_segv_before;

// Async-signal-safe: says which fiber ran over its stack, then lets the handler before have its
// turn.
void OnSegv(int signal, siginfo_t* info, void* machine) {
  const char* const address = static_cast<const char*>(info->si_addr);
  for (const StackRecord* r = g_records.load(); r != nullptr; r = r->next) {
    if (r->size == 0 || address >= r->low || address < r->low - kGuardSize) continue;
    const char* const name = r->name.load();
    WriteText("drywire: stack overflow in fiber '");
    WriteText(name == nullptr ? "?" : name);
    WriteText("': its ");
    WriteNumber(r->size / 1024);
    WriteText(
        " KiB are used up. Give it more with TaskOptions::stack_size, or all of them with "
        "SchedulerOptions::stack_size.\n");
    break;
  }
  if ((g_segv_before.sa_flags & SA_SIGINFO) != 0 && g_segv_before.sa_sigaction != nullptr) {
    g_segv_before.sa_sigaction(signal, info, machine);
    return;
  }
  if (g_segv_before.sa_handler != SIG_DFL && g_segv_before.sa_handler != SIG_IGN) {
    g_segv_before.sa_handler(signal);
    return;
  }
  // Returning with the default action in place lets the same instruction fault again.
  // The kernel's struct, all zero: sigaction() may be simulated, too.
  const uint64_t default_action[4] = {};
  syscall(SYS_rt_sigaction, signal, default_action, nullptr, sizeof(uint64_t));
}

// The stack that signal handlers of this thread run on, as the fiber's own is used up.
class AlternateStack {
 public:
  AlternateStack() {
    stack_t present = {};
    if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    memory_ = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    DRYWIRE_CHECK(memory_ != MAP_FAILED) << "mmap: " << strerror(errno);
    stack_t mine = {};
    mine.ss_sp = memory_;
    mine.ss_size = kSize;
    sigaltstack(&mine, nullptr);
  }
  ~AlternateStack() {
    if (memory_ == nullptr) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    munmap(memory_, kSize);
  }

 private:
  static constexpr size_t kSize = 64 * 1024;
  void* memory_ = nullptr;
};

void InstallOverflowHandler() {
  thread_local const AlternateStack stack;  // Belongs to the thread, not to a simulation.
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_sigaction = OnSegv;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGSEGV, &action, &g_segv_before) == 0;
  }();
  (void)installed;
}

size_t RoundToPages(size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

StackRecord* MapStack(size_t size) {
  void* const memory = mmap(nullptr, kGuardSize + size, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  DRYWIRE_CHECK(memory != MAP_FAILED)
      << "no memory for a stack of " << size << " bytes: " << strerror(errno);
  char* const low = static_cast<char*>(memory) + kGuardSize;
  DRYWIRE_CHECK(mprotect(low, size, PROT_READ | PROT_WRITE) == 0)
      << "no memory for a stack of " << size << " bytes: " << strerror(errno)
      << " (each takes two of vm.max_map_count mappings)";
  StackRecord* record = nullptr;
  const std::lock_guard<std::mutex> lock(g_spare_mutex);
  if (!SpareRecords().empty()) {
    record = SpareRecords().back();
    SpareRecords().pop_back();
  } else {
    record = new StackRecord;
    record->next = g_records.load();
    g_records.store(record);
  }
  record->low = low;
  record->size = size;
  return record;
}

void UnmapStack(StackRecord* record) {
#ifdef DRYWIRE_FIBER_ASAN
  __asan_unpoison_memory_region(record->low, record->size);
#endif
  munmap(record->low - kGuardSize, kGuardSize + record->size);
  record->size = 0;
  const std::lock_guard<std::mutex> lock(g_spare_mutex);
  SpareRecords().push_back(record);
}

std::string DemangledName(const std::type_info* type) {
  if (type == nullptr) return "unknown type";
  int status = 0;
  char* const name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string text = status == 0 ? name : type->name();
  std::free(name);
  return text;
}

}  // namespace

// --- StackPool ---

StackPool::StackPool(size_t stack_size) : stack_size_(RoundToPages(stack_size)) {
  InstallOverflowHandler();
}

StackPool::~StackPool() {
  DRYWIRE_CHECK(in_use_ == 0) << in_use_ << " fibers outlive their stack pool";
  for (StackRecord* stack : free_) UnmapStack(stack);
  for (StackRecord* stack : other_) UnmapStack(stack);
}

StackRecord* StackPool::Acquire(const char* name, size_t size) {
  size = size == 0 ? stack_size_ : RoundToPages(size);
  StackRecord* stack = nullptr;
  if (size == stack_size_) {
    if (!free_.empty()) {
      stack = free_.back();
      free_.pop_back();
    }
  } else {
    for (auto it = other_.begin(); it != other_.end() && stack == nullptr; ++it) {
      if ((*it)->size != size) continue;
      stack = *it;
      other_.erase(it);
      break;
    }
  }
  if (stack == nullptr) {
    stack = MapStack(size);
    ++mapped_;
  }
  stack->name.store(name);
  ++in_use_;
  return stack;
}

void StackPool::Release(StackRecord* stack) {
  stack->name.store(nullptr);
#ifdef DRYWIRE_FIBER_ASAN
  __asan_unpoison_memory_region(stack->low, stack->size);
#endif
  --in_use_;
  (stack->size == stack_size_ ? free_ : other_).push_back(stack);
}

void StackPool::ReleaseAbandoned(StackRecord* stack) {
#ifdef DRYWIRE_FIBER_ASAN
  // Never used again, and what its frames refer to is no leak.
  __lsan_register_root_region(stack->low, stack->size);
  stack->name.store(nullptr);
  --in_use_;
#else
  Release(stack);
#endif
}

// --- FiberUnwind ---

FiberUnwind::FiberUnwind(Fiber* fiber) : fiber_(fiber) { fiber->unwind_ = this; }

FiberUnwind::FiberUnwind(FiberUnwind&& other) noexcept : fiber_(other.fiber_) {
  other.fiber_ = nullptr;
  if (fiber_ != nullptr) fiber_->unwind_ = this;
}

// The exception object dies with its fiber, or because somebody else caught it. In the latter case
// this is the last that the fiber does.
FiberUnwind::~FiberUnwind() {
  if (fiber_ == nullptr) return;
  fiber_->unwind_ = nullptr;
  if (fiber_->running_) fiber_->Abandon();
}

// --- Fiber ---

// The first frame on a fiber's stack.
struct Fiber::Trampoline {
  static void Enter(context::transfer_t from) {
    auto* const fiber = static_cast<Fiber*>(from.data);
    fiber->other_ = from.fctx;
#ifdef DRYWIRE_FIBER_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &fiber->other_bottom_, &fiber->other_size_);
#endif
    fiber->Run();
    fiber->Leave();
  }
};

namespace {

// The fiber that runs in this thread, if it is being unwound. Unwinding belongs to the C++
// runtime, whose handler is not told whose it is.
thread_local Fiber* unwinding_here = nullptr;
std::atomic<std::terminate_handler> terminate_before{nullptr};

}  // namespace

// A program may install a handler of its own at any time, so this is called for each unwinding.
void Fiber::InstallTerminateHandler() {
  if (std::get_terminate() == OnTerminate) return;
  terminate_before.store(std::set_terminate(OnTerminate));
}

void Fiber::OnTerminate() {
  if (unwinding_here != nullptr) unwinding_here->Abandon();
  // The handler before may call this one again.
  const std::terminate_handler before = terminate_before.exchange(nullptr);
  if (before != nullptr) before();
  std::abort();
}

Fiber::Fiber(StackPool* pool, std::string name, Entry entry, void* context, size_t stack_size)
    : pool_(pool),
      name_(std::move(name)),
      entry_(entry),
      context_(context),
      stack_size_(stack_size) {}

Fiber::~Fiber() {
  DRYWIRE_CHECK(done_ || !started_) << "fiber '" << name_ << "' destroyed while suspended";
}

void Fiber::Run() {
  try {
    entry_(context_);
  } catch (FiberUnwind& unwind) {
    unwind.fiber_ = nullptr;
    unwind_ = nullptr;
  } catch (const std::exception& e) {
    DRYWIRE_FATAL() << "fiber '" << name_ << "' ended by an exception nobody caught: "
                    << DemangledName(abi::__cxa_current_exception_type()) << ": " << e.what();
  } catch (...) {
    DRYWIRE_FATAL() << "fiber '" << name_ << "' ended by an exception nobody caught: "
                    << DemangledName(abi::__cxa_current_exception_type());
  }
}

void Fiber::Leave() {
  done_ = true;
  // Somebody may have kept it, in a std::exception_ptr.
  if (unwind_ != nullptr) unwind_->fiber_ = nullptr;
#ifdef DRYWIRE_FIBER_ASAN
  // Null: this stack is not coming back.
  __sanitizer_start_switch_fiber(nullptr, other_bottom_, other_size_);
#endif
  context::jump_fcontext(other_, nullptr);
  DRYWIRE_FATAL() << "a fiber that ended was resumed";
  std::abort();
}

void Fiber::Abandon() {
  DRYWIRE_DCHECK(running_ && unwinding_);
  abandoned_ = true;
  Leave();
}

// errno and the exception state belong to the flow of control, so they change hands here, for both
// ways.
void Fiber::SwitchIn() {
  DRYWIRE_DCHECK(!running_ && !done_);
  // Where the thread's own are: asked for once, because both are calls into a shared library.
  thread_local auto* const globals = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  thread_local int* const error = &errno;
  ExceptionState* const exceptions_here = globals;
  int* const errno_here = error;
  const ExceptionState exceptions_outside = *exceptions_here;
  const int errno_outside = *errno_here;
  *exceptions_here = exceptions_;
  *errno_here = errno_;
  running_ = true;
  unwinding_here = unwinding_ ? this : nullptr;
#ifdef DRYWIRE_FIBER_ASAN
  void* fake_stack_outside = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack_outside, stack_->low, stack_->size);
#endif
  const context::transfer_t back = context::jump_fcontext(self_, this);
#ifdef DRYWIRE_FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_outside, nullptr, nullptr);
#endif
  self_ = back.fctx;
  running_ = false;
  unwinding_here = nullptr;
  exceptions_ = *exceptions_here;
  errno_ = *errno_here;
  *exceptions_here = exceptions_outside;
  *errno_here = errno_outside;
  if (!done_) return;
  if (abandoned_) {
    pool_->ReleaseAbandoned(stack_);
  } else {
    pool_->Release(stack_);
  }
  stack_ = nullptr;
}

void Fiber::Resume() {
  DRYWIRE_CHECK(!done_) << "fiber '" << name_ << "' has ended";
  if (!started_) {
    started_ = true;
    stack_ = pool_->Acquire(name_.c_str(), stack_size_);
    self_ = context::make_fcontext(stack_->low + stack_->size, stack_->size, Trampoline::Enter);
  }
  SwitchIn();
}

void Fiber::Suspend() {
  DRYWIRE_DCHECK(running_);
#ifdef DRYWIRE_FIBER_ASAN
  __sanitizer_start_switch_fiber(&fake_stack_, other_bottom_, other_size_);
#endif
  const context::transfer_t back = context::jump_fcontext(other_, nullptr);
#ifdef DRYWIRE_FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &other_bottom_, &other_size_);
#endif
  other_ = back.fctx;
  if (kill_) {
    kill_ = false;
    Exit();
  }
}

void Fiber::Unwind() {
  if (done_) return;
  if (!started_) {
    done_ = true;
    return;
  }
  kill_ = !unwinding_;
  SwitchIn();
}

void Fiber::Exit() {
  DRYWIRE_DCHECK(running_ && !unwinding_);
  unwinding_ = true;
  unwinding_here = this;
  InstallTerminateHandler();
  throw FiberUnwind(this);
}

size_t Fiber::StackLeft() const {
  return static_cast<size_t>(static_cast<char*>(__builtin_frame_address(0)) - stack_->low);
}

}  // namespace drywire
