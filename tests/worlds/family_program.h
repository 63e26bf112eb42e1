// A program that has children: it forks, waits, runs other programs, sends signals, and uses files,
// pipes and events with them. Its children do the same, a few deep.
//
// What must hold whatever happens: bytes come out of a pipe in the order in which a child put them
// in; a child that is waited for ended as it was told to or by a signal; a file holds what was
// written to it.
#ifndef DRYWIRE_TESTS_WORLDS_FAMILY_PROGRAM_H_
#define DRYWIRE_TESTS_WORLDS_FAMILY_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/worlds/program.h"

namespace drywire::worlds {

class FamilyProgram final : public Program {
 public:
  FamilyProgram(Programs* programs, Host* host, uint32_t number, int depth = 0)
      : Program(programs, host, number), number_(number), depth_(depth) {}

  // What Spawn() of such a program needs on its host.
  static void Prepare(World& world, Host& host);

 private:
  void Run() override;
  void Step();
  // The pid, or -1.
  int Fork();
  void Await();
  void Transfer();
  void ExecuteOrSpawn();
  void Signal();
  void Event();
  void File();
  void Directory();
  // One of few names, so that programs get into each other's way.
  std::string Path();

  uint32_t number_;
  int depth_;
  uint32_t next_child_ = 0;
  std::vector<int> children_;
  std::vector<int> fds_;
};

}  // namespace drywire::worlds

#endif  // DRYWIRE_TESTS_WORLDS_FAMILY_PROGRAM_H_
