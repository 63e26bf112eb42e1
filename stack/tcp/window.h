// The first window a connection announces and the scale it asks for, by each system's rule.
#ifndef DRYWIRE_STACK_TCP_WINDOW_H_
#define DRYWIRE_STACK_TCP_WINDOW_H_

#include <algorithm>
#include <bit>
#include <cstdint>

#include "stack/personality/tcp_profile.h"
#include "stack/tcp/settings.h"

namespace drywire {

// SO_RCVBUF as it reads back, bytes.
inline uint32_t ReceiveBufferSize(const TcpProfile& profile, const TcpSettings& settings) {
  return settings.receive_buffer != 0 ? settings.receive_buffer
                                      : static_cast<uint32_t>(profile.rmem[1]);
}

// `mss`: of what will be received. Linux announces a
// multiple of the MSS out of half the buffer (tcp_select_initial_window), FreeBSD the buffer.
inline uint32_t InitialReceiveWindow(const TcpProfile& profile, const TcpSettings& settings,
                                     uint32_t mss) {
  const uint32_t buffer = ReceiveBufferSize(profile, settings);
  if (profile.window_rule == WindowRule::kBsd) return std::min<uint32_t>(buffer, 65535);
  const uint32_t space =
      settings.window_clamp != 0 ? std::min(buffer / 2, settings.window_clamp) : buffer / 2;
  return mss != 0 && space > mss ? space / mss * mss : space;
}

// The shift count that lets the largest buffer the socket may get be announced. Linux also looks at
// net.core.rmem_max, which is never above tcp_rmem[2] by default.
inline uint8_t ReceiveWindowScale(const TcpProfile& profile, const TcpSettings& settings) {
  uint64_t largest = std::max<uint64_t>(ReceiveBufferSize(profile, settings),
                                        static_cast<uint64_t>(profile.rmem[2]));
  if (settings.window_clamp != 0) largest = std::min<uint64_t>(largest, settings.window_clamp);
  int scale = 0;
  if (profile.window_rule == WindowRule::kBsd) {
    while (scale < 14 && (uint64_t{65535} << scale) < largest) ++scale;
  } else {
    scale = std::clamp(static_cast<int>(std::bit_width(largest)) - 1 - 15, 0, 14);
  }
  return static_cast<uint8_t>(scale);
}

}  // namespace drywire

#endif  // DRYWIRE_STACK_TCP_WINDOW_H_
