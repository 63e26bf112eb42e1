// Rows about the behaviour of streams that the pages state.
#include "absl/strings/str_cat.h"
#include "tools/errors/atlas.h"

namespace drywire {
namespace {

// Two servers on one host, each on a port of its own; each says which it is.
void ToTheBoundOne(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  Host& server = scene.AddHost("server", "10.0.0.2/24");
  for (const uint16_t port : {80, 81}) {
    scene.Spawn(server, port == 80 ? "server80" : "server81", [port](Calls& sys) {
      const int fd = sys.socket(AF_INET, SOCK_STREAM);
      sys.bind(fd, Inet("10.0.0.2", port));
      sys.listen(fd, 8);
      sys.send(sys.accept(fd), absl::StrCat("this is ", port));
    });
  }
  scene.Spawn(client, "client", [](Calls& sys) {
    for (const uint16_t port : {80, 81}) {
      const int fd = sys.socket(AF_INET, SOCK_STREAM);
      sys.connect(fd, Inet("10.0.0.2", port));
      std::string text;
      sys.recv(fd, &text);
      sys.Observe(absl::StrCat(port, ": ", text));
    }
  });
}

// Connected once, the socket says no; after a failure systems differ.
void Once(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) {
    const int connected = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(connected, Inet("10.0.0.2", 80)));
    sys.Observe(sys.connect(connected, Inet("10.0.0.2", 80)));
    const int refused = sys.socket(AF_INET, SOCK_STREAM);
    sys.Observe(sys.connect(refused, Inet("10.0.0.2", 81)));
    sys.Observe(sys.connect(refused, Inet("10.0.0.2", 80)));
  });
}

// One attempt that succeeds and one that is refused.
void PollThenSoError(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.SpawnListener(scene.AddHost("server", "10.0.0.2/24"), 80);
  scene.Spawn(client, "client", [](Calls& sys) {
    for (const uint16_t port : {80, 81}) {
      const int fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      sys.Observe(sys.connect(fd, Inet("10.0.0.2", port)));
      sys.Observe(sys.select_for_writing(fd) == 1 ? "writable" : "not writable");
      sys.ObserveError(sys.so_error(fd));
    }
  });
}

constexpr absl::string_view kOutcomes =
    "EINPROGRESS, writable, 0, EINPROGRESS, writable, ECONNREFUSED";

constexpr AtlasRow kRows[] = {
    {"stream-connect-to-bound",
     AtlasPage::kBehaviour,
     "A stream connects to the socket that is bound to the address.",
     {"80: this is 80, 81: this is 81",
      "two servers on one host, each says on which port it listens; observed on Linux 6.18",
      ToTheBoundOne},
     {"80: this is 80, 81: this is 81",
      "two servers on one host, each says on which port it listens; observed on 13.0",
      ToTheBoundOne}},
    {"stream-once",
     AtlasPage::kBehaviour,
     "A connection-based socket connects once.",
     {"0, EISCONN, ECONNREFUSED, 0",
      "connected: EISCONN; after ECONNREFUSED Linux lets the socket try again; observed on Linux "
      "6.18",
      Once},
     {"0, EISCONN, ECONNREFUSED, ECONNREFUSED",
      "connected: EISCONN; after ECONNREFUSED the socket is dead and nothing is sent; observed on "
      "13.0",
      Once}},
    {"select-then-so-error",
     AtlasPage::kBehaviour,
     "After EINPROGRESS the socket becomes writable, and SO_ERROR tells the outcome.",
     {kOutcomes, "a listening port and a closed one; observed on Linux 6.18", PollThenSoError},
     {kOutcomes, "a listening port and a closed one; observed on 13.0", PollThenSoError}},
};

}  // namespace

absl::Span<const AtlasRow> StreamRows() { return kRows; }

}  // namespace drywire
