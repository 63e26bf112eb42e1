// Bind conflicts and ephemeral ports. The Linux tables were observed on Linux 6.18 (loopback, one
// fresh port for each pair); FreeBSD's rules are those of facts observed on 13.0.
#include "stack/socket/port_table.h"

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

struct Where {
  const char* name;
  const char* address;
  bool v6;
  bool v6only;
};

constexpr Where kPlaces[] = {
    {"4any", "0.0.0.0", false, false},
    {"4lo1", "127.0.0.1", false, false},
    {"4lo2", "127.0.0.2", false, false},
    {"6dual", "::", true, false},
    {"6only", "::", true, true},
    {"6lo", "::1", true, false},
    {"6lo-only", "::1", true, true},
    {"m-lo1", "::ffff:127.0.0.1", true, false},
    {"m-any", "::ffff:0.0.0.0", true, false},
};

Address At(const Where& where) { return *Address::Parse(where.address); }

void Fill(PortBinding& binding, const Where& where) {
  binding.v6 = where.v6;
  binding.v6only = where.v6only;
}

class PortTableTest : public testing::Test {
 protected:
  explicit PortTableTest(Profile profile = LinuxProfile()) : profile_(std::move(profile)) {}

  // Whether `second` can be bound while `first` is: '.' or 'X', as the kernel was asked.
  char Pair(Transport transport, const Where& first, const Where& second,
            void (*options)(PortBinding&)) {
    PortTable table(transport, &profile_.socket, Rng(1));
    PortBinding a, b;
    Fill(a, first);
    Fill(b, second);
    options(a);
    options(b);
    EXPECT_TRUE(table.Bind(&a, At(first), 5000, root_).ok());
    return table.Bind(&b, At(second), 5000, root_).ok() ? '.' : 'X';
  }

  Profile profile_;
  Credentials root_;
  Credentials user_{1000, 1000, {}};
};

class FreeBsdPortTableTest : public PortTableTest {
 protected:
  FreeBsdPortTableTest() : PortTableTest(FreeBsdProfile()) {}
};

TEST_F(PortTableTest, ConflictMatrixWithoutOptionsAsObservedOnLinux618) {
  const char* expected[] = {
      "XXXX...XX",  // 4any
      "XX.X...XX",  // 4lo1
      "X.XX....X",  // 4lo2
      "XXXXXXXXX",  // 6dual
      "...XXXX..",  // 6only
      "...XXXX..",  // 6lo
      "...XXXX..",  // 6lo-only
      "XX.X...XX",  // m-lo1
      "XXXX...XX",  // m-any
  };
  for (const Transport transport : {Transport::kTcp, Transport::kUdp}) {
    for (size_t i = 0; i < std::size(kPlaces); ++i) {
      std::string row;
      for (const Where& second : kPlaces) {
        row += Pair(transport, kPlaces[i], second, [](PortBinding&) {});
      }
      EXPECT_EQ(row, expected[i]) << kPlaces[i].name;
    }
  }
}

TEST_F(PortTableTest, EitherReuseOptionOnBothLetsAllPairsShareAsObservedOnLinux618) {
  for (const Transport transport : {Transport::kTcp, Transport::kUdp}) {
    for (const Where& first : kPlaces) {
      for (const Where& second : kPlaces) {
        EXPECT_EQ(Pair(transport, first, second, [](PortBinding& b) { b.reuse_address = true; }),
                  '.');
        EXPECT_EQ(Pair(transport, first, second, [](PortBinding& b) { b.reuse_port = true; }), '.');
      }
    }
  }
}

struct MixCase {
  Transport transport;
  PortBinding::Use use;  // of the first
  const char* rows[4];   // by the first's options: none, addr, port, both; then by the second's
};

