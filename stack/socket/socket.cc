#include "stack/socket/socket.h"

#include "stack/socket/caller.h"

namespace drywire {

Result<> Socket::BindFor(const RawAddress& address, const Caller& caller) {
  return Bind(address, caller.credentials());
}

Result<> Socket::ListenFor(int backlog, const Caller& caller) {
  return Listen(backlog, caller.credentials());
}

Result<ConnectProgress> Socket::ConnectFor(const RawAddress& address, const Caller& caller) {
  return Connect(address, caller.credentials());
}

}  // namespace drywire
