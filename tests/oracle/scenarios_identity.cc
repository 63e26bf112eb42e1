// Users and groups: setuid() and its relatives from every kind of beginning.
#include <string>
#include <vector>

#include "tests/oracle/scenario.h"
#include "tests/oracle/topologies.h"

namespace drywire::oracle {
namespace {

void Show(Script& s, const std::string& label, int result) {
  s(label, result);
  uid_t users[3] = {};
  gid_t groups[3] = {};
  os::getresuid(&users[0], &users[1], &users[2]);
  os::getresgid(&groups[0], &groups[1], &groups[2]);
  s.Text("users", std::to_string(users[0]) + "/" + std::to_string(users[1]) + "/" +
                      std::to_string(users[2]));
  s.Text("groups", std::to_string(groups[0]) + "/" + std::to_string(groups[1]) + "/" +
                       std::to_string(groups[2]));
}

// A process gives up for good what it gives up, so each beginning is a process of its own; four at
// most have room in a scenario.
template <typename Calls>
void From(Scenario& it, uid_t real, uid_t effective, uid_t saved, Calls calls) {
  it.On("a", [=](Script& s) {
    os::setgroups(0, nullptr);
    os::setresgid(7, 8, 9);
    s.Row("start");
    Show(s, "setresuid", os::setresuid(real, effective, saved));
    s.Row("calls");
    calls(s);
  });
}

ORACLE(Identity, SetuidOfThePrivileged, kPair) {
  From(it, 0, 0, 0, [](Script& s) {
    Show(s, "seteuid", os::seteuid(5));
    Show(s, "another", os::setuid(6));
    Show(s, "same", os::setuid(5));
    Show(s, "back", os::seteuid(0));
    Show(s, "setuid", os::setuid(5));
    Show(s, "back", os::setuid(0));
    Show(s, "seteuid", os::seteuid(0));
  });
}

ORACLE(Identity, SetuidOfTheUnprivileged, kPair) {
  From(it, 1, 2, 3, [](Script& s) {
    Show(s, "effective", os::setuid(2));
    Show(s, "saved", os::setuid(3));
    Show(s, "gone", os::setuid(2));
    Show(s, "real", os::setuid(1));
    Show(s, "another", os::setuid(4));
  });
}

ORACLE(Identity, SeteuidOfTheUnprivileged, kPair) {
  From(it, 1, 2, 3, [](Script& s) {
    for (const uid_t uid : {2, 3, 1, 2, 4}) Show(s, "seteuid", os::seteuid(uid));
  });
}

ORACLE(Identity, SetreuidReal, kPair) {
  From(it, 1, 2, 3, [](Script& s) {
    constexpr uid_t kSame = ~uid_t{0};
    Show(s, "saved", os::setreuid(3, kSame));
    Show(s, "another", os::setreuid(4, kSame));
    Show(s, "nothing", os::setreuid(kSame, kSame));
    Show(s, "effective", os::setreuid(2, kSame));
  });
}

ORACLE(Identity, SetreuidEffective, kPair) {
  From(it, 1, 2, 3, [](Script& s) {
    constexpr uid_t kSame = ~uid_t{0};
    Show(s, "saved", os::setreuid(kSame, 3));
    Show(s, "real", os::setreuid(kSame, 1));
    Show(s, "both", os::setreuid(2, 1));
  });
}

ORACLE(Identity, SetreuidOfThePrivileged, kPair) {
  From(it, 0, 0, 0, [](Script& s) {
    Show(s, "both", os::setreuid(5, 6));
    Show(s, "swap", os::setreuid(6, 5));
    Show(s, "back", os::setreuid(5, 6));
  });
}

ORACLE(Identity, Setresuid, kPair) {
  From(it, 1, 2, 3, [](Script& s) {
    constexpr uid_t kSame = ~uid_t{0};
    Show(s, "turn", os::setresuid(3, 1, 2));
    Show(s, "nothing", os::setresuid(kSame, kSame, kSame));
    Show(s, "another", os::setresuid(4, kSame, kSame));
    Show(s, "all", os::setresuid(1, 1, 1));
    Show(s, "back", os::setresuid(2, kSame, kSame));
  });
}

ORACLE(Identity, Groups, kPair) {
  From(it, 0, 0, 0, [](Script& s) {
    constexpr gid_t kSame = ~gid_t{0};
    Show(s, "setegid", os::setegid(20));
    Show(s, "setgid", os::setgid(21));
    Show(s, "setresgid", os::setresgid(7, 8, 9));
    Show(s, "seteuid", os::seteuid(5));
    Show(s, "saved", os::setgid(9));
    Show(s, "gone", os::setgid(8));
    Show(s, "another", os::setegid(22));
    Show(s, "setregid", os::setregid(9, 7));
    Show(s, "setresgid", os::setresgid(kSame, 9, kSame));
    Show(s, "setresgid another", os::setresgid(kSame, kSame, 30));
  });
}

ORACLE(Identity, SupplementaryGroups, kPair) {
  From(it, 0, 0, 0, [](Script& s) {
    const gid_t given[] = {30, 10, 20, 10};
    gid_t list[8] = {};
    s("set", os::setgroups(4, given))("count", os::getgroups(0, nullptr));
    s("get", os::getgroups(8, list));
    for (int i = 0; i < 4; ++i) s("group", static_cast<int>(list[i]));
    s("short", os::getgroups(3, list))("negative", os::getgroups(-1, list));
    s("bad", os::getgroups(8, reinterpret_cast<gid_t*>(8)));
    s("bad list", os::setgroups(2, reinterpret_cast<gid_t*>(8)))("many",
                                                                 os::setgroups(70000, given));
    s("seteuid", os::seteuid(5))("unprivileged", os::setgroups(0, nullptr));
    s("count", os::getgroups(0, nullptr));
  });
}

ORACLE(Identity, NoId, kPair) {
  From(it, 0, 0, 0, [](Script& s) {
    constexpr uid_t kNone = ~uid_t{0};
    s("setuid", os::setuid(kNone))("seteuid", os::seteuid(kNone))("setgid", os::setgid(kNone));
    s("setegid", os::setegid(kNone));
    Show(s, "setreuid", os::setreuid(kNone, kNone));
    Show(s, "setresgid", os::setresgid(kNone, kNone, kNone));
  });
}

ORACLE(Identity, PrivilegesFollowTheEffectiveUser, kPair) {
  it.On("a", [](Script& s) {
    s.EnterDirectory();
    WriteFile("f", "x", 0600);
    const auto row = [&](const char* name) {
      s.Row(name)("open", Open("f", O_RDONLY))("access", os::access("f", R_OK));
      s("chown", os::chown("f", 0, 0))("chroot", os::chroot("missing"));
    };
    row("root");
    os::seteuid(5);
    row("effective");
    os::seteuid(0);
    row("back");
    os::setresuid(5, 0, 0);
    row("real");
    os::setuid(5);
    row("gone");
  });
}

}  // namespace
}  // namespace drywire::oracle
