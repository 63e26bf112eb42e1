#include "sim/core/fiber.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace drywire {
namespace {

// A fiber whose body is a lambda.
struct Body {
  Body(StackPool* pool, std::string name, std::function<void(Fiber&)> f, size_t stack_size = 0)
      : function(std::move(f)), fiber(pool, std::move(name), Enter, this, stack_size) {}
  static void Enter(void* context) {
    auto* body = static_cast<Body*>(context);
    body->function(body->fiber);
  }
  std::function<void(Fiber&)> function;
  Fiber fiber;
};

TEST(FiberTest, AlternatesWithItsResumer) {
  StackPool pool;
  std::string log;
  Body body(&pool, "a", [&](Fiber& f) {
    log += "1";
    f.Suspend();
    log += "2";
    f.Suspend();
    log += "3";
  });
  EXPECT_FALSE(body.fiber.started());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(body.fiber.done());
    body.fiber.Resume();
    log += "-";
  }
  EXPECT_TRUE(body.fiber.done());
  EXPECT_EQ(log, "1-2-3-");
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(FiberTest, StacksAreReused) {
  StackPool pool(64 * 1024);
  for (int i = 0; i < 1000; ++i) {
    Body a(&pool, "a", [](Fiber& f) { f.Suspend(); });
    Body b(&pool, "b", [](Fiber& f) { f.Suspend(); });
    a.fiber.Resume();
    b.fiber.Resume();
    EXPECT_EQ(pool.in_use(), 2u);
    a.fiber.Resume();
    b.fiber.Resume();
  }
  EXPECT_EQ(pool.mapped(), 2u);
}

TEST(FiberTest, ManyAtOnce) {
  StackPool pool(64 * 1024);
  std::vector<std::unique_ptr<Body>> bodies;
  int sum = 0;
  for (int i = 0; i < 2000; ++i) {
    bodies.push_back(std::make_unique<Body>(&pool, "f", [&sum, i](Fiber& f) {
      const int mine = i;
      f.Suspend();
      sum += mine;
    }));
    bodies.back()->fiber.Resume();
  }
  for (auto& body : bodies) body->fiber.Resume();
  EXPECT_EQ(sum, 1999 * 1000);
}

TEST(FiberTest, OtherStackSizes) {
  StackPool pool(64 * 1024);
  Body large(
      &pool, "large",
      [](Fiber& f) {
        volatile char space[600 * 1024];
        space[0] = 1;
        space[sizeof(space) - 1] = space[0];
        EXPECT_LT(f.StackLeft(), 450u * 1024);
      },
      1024 * 1024);
  large.fiber.Resume();
  EXPECT_TRUE(large.fiber.done());
}

TEST(FiberTest, ErrnoBelongsToTheFiber) {
  StackPool pool;
  errno = 7;
  Body a(&pool, "a", [](Fiber& f) {
    EXPECT_EQ(errno, 0);
    errno = ECONNREFUSED;
    f.Suspend();
    EXPECT_EQ(errno, ECONNREFUSED);
  });
  Body b(&pool, "b", [](Fiber& f) {
    EXPECT_EQ(errno, 0);
    errno = ETIMEDOUT;
    f.Suspend();
    EXPECT_EQ(errno, ETIMEDOUT);
  });
  a.fiber.Resume();
  EXPECT_EQ(errno, 7);
  b.fiber.Resume();
  errno = 8;
  a.fiber.Resume();
  b.fiber.Resume();
  EXPECT_EQ(errno, 8);
}

// Two fibers, each suspended inside a catch block while the other throws and catches.
TEST(FiberTest, ExceptionStateBelongsToTheFiber) {
  StackPool pool;
  const auto body = [](int id) {
    return [id](Fiber& f) {
      for (int i = 0; i < 3; ++i) {
        try {
          throw id * 10 + i;
        } catch (int thrown) {
          f.Suspend();
          EXPECT_EQ(thrown, id * 10 + i);
          try {
            throw;
          } catch (int again) {
            EXPECT_EQ(again, id * 10 + i);
            f.Suspend();
          }
        }
        EXPECT_EQ(std::uncaught_exceptions(), 0);
      }
    };
  };
  Body a(&pool, "a", body(1)), b(&pool, "b", body(2));
  while (!a.fiber.done()) {
    a.fiber.Resume();
    if (!b.fiber.done()) b.fiber.Resume();
    EXPECT_EQ(std::current_exception(), nullptr);
  }
  while (!b.fiber.done()) b.fiber.Resume();
}

TEST(FiberTest, UnwindRunsDestructors) {
  StackPool pool;
  std::string log;
  struct Guard {
    ~Guard() { *log += name; }
    std::string* log;
    char name;
  };
  Body body(&pool, "a", [&](Fiber& f) {
    Guard a{&log, 'a'};
    try {
      Guard b{&log, 'b'};
      f.Suspend();
      log += "never";
    } catch (const std::exception&) {
      log += "never";
    } catch (...) {
      log += '.';
      throw;
    }
  });
  body.fiber.Resume();
  body.fiber.Unwind();
  EXPECT_TRUE(body.fiber.done());
  EXPECT_TRUE(body.fiber.unwinding());
  EXPECT_EQ(log, "b.a");
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(FiberTest, UnwindBeforeTheStartRunsNothing) {
  StackPool pool;
  bool ran = false;
  Body body(&pool, "a", [&](Fiber&) { ran = true; });
  body.fiber.Unwind();
  EXPECT_TRUE(body.fiber.done());
  EXPECT_FALSE(ran);
}

TEST(FiberTest, ExitUnwindsFromInside) {
  StackPool pool;
  bool after = false;
  Body body(&pool, "a", [&](Fiber& f) {
    f.Exit();
    after = true;
  });
  body.fiber.Resume();
  EXPECT_TRUE(body.fiber.done());
  EXPECT_FALSE(after);
}

struct Note {
  ~Note() { *log += name; }
  std::string* log;
  char name;
};

// Runs `body` up to its first Suspend and kills it there.
void KillSuspended(std::function<void(Fiber&)> body) {
  StackPool pool;
  Body killed(&pool, "killed", std::move(body));
  killed.fiber.Resume();
  EXPECT_FALSE(killed.fiber.done());
  killed.fiber.Unwind();
  EXPECT_TRUE(killed.fiber.done());
  EXPECT_TRUE(killed.fiber.abandoned());
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  EXPECT_EQ(std::current_exception(), nullptr);
  // Others go on, and can be killed and unwound.
  std::string log;
  Body next(&pool, "next", [&log](Fiber& f) {
    const Note note{&log, 'n'};
    f.Suspend();
  });
  next.fiber.Resume();
  next.fiber.Unwind();
  EXPECT_TRUE(next.fiber.done());
  EXPECT_FALSE(next.fiber.abandoned());
  EXPECT_EQ(log, "n");
}

TEST(FiberTest, IsAbandonedAtANoexceptFunction) {
  std::string log;
  KillSuspended([&log](Fiber& f) {
    const Note outer{&log, 'o'};
    const std::string on_the_heap(100, 'h');
    [&]() noexcept { f.Suspend(); }();
    log += on_the_heap;
  });
  EXPECT_EQ(log, "");
}

TEST(FiberTest, IsAbandonedInADestructor) {
  struct Closer {
    ~Closer() { fiber->Suspend(); }
    Fiber* fiber;
    std::string text = std::string(100, 't');
  };
  std::string log;
  KillSuspended([&log](Fiber& f) {
    const Note outer{&log, 'o'};
    const Closer closer{&f};
  });
  EXPECT_EQ(log, "");
}

// An exception is on its way already when the fiber is killed.
TEST(FiberTest, IsAbandonedWhileAnExceptionIsThrown) {
  struct Closer {
    ~Closer() { fiber->Suspend(); }
    Fiber* fiber;
  };
  std::string log;
  KillSuspended([&log](Fiber& f) {
    try {
      const Closer closer{&f};
      throw std::runtime_error("lost with its fiber");
    } catch (const std::exception&) {
      log += "never";
    }
  });
  EXPECT_EQ(log, "");
}

TEST(FiberTest, IsAbandonedWhereItsUnwindingIsSwallowed) {
  std::string log;
  KillSuspended([&log](Fiber& f) {
    const Note outer{&log, 'o'};
    try {
      const Note inner{&log, 'i'};
      f.Suspend();
    } catch (...) {
      log += '.';
    }
    log += "never";
  });
  EXPECT_EQ(log, "i.");
}

TEST(FiberTest, ItsUnwindingMayBeKept) {
  StackPool pool;
  std::exception_ptr kept;
  Body body(&pool, "keeper", [&](Fiber& f) {
    try {
      f.Suspend();
    } catch (...) {
      kept = std::current_exception();
    }
  });
  body.fiber.Resume();
  body.fiber.Unwind();
  EXPECT_TRUE(body.fiber.done());
  EXPECT_FALSE(body.fiber.abandoned());
  EXPECT_NE(kept, nullptr);
}

// Death tests fork, so each builds its fibers inside the statement that dies.
TEST(FiberDeathTest, TerminateIsStillTheEndOfTheProgram) {
  const auto terminate = [] {
    StackPool pool;
    Body victim(&pool, "victim", [](Fiber& f) { [&]() noexcept { f.Suspend(); }(); });
    victim.fiber.Resume();
    victim.fiber.Unwind();
    [](const std::function<void()>& f) noexcept { f(); }([] { throw 5; });
  };
  EXPECT_DEATH(terminate(), "terminate called after throwing an instance of 'int'");
  const auto in_a_fiber = [] {
    StackPool pool;
    Body body(&pool, "a", [](Fiber&) { std::terminate(); });
    body.fiber.Resume();
  };
  EXPECT_DEATH(in_a_fiber(), "terminate called");
}

TEST(FiberDeathTest, ExceptionsMustNotLeaveTheBody) {
  const auto leave = [](std::function<void(Fiber&)> function) {
    StackPool pool;
    Body body(&pool, "thrower", std::move(function));
    body.fiber.Resume();
  };
  EXPECT_DEATH(leave([](Fiber&) { throw std::runtime_error("no route"); }),
               "fiber 'thrower' ended by an exception nobody caught: std::runtime_error: no route");
  EXPECT_DEATH(leave([](Fiber&) { throw 5; }), "nobody caught: int");
}

TEST(FiberDeathTest, MisuseIsFound) {
  StackPool pool;
  Body body(&pool, "a", [](Fiber&) {});
  body.fiber.Resume();
  EXPECT_DEATH(body.fiber.Resume(), "fiber 'a' has ended");
  const auto forget = [] {
    StackPool pool;
    Body body(&pool, "lost", [](Fiber& f) { f.Suspend(); });
    body.fiber.Resume();
  };
  EXPECT_DEATH(forget(), "fiber 'lost' destroyed while suspended");
}

// Deep recursion that no compiler turns into a loop.
int Recurse(volatile char* above, int depth) {
  volatile char frame[1024];
  frame[0] = above[0];
  const int below = depth == 0 ? 0 : Recurse(frame, depth - 1);
  return below + frame[0];
}

TEST(FiberDeathTest, StackOverflowNamesTheFiber) {
  const auto overflow = [] {
    StackPool pool(64 * 1024);
    Body other(&pool, "innocent", [](Fiber& f) { f.Suspend(); });
    Body body(&pool, "deep", [](Fiber&) {
      volatile char start[1] = {0};
      Recurse(start, 1'000'000);
    });
    other.fiber.Resume();
    body.fiber.Resume();
  };
  EXPECT_DEATH(overflow(), "stack overflow in fiber 'deep': its 64 KiB are used up");
}

TEST(FiberDeathTest, OtherFaultsAreLeftAlone) {
  const auto fault = [] {
    StackPool pool;
    Body body(&pool, "a", [](Fiber&) { raise(SIGSEGV); });
    body.fiber.Resume();
    raise(SIGSEGV);
  };
  // Dies of the signal (or of the sanitizer's report of it).
  EXPECT_DEATH(fault(), "");
}

}  // namespace
}  // namespace drywire
