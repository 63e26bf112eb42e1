// Two simulated hosts on a link, as the benchmarks use them: sockets without tasks or descriptors.
//
// What a call of a program costs on top (descriptor table, errno, a fiber that waits) is not
// measured here. The link has no delay, as the kernel's loopback, with which the results are
// compared, has none; the trace digest is on, nothing is captured.
#ifndef DRYWIRE_BENCH_TWO_HOSTS_H_
#define DRYWIRE_BENCH_TWO_HOSTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/core/time.h"
#include "sim/world/world.h"
#include "stack/base/raw_address.h"
#include "stack/socket/file.h"
#include "stack/socket/socket.h"

namespace drywire {

class TwoHosts {
 public:
  static constexpr uint16_t kPort = 80;

  // `mtu` of the link, bytes.
  explicit TwoHosts(uint32_t mtu = 1500);

  World& world() { return *world_; }
  Host& client() { return *client_; }
  Host& server() { return *server_; }

  // A non-blocking socket with one descriptor. `type`: SOCK_*.
  static Ref<Socket> Open(Host& host, int type);
  static RawAddress ServerAddress(uint16_t port = kPort);
  // A listening, or a bound datagram, socket of the server.
  Ref<Socket> Serve(int type, uint16_t port = kPort);
  // Everything that is due now, and then the clock moves on.
  void Run(Duration duration = Duration::Zero()) { (void)world_->RunFor(duration); }
  // Both ends of a new connection to `listener` at `port`.
  std::pair<Ref<Socket>, Ref<Socket>> Connect(Socket& listener, uint16_t port = kPort);
  // Opens `n` connections that stay idle, to ports from 1000 on.
  void OpenIdle(size_t n);

 private:
  std::unique_ptr<World> world_;
  Host* client_;
  Host* server_;
  std::vector<Ref<Socket>> idle_;
};

}  // namespace drywire

#endif  // DRYWIRE_BENCH_TWO_HOSTS_H_