TEST_F(PortTableTest, OptionMixesOnOneAddressAsObservedOnLinux618) {
  const MixCase cases[] = {
      {Transport::kTcp, PortBinding::Use::kBound, {"XXXX", "X.X.", "XX..", "X..."}},
      {Transport::kTcp, PortBinding::Use::kListening, {"XXXX", "XXXX", "XX..", "XX.."}},
      {Transport::kUdp, PortBinding::Use::kBound, {"XXXX", "X.X.", "XX..", "X..."}},
      {Transport::kUdp, PortBinding::Use::kConnected, {"XXXX", "X.X.", "XX..", "X..."}},
  };
  for (const MixCase& c : cases) {
    for (int first = 0; first < 4; ++first) {
      std::string row;
      for (int second = 0; second < 4; ++second) {
        PortTable table(c.transport, &profile_.socket, Rng(1));
        PortBinding a, b;
        a.reuse_address = (first & 1) != 0;
        a.reuse_port = (first & 2) != 0;
        b.reuse_address = (second & 1) != 0;
        b.reuse_port = (second & 2) != 0;
        ASSERT_TRUE(table.Bind(&a, At(kPlaces[1]), 5000, root_).ok());
        a.use = c.use;
        row += table.Bind(&b, At(kPlaces[1]), 5000, root_).ok() ? '.' : 'X';
      }
      EXPECT_EQ(row, c.rows[first]) << static_cast<int>(c.transport) << " first " << first;
    }
  }
}

TEST_F(PortTableTest, ReusePortIsForOneUserOnlyAsObservedOnLinux618) {
  for (const Transport transport : {Transport::kTcp, Transport::kUdp}) {
    PortTable table(transport, &profile_.socket, Rng(1));
    PortBinding a, b;
    a.reuse_port = b.reuse_port = true;
    b.uid = 1000;
    ASSERT_TRUE(table.Bind(&a, At(kPlaces[1]), 5000, root_).ok());
    EXPECT_EQ(table.Bind(&b, At(kPlaces[1]), 5000, user_).cause(), Cause::kAddressInUse);
    b.reuse_address = a.reuse_address = true;
    EXPECT_TRUE(table.Bind(&b, At(kPlaces[1]), 5000, user_).ok());
  }
}

TEST_F(PortTableTest, ConnectedAndTimeWaitHoldersAsObservedOnLinux618) {
  for (const PortBinding::Use use : {PortBinding::Use::kConnected, PortBinding::Use::kTimeWait}) {
    for (const bool first : {false, true}) {
      for (const bool second : {false, true}) {
        PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
        PortBinding a, b, wild;
        a.reuse_address = first;
        b.reuse_address = wild.reuse_address = second;
        ASSERT_TRUE(table.Bind(&a, At(kPlaces[1]), 5000, root_).ok());
        a.use = use;
        EXPECT_EQ(table.Bind(&b, At(kPlaces[1]), 5000, root_).ok(), first && second);
        PortTable::Release(&b);
        EXPECT_EQ(table.Bind(&wild, At(kPlaces[0]), 5000, root_).ok(), first && second);
      }
    }
  }
}

TEST_F(PortTableTest, OnlyOneOfTwoReuseAddressSocketsMayListenAsObservedOnLinux618) {
  for (const bool by_port : {false, true}) {
    PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
    PortBinding a, b;
    a.reuse_address = b.reuse_address = !by_port;
    a.reuse_port = b.reuse_port = by_port;
    ASSERT_TRUE(table.Bind(&a, At(kPlaces[1]), 5000, root_).ok());
    ASSERT_TRUE(table.Bind(&b, At(kPlaces[1]), 5000, root_).ok());
    EXPECT_TRUE(table.Listen(&a).ok());
    EXPECT_EQ(table.Listen(&b).ok(), by_port);
  }
}

TEST_F(PortTableTest, ChildrenOfAListenerHoldItsPort) {
  PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
  PortBinding listener, child, again, other;
  ASSERT_TRUE(table.Bind(&listener, At(kPlaces[0]), 5000, root_).ok());
  ASSERT_TRUE(table.Listen(&listener).ok());
  table.Inherit(&child, listener);
  PortTable::SetLocal(&child, At(kPlaces[1]));
  PortTable::Release(&listener);
  EXPECT_EQ(table.Bind(&again, At(kPlaces[0]), 5000, root_).cause(), Cause::kAddressInUse);
  EXPECT_TRUE(table.Bind(&other, At(kPlaces[2]), 5000, root_).ok());
  PortTable::Release(&other);
  PortTable::Release(&child);
  EXPECT_FALSE(table.InUse(5000));
  EXPECT_TRUE(table.Bind(&again, At(kPlaces[0]), 5000, root_).ok());
}

TEST_F(PortTableTest, MovingABindingKeepsThePort) {
  PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
  PortBinding second;
  {
    PortBinding first;
    ASSERT_TRUE(table.Bind(&first, At(kPlaces[1]), 5000, root_).ok());
    PortTable::Move(&first, &second);
    EXPECT_EQ(first.port(), 0);
  }
  EXPECT_EQ(second.port(), 5000);
  EXPECT_TRUE(table.InUse(5000));
}

