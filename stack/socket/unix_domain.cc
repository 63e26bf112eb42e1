#include "stack/socket/unix_domain.h"

#include <sys/socket.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "stack/socket/unix_socket.h"

namespace drywire {

UnixDomain::UnixDomain(Environment environment)
    : environment_(std::move(environment)), names_(environment_.make_rng) {}

UnixDomain::~UnixDomain() = default;

int64_t UnixDomain::InFlightOf(uint32_t uid) const {
  const auto found = in_flight_of_.find(uid);
  return found == in_flight_of_.end() ? 0 : found->second;
}

void UnixDomain::AddInFlight(uint32_t uid, File& file) {
  file.AddDescriptor();
  ++in_flight_;
  ++in_flight_of_[uid];
  if (UnixSocket* const socket = UnixSocket::Of(&file); socket != nullptr) {
    ++socket->in_flight_;
    ++sockets_in_flight_;
  }
}

void UnixDomain::DropInFlight(uint32_t uid, File& file) {
  --in_flight_;
  --in_flight_of_[uid];
  if (UnixSocket* const socket = UnixSocket::Of(&file); socket != nullptr) {
    --socket->in_flight_;
    --sockets_in_flight_;
  }
  if (file.descriptors() == 1) --*environment_.open_files;
  file.DropDescriptor();
}

void UnixDomain::MarkQueue(UnixSocket& socket) {
  for (const UnixMessage* message = socket.queue().first(); message != nullptr;
       message = message->next) {
    const auto* const ancillary = static_cast<const UnixAncillary*>(message->attachment);
    if (ancillary == nullptr) continue;
    for (const FileRef& file : ancillary->files()) {
      UnixSocket* const carried = UnixSocket::Of(file.get());
      if (carried == nullptr || carried->reachable_) continue;
      carried->reachable_ = true;
      marked_.push_back(carried);
    }
  }
}

void UnixDomain::MarkReachable() {
  while (!marked_.empty()) {
    UnixSocket& socket = *marked_.back();
    marked_.pop_back();
    MarkQueue(socket);
    for (UnixPcb& waiting : socket.accept_queue()) MarkQueue(*UnixSocket::Of(&waiting));
  }
}

void UnixDomain::CollectGarbage() {
  if (sockets_in_flight_ == 0 || collecting_) return;
  collecting_ = true;
  for (UnixSocket& socket : sockets_) {
    socket.reachable_ = socket.descriptors() > socket.in_flight_;
    if (socket.reachable_) marked_.push_back(&socket);
  }
  MarkReachable();
  std::vector<Ref<UnixSocket>> garbage;
  for (UnixSocket& socket : sockets_) {
    if (socket.in_flight_ == 0 || socket.reachable_) continue;
    garbage.push_back(Ref<UnixSocket>(&socket));
    for (UnixPcb& waiting : socket.accept_queue()) {
      garbage.push_back(Ref<UnixSocket>(UnixSocket::Of(&waiting)));
    }
  }
  for (const Ref<UnixSocket>& socket : garbage) socket->Purge();
  collecting_ = false;
}

std::string UnixDomain::Describe() {
  std::string text;
  for (const UnixSocket& socket : sockets_) {
    absl::StrAppend(&text, socket.Describe(), "\n");
  }
  return text;
}

void UnixAncillary::AddFile(const FileRef& file) {
  files_.push_back(file);
  domain_->AddInFlight(uid_, *file);
}

void UnixAncillary::DropFiles() {
  // A file that is closed by this may be a socket whose queue holds files.
  auto files = std::move(files_);
  files_.clear();
  for (const FileRef& file : files) domain_->DropInFlight(uid_, *file);
}

}  // namespace drywire
