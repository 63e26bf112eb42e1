// UDP's protocol state: filtering, buffer accounting, which errors are told.
#include "stack/udp/udp_pcb.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "stack/personality/profile.h"

namespace drywire {
namespace {

Endpoint At(const char* text, uint16_t port) { return Endpoint{*Address::Parse(text), port, 0}; }

struct BufferCase {
  size_t payload;
  int queued;
};

// SO_RCVBUF as it reads back: 212992, the default.
TEST(UdpPcbTest, ReceiveBufferHoldsWhatItDoesOnLinux618) {
  const Profile profile = LinuxProfile();
  for (const BufferCase& c :
       {BufferCase{0, 256}, {1, 256}, {100, 256}, {700, 92}, {1400, 92}, {4000, 25}, {30000, 6}}) {
    UdpPcb pcb(&profile.udp);
    const Bytes payload = Bytes::Zeros(c.payload);
    int queued = 0;
    while (pcb.OnDatagram(payload, At("10.0.0.1", 1), 212992) == UdpPcb::Arrival::kQueued) ++queued;
    EXPECT_EQ(queued, c.queued) << c.payload;
    pcb.Pop();
    EXPECT_EQ(pcb.OnDatagram(payload, At("10.0.0.1", 1), 212992), UdpPcb::Arrival::kQueued);
  }
  UdpPcb pcb(&profile.udp);
  int queued = 0;
  while (pcb.OnDatagram(Bytes::Zeros(100), At("10.0.0.1", 1), 2304) == UdpPcb::Arrival::kQueued) {
    ++queued;
  }
  EXPECT_EQ(queued, 2);  // the smallest buffer
}

TEST(UdpPcbTest, AConnectedSocketHearsItsPeerOnly) {
  const Profile profile = LinuxProfile();
  UdpPcb pcb(&profile.udp);
  EXPECT_EQ(pcb.OnDatagram(Bytes(), At("10.0.0.3", 9), 212992), UdpPcb::Arrival::kQueued);
  pcb.Connect(At("10.0.0.2", 53));
  EXPECT_NE(pcb.First(), nullptr);  // what came before stays
  EXPECT_EQ(pcb.OnDatagram(Bytes(), At("10.0.0.2", 53), 212992), UdpPcb::Arrival::kQueued);
  EXPECT_EQ(pcb.OnDatagram(Bytes(), At("10.0.0.2", 54), 212992), UdpPcb::Arrival::kNotFromPeer);
  EXPECT_EQ(pcb.OnDatagram(Bytes(), At("10.0.0.3", 53), 212992), UdpPcb::Arrival::kNotFromPeer);
  pcb.Dissolve();
  EXPECT_EQ(pcb.OnDatagram(Bytes(), At("10.0.0.3", 53), 212992), UdpPcb::Arrival::kQueued);
}

struct ErrorCase {
  Cause cause;
  bool on_linux;
  bool on_freebsd;
};

TEST(UdpPcbTest, WhichErrorsAreTold) {
  const ErrorCase cases[] = {
      {Cause::kIcmpPortUnreachable, true, true},      {Cause::kIcmpProtocolUnreachable, true, true},
      {Cause::kIcmpAdminProhibited, true, true},      {Cause::kIcmpHostUnreachable, false, true},
      {Cause::kIcmpNetUnreachable, false, true},      {Cause::kIcmpTimeExceeded, false, true},
      {Cause::kIcmp6PortUnreachable, true, true},     {Cause::kIcmp6NoRoute, false, true},
      {Cause::kIcmp6AddressUnreachable, false, true}, {Cause::kIcmp6PolicyFail, true, true},
  };
  const Profile on_linux = LinuxProfile();
  const Profile on_freebsd = FreeBsdProfile();
  for (const ErrorCase& c : cases) {
    UdpPcb a(&on_linux.udp), b(&on_freebsd.udp);
    EXPECT_FALSE(a.OnError(c.cause, true));  // not connected
    a.Connect(At("10.0.0.2", 53));
    b.Connect(At("10.0.0.2", 53));
    EXPECT_EQ(a.OnError(c.cause, true), c.on_linux) << CauseName(c.cause);
    EXPECT_EQ(b.OnError(c.cause, true), c.on_freebsd) << CauseName(c.cause);
    EXPECT_EQ(b.TakeError(), c.cause);
    EXPECT_EQ(b.TakeError(), Cause::kNone);
  }
  UdpPcb pcb(&on_linux.udp);
  pcb.Connect(At("10.0.0.2", 53));
  EXPECT_FALSE(pcb.OnError(Cause::kIcmpFragmentationNeeded, false));
  EXPECT_TRUE(pcb.OnError(Cause::kIcmpFragmentationNeeded, true));
}

TEST(UdpPcbTest, ANewConnectDiscardsTheErrorOnFreeBsdOnly) {
  for (const bool freebsd : {false, true}) {
    const Profile profile = freebsd ? FreeBsdProfile() : LinuxProfile();
    UdpPcb pcb(&profile.udp);
    pcb.Connect(At("10.0.0.2", 53));
    ASSERT_TRUE(pcb.OnError(Cause::kIcmpPortUnreachable, true));
    pcb.Connect(At("10.0.0.3", 53));
    EXPECT_EQ(pcb.TakeError(), freebsd ? Cause::kNone : Cause::kIcmpPortUnreachable);
  }
}

TEST(UdpPcbTest, ReadableIsTheFirstDatagramOrAllOfThem) {
  for (const bool freebsd : {false, true}) {
    const Profile profile = freebsd ? FreeBsdProfile() : LinuxProfile();
    UdpPcb pcb(&profile.udp);
    EXPECT_EQ(pcb.Readable(), 0u);
    (void)pcb.OnDatagram(Bytes::Zeros(3), At("10.0.0.2", 1), 20000);
    (void)pcb.OnDatagram(Bytes::Zeros(5), At("10.0.0.2", 1), 20000);
    EXPECT_EQ(pcb.Readable(), freebsd ? 8u : 3u);
  }
}

}  // namespace
}  // namespace drywire