TEST_F(PortTableTest, DestroyedBindingsReleaseAndATableMayDieFirst) {
  PortBinding survivor;
  {
    PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
    {
      PortBinding gone;
      ASSERT_TRUE(table.Bind(&gone, At(kPlaces[1]), 5000, root_).ok());
    }
    EXPECT_EQ(table.ports_in_use(), 0u);
    ASSERT_TRUE(table.Bind(&survivor, At(kPlaces[1]), 5001, root_).ok());
  }
  EXPECT_EQ(survivor.port(), 0);
}

TEST_F(PortTableTest, PrivilegedPorts) {
  PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
  EXPECT_TRUE(table.PortNeedsPrivilege(80));
  EXPECT_FALSE(table.PortNeedsPrivilege(1024));
  EXPECT_FALSE(table.PortNeedsPrivilege(0));
  profile_.socket.unprivileged_port_start = 80;
  EXPECT_FALSE(table.PortNeedsPrivilege(80));
}

TEST_F(PortTableTest, LinuxConnectPrefersTheParityOfTheRangeStartAndBindTheOther) {
  PortTable table(Transport::kTcp, &profile_.socket, Rng(7));
  const Endpoint remote{*Address::Parse("10.0.0.2"), 80, 0};
  for (int i = 0; i < 100; ++i) {
    PortBinding connecting, binding;
    const auto free = [](uint16_t) { return true; };
    ASSERT_TRUE(table.BindForConnect(&connecting, *Address::Parse("10.0.0.1"), remote, free).ok());
    EXPECT_EQ(connecting.port() % 2, 0);
    EXPECT_GE(connecting.port(), 32768);
    EXPECT_LE(connecting.port(), 60999);
    ASSERT_TRUE(table.Bind(&binding, At(kPlaces[0]), 0, root_).ok());
    EXPECT_EQ(binding.port() % 2, 1);
  }
}

// Facts, Linux 27: exhausted for one destination, free for another; bind(0) knows no destinations.
TEST_F(PortTableTest, ExhaustionIsPerDestinationForConnect) {
  profile_.socket.port_range = {40000, 40009};
  PortTable table(Transport::kTcp, &profile_.socket, Rng(7));
  const Address local = *Address::Parse("10.0.0.1");
  const Endpoint one{*Address::Parse("10.0.0.2"), 80, 0};
  const Endpoint two{*Address::Parse("10.0.0.3"), 80, 0};
  std::set<uint16_t> used;
  std::vector<PortBinding> bindings(20);
  const auto free = [&](uint16_t port) { return used.count(port) == 0; };
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(table.BindForConnect(&bindings[i], local, one, free).ok());
    used.insert(bindings[i].port());
  }
  EXPECT_EQ(used.size(), 10u);
  EXPECT_EQ(table.BindForConnect(&bindings[10], local, one, free).cause(),
            Cause::kPortsExhaustedOnConnect);
  used.clear();
  EXPECT_TRUE(table.BindForConnect(&bindings[10], local, two, free).ok());
  EXPECT_EQ(table.Bind(&bindings[11], local, 0, root_).cause(), Cause::kPortsExhaustedOnBind);
}

TEST_F(PortTableTest, ConnectNeverSharesAPortThatBindHolds) {
  profile_.socket.port_range = {40000, 40003};
  PortTable table(Transport::kTcp, &profile_.socket, Rng(7));
  std::vector<PortBinding> bound(3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        table.Bind(&bound[i], At(kPlaces[2]), static_cast<uint16_t>(40000 + i), root_).ok());
  }
  PortBinding connecting, more;
  const Endpoint remote{*Address::Parse("10.0.0.2"), 80, 0};
  const auto free = [](uint16_t) { return true; };
  ASSERT_TRUE(table.BindForConnect(&connecting, At(kPlaces[1]), remote, free).ok());
  EXPECT_EQ(connecting.port(), 40003);
  EXPECT_TRUE(connecting.automatic());
  EXPECT_TRUE(table.BindForConnect(&more, At(kPlaces[1]), remote, free).ok());
  EXPECT_EQ(more.port(), 40003);
}

