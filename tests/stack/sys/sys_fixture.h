// One host, one process, and calls made from a fiber: for tests of the system call layer alone.
#ifndef DRYWIRE_TESTS_STACK_SYS_SYS_FIXTURE_H_
#define DRYWIRE_TESTS_STACK_SYS_SYS_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "sim/core/scheduler.h"
#include "sim/core/trace.h"
#include "stack/host/host.h"
#include "stack/host/process.h"
#include "stack/personality/errno_rules.h"
#include "stack/personality/profile.h"
#include "stack/sys/pass_through.h"
#include "stack/sys/sys_environment.h"
#include "stack/sys/syscalls.h"
#include "stack/wire/packet.h"

namespace drywire {

class SysFixture {
 public:
  enum class System { kLinux, kFreeBsd };

  explicit SysFixture(System system = System::kLinux, StreamSocketFactory factory = nullptr)
      : scheduler_(nullptr, &trace_) {
    Host::Environment environment;
    environment.id = 1;
    environment.name = "host";
    environment.seed = 1;
    environment.scheduler = &scheduler_;
    environment.packets = &packets_;
    environment.next_serial = &next_serial_;
    environment.profile = system == System::kLinux ? LinuxProfile() : FreeBsdProfile();
    environment.errnos = system == System::kLinux ? &LinuxErrnos() : &FreeBsdErrnos();
    environment.stream_factory = factory;
    host_ = std::make_unique<Host>(environment);
    environment_.scheduler = &scheduler_;
    process_ = &host_->CreateProcess("test");
    InstallStandardDescriptors(*process_);
  }

  // Adds a task of the process.
  void Spawn(std::string name, std::function<void(SysContext&)> body) {
    SpawnIn(*process_, std::move(name), std::move(body));
  }
  void SpawnIn(Process& process, std::string name, std::function<void(SysContext&)> body) {
    process.Spawn(std::move(name), [this, &process, body = std::move(body)] {
      SysContext context = {environment_, process, *scheduler_.current()};
      body(context);
    });
  }
  RunReport Run() {
    ScopedSysEnvironment running(&environment_);
    return scheduler_.RunUntilIdle();
  }
  // The whole test in one task; it must end.
  void RunTask(std::function<void(SysContext&)> body) {
    Spawn("main", std::move(body));
    const RunReport report = Run();
    EXPECT_TRUE(report.ok()) << report.text;
  }

  Scheduler& scheduler() { return scheduler_; }
  Host& host() { return *host_; }
  Process& process() { return *process_; }
  Trace& trace() { return trace_; }
  SysEnvironment& environment() { return environment_; }

 private:
  Trace trace_;
  PacketPool packets_;
  uint64_t next_serial_ = 0;
  Scheduler scheduler_;
  SysEnvironment environment_;
  std::unique_ptr<Host> host_;
  Process* process_ = nullptr;
};

// "0", or the errno's name and number, for messages.
inline testing::AssertionResult Returned(const SysResult& result, int64_t value, int error) {
  if (result.value == value && result.error == error) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "returned " << result.value << " with errno " << strerrorname_np(result.error)
         << ", not " << value << " " << strerrorname_np(error);
}
inline testing::AssertionResult Gives(const SysResult& result, int64_t value) {
  return Returned(result, value, 0);
}
inline testing::AssertionResult Fails(const SysResult& result, int error) {
  return Returned(result, -1, error);
}

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_SYS_SYS_FIXTURE_H_
