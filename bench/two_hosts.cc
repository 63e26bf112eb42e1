#include "bench/two_hosts.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "sim/core/check.h"
#include "stack/base/address.h"
#include "stack/base/credentials.h"
#include "stack/base/endpoint.h"
#include "stack/socket/inet_address.h"

namespace drywire {
namespace {

constexpr size_t kIdlePerPort = 50'000;
constexpr uint16_t kFirstIdlePort = 1000;

World::Options Plain() {
  World::Options options;
  options.keep_packets = 0;
  return options;
}

}  // namespace

TwoHosts::TwoHosts(uint32_t mtu) : world_(std::make_unique<World>(Plain())) {
  client_ = &world_->AddHost("client");
  server_ = &world_->AddHost("server");
  LinkConfig config;
  config.mtu = mtu;
  world_->Connect(*client_, "10.0.0.1/24", *server_, "10.0.0.2/24", config);
  for (const Host* host : {client_, server_}) {
    world_->SetSysctl(*const_cast<Host*>(host), "net.ipv4.ip_local_port_range", "1024 65535");
  }
  DRYWIRE_CHECK(world_->errors().empty()) << world_->errors().front();
}

Ref<Socket> TwoHosts::Open(Host& host, int type) {
  Ref<Socket> socket = *host.CreateSocket(AF_INET, type, 0, Credentials());
  socket->set_nonblocking(true);
  socket->AddDescriptor();
  return socket;
}

RawAddress TwoHosts::ServerAddress(uint16_t port) {
  return EncodeInetAddress(Endpoint{Address::V4(10, 0, 0, 2), port, 0}, AF_INET);
}

Ref<Socket> TwoHosts::Serve(int type, uint16_t port) {
  Ref<Socket> socket = Open(*server_, type);
  DRYWIRE_CHECK(socket->Bind(ServerAddress(port), Credentials()).ok());
  if (type == SOCK_STREAM) DRYWIRE_CHECK(socket->Listen(128, Credentials()).ok());
  return socket;
}

std::pair<Ref<Socket>, Ref<Socket>> TwoHosts::Connect(Socket& listener, uint16_t port) {
  Ref<Socket> client = Open(*client_, SOCK_STREAM);
  (void)client->Connect(ServerAddress(port), Credentials()).ok();
  Run();
  Ref<Socket> server = *listener.Accept();
  server->AddDescriptor();
  DRYWIRE_CHECK(client->TakeConnectResult().ok());
  return {std::move(client), std::move(server)};
}

void TwoHosts::OpenIdle(size_t n) {
  idle_.reserve(2 * n);
  for (size_t i = 0; i < n;) {
    const auto port = static_cast<uint16_t>(kFirstIdlePort + i / kIdlePerPort);
    const Ref<Socket> listener = Serve(SOCK_STREAM, port);
    for (const size_t end = std::min(n, i + kIdlePerPort); i < end; ++i) {
      auto [client, server] = Connect(*listener, port);
      idle_.push_back(std::move(client));
      idle_.push_back(std::move(server));
      Run(Duration::Micros(1));
    }
    listener->DropDescriptor();
  }
}

}  // namespace drywire