TEST_F(PortTableTest, ReservedPortsAndTheSocketsOwnRange) {
  profile_.socket.port_range = {40000, 40009};
  ASSERT_TRUE(profile_.Set("net.ipv4.ip_local_reserved_ports", "40000, 40001-40006").ok());
  EXPECT_EQ(*profile_.Get("net.ipv4.ip_local_reserved_ports"), "40000,40001-40006");
  for (const char* wrong : {"x", "1-", "7-3", "70000", "1,,x"}) {
    EXPECT_FALSE(profile_.Set("net.ipv4.ip_local_reserved_ports", wrong).ok()) << wrong;
  }
  PortTable table(Transport::kUdp, &profile_.socket, Rng(7));
  for (int i = 0; i < 20; ++i) {
    PortBinding binding;
    ASSERT_TRUE(table.Bind(&binding, At(kPlaces[0]), 0, root_).ok());
    EXPECT_GE(binding.port(), 40007);
  }
  PortBinding by_number;
  EXPECT_TRUE(table.Bind(&by_number, At(kPlaces[0]), 40003, root_).ok());
  PortBinding own;
  own.range_low = 40009;
  own.range_high = 40009;
  ASSERT_TRUE(table.Bind(&own, At(kPlaces[0]), 0, root_).ok());
  EXPECT_EQ(own.port(), 40009);
}

