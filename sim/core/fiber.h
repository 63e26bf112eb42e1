// Stackful fibers: code that blocks, on a stack of its own, in one thread.
//
// On Boost.Context's fcontext (a few nanoseconds a switch). Each fiber has its own errno and C++
// exception state. Stacks are mapped, pooled and guarded: running over the end stops the process
// with a message that names the fiber and says how to give it more. Any exception that leaves the
// fiber's body is a fatal error. AddressSanitizer is told of each switch.
//
// A killed fiber is unwound: FiberUnwind is thrown where it is suspended, so that destructors run.
// Not all code can be unwound. Where std::terminate would be next (a noexcept function or
// destructor, a C function without unwind tables) and where a catch (...) ends without rethrowing,
// the fiber is abandoned: it stops there for good, as a process does that a real kernel kills. What
// its remaining frames own is lost; their locks stay locked. AddressSanitizer builds keep the stack
// of an abandoned fiber, so that LeakSanitizer finds what it refers to.
//
// Left out: moving a fiber between threads.
#ifndef DRYWIRE_SIM_CORE_FIBER_H_
#define DRYWIRE_SIM_CORE_FIBER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define DRYWIRE_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRYWIRE_FIBER_ASAN 1
#endif
#endif

namespace drywire {

class Fiber;

// Enough for libcurl, which wants about 128 KiB. AddressSanitizer makes frames several times
// larger.
#ifdef DRYWIRE_FIBER_ASAN
inline constexpr size_t kDefaultStackSize = 1024 * 1024;
#else
inline constexpr size_t kDefaultStackSize = 256 * 1024;
#endif

namespace fiber_internal {
struct StackRecord;
}

// Hands out stacks and takes them back. Not thread-safe; fibers must not outlive it.
class StackPool {
 public:
  // `stack_size` is the usable size of each stack in bytes, rounded up to whole pages.
  explicit StackPool(size_t stack_size = kDefaultStackSize);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  size_t stack_size() const { return stack_size_; }
  size_t in_use() const { return in_use_; }
  size_t mapped() const { return mapped_; }

 private:
  friend class Fiber;
  // `size` 0 means the pool's own.
  fiber_internal::StackRecord* Acquire(const char* name, size_t size);
  void Release(fiber_internal::StackRecord* stack);
  // Of a fiber that was abandoned: its frames are as they were.
  void ReleaseAbandoned(fiber_internal::StackRecord* stack);

  size_t stack_size_;
  size_t in_use_ = 0;
  size_t mapped_ = 0;
  std::vector<fiber_internal::StackRecord*> free_;   // Of the pool's own size.
  std::vector<fiber_internal::StackRecord*> other_;  // Of other sizes, free.
};

// Thrown to unwind a killed fiber. Catch it only to rethrow it: its end is the fiber's.
class FiberUnwind {
 public:
  FiberUnwind(FiberUnwind&& other) noexcept;
  FiberUnwind& operator=(FiberUnwind&&) = delete;
  ~FiberUnwind();

 private:
  friend class Fiber;
  explicit FiberUnwind(Fiber* fiber);
  Fiber* fiber_;  // Null: the fiber has ended.
};

class Fiber {
 public:
  using Entry = void (*)(void* context);

  // `name` is for messages and is copied. `stack_size` 0 means the pool's. Runs nothing yet.
  Fiber(StackPool* pool, std::string name, Entry entry, void* context, size_t stack_size = 0);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  // Must be done or never resumed.
  ~Fiber();

  // From outside any fiber: runs this one until it suspends or ends.
  void Resume();
  // From inside this fiber: goes back to whoever resumed it. Throws FiberUnwind when it is resumed
  // by Unwind.
  void Suspend();
  // From outside: ends the fiber. If it is suspended its stack is unwound first, as far as it can
  // be (it may still suspend while its destructors run; then done() is false and Resume carries
  // on). If it never ran it does not run at all.
  void Unwind();
  // From inside: unwinds this fiber now.
  [[noreturn]] void Exit();

  bool done() const { return done_; }
  bool started() const { return started_; }
  bool unwinding() const { return unwinding_; }
  // Whether it ended before all of its frames did.
  bool abandoned() const { return abandoned_; }
  const std::string& name() const { return name_; }
  // Bytes between the present stack pointer and the stack's end. From inside this fiber.
  size_t StackLeft() const;

 private:
  friend class FiberUnwind;
  // The part of the C++ runtime's state that belongs to a flow of control (Itanium C++ ABI 2.2.2).
  struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };
  struct Trampoline;

  static void OnTerminate();
  static void InstallTerminateHandler();
  void Run();
  void SwitchIn();
  // The last switch away from this fiber.
  [[noreturn]] void Leave();
  // From inside: ends this fiber here and now.
  [[noreturn]] void Abandon();

  StackPool* pool_;
  std::string name_;
  Entry entry_;
  void* context_;
  fiber_internal::StackRecord* stack_ = nullptr;
  void* self_ = nullptr;   // Where to continue this fiber.
  void* other_ = nullptr;  // Where to continue whoever resumed it.
  int errno_ = 0;
  ExceptionState exceptions_;
  bool started_ = false;
  bool running_ = false;
  bool done_ = false;
  bool kill_ = false;       // Unwinding was asked for and not yet begun.
  bool unwinding_ = false;  // FiberUnwind was thrown.
  bool abandoned_ = false;
  FiberUnwind* unwind_ = nullptr;  // While it exists.
  size_t stack_size_;
  // AddressSanitizer's view of the two stacks.
  void* fake_stack_ = nullptr;
  const void* other_bottom_ = nullptr;
  size_t other_size_ = 0;
};

}  // namespace drywire

#endif  // DRYWIRE_SIM_CORE_FIBER_H_