TEST_F(PortTableTest, TheSameSeedGivesTheSamePorts) {
  std::vector<uint16_t> runs[2];
  for (std::vector<uint16_t>& ports : runs) {
    PortTable table(Transport::kTcp, &profile_.socket, Rng(99));
    std::vector<PortBinding> bindings(50);
    const Endpoint remote{*Address::Parse("10.0.0.2"), 80, 0};
    for (PortBinding& binding : bindings) {
      const auto free = [](uint16_t) { return true; };
      ASSERT_TRUE(table.BindForConnect(&binding, At(kPlaces[1]), remote, free).ok());
      ports.push_back(binding.port());
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
}

// A destination with many connections has a map of what is taken; it must hide no free port.
TEST_F(PortTableTest, ManyConnectionsToOneDestinationGetAllPortsQuickly) {
  profile_.socket.port_range = {32768, 40001};
  const Endpoint remote{*Address::Parse("10.0.0.2"), 80, 0};
  const Address local = *Address::Parse("10.0.0.1");
  const uint32_t count = 40001 - 32768 + 1;
  PortTable table(Transport::kTcp, &profile_.socket, Rng(3));
  std::vector<PortBinding> bindings(count);
  std::set<uint16_t> used;
  uint32_t asked = 0;
  const auto free = [&](uint16_t port) {
    ++asked;
    return used.count(port) == 0;
  };
  for (uint32_t i = 0; i < count; ++i) {
    if (i % 3 == 2 && i < count / 2) {
      used.erase(bindings[i - 1].port());
      PortTable::Release(&bindings[i - 1]);
      ASSERT_TRUE(table.BindForConnect(&bindings[i - 1], local, remote, free).ok());
      ASSERT_TRUE(used.insert(bindings[i - 1].port()).second);
    }
    ASSERT_TRUE(table.BindForConnect(&bindings[i], local, remote, free).ok()) << i;
    ASSERT_TRUE(used.insert(bindings[i].port()).second) << i;
  }
  EXPECT_EQ(used.size(), count);
  asked = 0;
  PortBinding none;
  EXPECT_FALSE(table.BindForConnect(&none, local, remote, free).ok());
  EXPECT_LT(asked, 200u);  // nearly all were skipped by the map
  // One that goes is found again; one that goes into TIME-WAIT is asked about.
  const uint16_t gone = bindings[77].port();
  used.erase(gone);
  PortTable::Release(&bindings[77]);
  ASSERT_TRUE(table.BindForConnect(&none, local, remote, free).ok());
  EXPECT_EQ(none.port(), gone);
  used.insert(gone);
  PortBinding time_wait, more;
  const uint16_t waiting = bindings[99].port();
  PortTable::Move(&bindings[99], &time_wait);
  used.erase(waiting);
  ASSERT_TRUE(table.BindForConnect(&more, local, remote, free).ok());
  EXPECT_EQ(more.port(), waiting);
}

// FreeBSD 13.0: without options wildcard or same address is in use, two specific ones are fine;
// with any option on the second, wildcard against specific is fine.
TEST_F(FreeBsdPortTableTest, WildcardAndSpecificAddresses) {
  struct Case {
    int first;
    int second;
    bool plain;
    bool with_option;
  };
  const Case cases[] = {
      {0, 0, false, false},  // wildcard twice
      {0, 1, false, true},   // wildcard, then specific
      {1, 0, false, true},   // specific, then wildcard
      {1, 1, false, false},  // the same address
      {1, 2, true, true},    // two addresses
      {3, 0, false, false},  // dual ::, then IPv4 any
      {0, 3, true, true},    // IPv4 any, then dual ::
      {1, 3, false, true},   // IPv4 address, then dual ::
      {4, 0, true, true},    // IPv6 only, then IPv4
      {4, 5, false, true},   // :: only, then ::1
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(kPlaces[c.first].name) + " then " + kPlaces[c.second].name);
    for (const bool option : {false, true}) {
      PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
      PortBinding a, b;
      Fill(a, kPlaces[c.first]);
      Fill(b, kPlaces[c.second]);
      b.reuse_address = option;
      ASSERT_TRUE(table.Bind(&a, At(kPlaces[c.first]), 5000, root_).ok());
      EXPECT_EQ(table.Bind(&b, At(kPlaces[c.second]), 5000, root_).ok(),
                option ? c.with_option : c.plain)
          << option;
    }
  }
}

TEST_F(FreeBsdPortTableTest, IdenticalAddressesNeedTheSamePortOptionOnBoth) {
  struct Case {
    bool PortBinding::*first;
    bool PortBinding::*second;
    bool allowed;
  };
  const Case cases[] = {
      {&PortBinding::reuse_address, &PortBinding::reuse_address, false},
      {&PortBinding::reuse_port, &PortBinding::reuse_port, true},
      {&PortBinding::reuse_port_lb, &PortBinding::reuse_port_lb, true},
      {&PortBinding::reuse_port, &PortBinding::reuse_port_lb, false},
      {&PortBinding::reuse_port, &PortBinding::reuse_address, false},
  };
  for (const Case& c : cases) {
    PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
    PortBinding a, b;
    a.*c.first = true;
    b.*c.second = true;
    ASSERT_TRUE(table.Bind(&a, At(kPlaces[1]), 5000, root_).ok());
    EXPECT_EQ(table.Bind(&b, At(kPlaces[1]), 5000, root_).ok(), c.allowed);
  }
}

TEST_F(FreeBsdPortTableTest, ConnectedAndTimeWaitHoldersDoNotBlockABinderWithReuseAddress) {
  for (const PortBinding::Use use : {PortBinding::Use::kConnected, PortBinding::Use::kTimeWait}) {
    for (const bool option : {false, true}) {
      PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
      PortBinding a, b;
      ASSERT_TRUE(table.Bind(&a, At(kPlaces[1]), 5000, root_).ok());
      a.use = use;
      b.reuse_address = option;
      EXPECT_EQ(table.Bind(&b, At(kPlaces[1]), 5000, root_).ok(), option);
    }
  }
}

TEST_F(FreeBsdPortTableTest, ConnectTakesRandomPortsOfTheWholeRangeAndAvoidsListeners) {
  profile_.socket.port_range = {20000, 20003};
  PortTable table(Transport::kTcp, &profile_.socket, Rng(5));
  PortBinding listener;
  ASSERT_TRUE(table.Bind(&listener, At(kPlaces[0]), 20001, root_).ok());
  ASSERT_TRUE(table.Listen(&listener).ok());
  std::set<uint16_t> seen;
  const Endpoint remote{*Address::Parse("10.0.0.2"), 80, 0};
  for (int i = 0; i < 64; ++i) {
    PortBinding binding;
    ASSERT_TRUE(table
                    .BindForConnect(&binding, *Address::Parse("10.0.0.1"), remote,
                                    [](uint16_t) { return true; })
                    .ok());
    seen.insert(binding.port());
  }
  EXPECT_EQ(seen, (std::set<uint16_t>{20000, 20002, 20003}));
  PortBinding none;
  EXPECT_EQ(table
                .BindForConnect(&none, *Address::Parse("10.0.0.1"), remote,
                                [](uint16_t) { return false; })
                .cause(),
            Cause::kPortsExhaustedOnConnect);
}

TEST_F(FreeBsdPortTableTest, PrivilegedPortsEndAtReservedHigh) {
  PortTable table(Transport::kTcp, &profile_.socket, Rng(1));
  EXPECT_TRUE(table.PortNeedsPrivilege(1023));
  EXPECT_FALSE(table.PortNeedsPrivilege(1024));
}

}  // namespace
}  // namespace drywire
