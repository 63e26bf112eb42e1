// Rows about the descriptor and the memory that connect() is given.
#include "tools/errors/atlas.h"

namespace drywire {
namespace {

void ClosedDescriptor(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.close(fd);
    sys.Observe(sys.connect(fd, Inet("10.0.0.2", 80)));
  });
}

void NeverOpenedDescriptor(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client",
              [](Calls& sys) { sys.Observe(sys.connect(-1, Inet("10.0.0.2", 80))); });
}

void NotASocket(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    int fds[2] = {};
    sys.pipe(fds);
    sys.Observe(sys.connect(fds[0], Inet("10.0.0.2", 80)));
  });
}

void AddressOutsideTheProcess(Scene& scene) {
  Host& client = scene.AddHost("client", "10.0.0.1/24");
  scene.Spawn(client, "client", [](Calls& sys) {
    const int fd = sys.socket(AF_INET, SOCK_STREAM);
    const auto* nowhere = reinterpret_cast<const sockaddr*>(8);  // in the page that is never mapped
    sys.Observe(sys.connect(fd, nowhere, sizeof(sockaddr_in)));
  });
}

constexpr AtlasColumn kClosedOnLinux = {
    "EBADF", "the descriptor was closed before; observed on Linux 6.18", ClosedDescriptor};
constexpr AtlasColumn kClosedOnFreeBsd = {
    "EBADF", "the descriptor was closed before; the address is judged first; observed on 13.0",
    ClosedDescriptor};

constexpr AtlasColumn kNotSocketOnLinux = {
    "ENOTSOCK", "the descriptor is the end of a pipe; observed on Linux 6.18", NotASocket};
constexpr AtlasColumn kNotSocketOnFreeBsd = {
    "ENOTSOCK", "the descriptor is the end of a pipe; observed on 13.0", NotASocket};

constexpr AtlasColumn kFaultOnLinux = {"EFAULT", "address 8 is not mapped; observed on Linux 6.18",
                                       AddressOutsideTheProcess};
constexpr AtlasColumn kFaultOnFreeBsd = {
    "EFAULT", "address 8 is not mapped; judged before the descriptor; observed on 13.0",
    AddressOutsideTheProcess};

constexpr AtlasRow kRows[] = {
    {"fbsd-ebadf", AtlasPage::kFreeBsd, "The descriptor is not open.", kClosedOnLinux,
     kClosedOnFreeBsd},
    {"fbsd-enotsock", AtlasPage::kFreeBsd, "The descriptor is of a file that is no socket.",
     kNotSocketOnLinux, kNotSocketOnFreeBsd},
    {"fbsd-efault", AtlasPage::kFreeBsd, "The address lies outside the memory of the process.",
     kFaultOnLinux, kFaultOnFreeBsd},
    {"linux-ebadf", AtlasPage::kLinux, "The descriptor is not open.", kClosedOnLinux,
     kClosedOnFreeBsd},
    {"linux-enotsock", AtlasPage::kLinux, "The descriptor is not of a socket.", kNotSocketOnLinux,
     kNotSocketOnFreeBsd},
    {"linux-efault", AtlasPage::kLinux, "The address lies outside the memory of the process.",
     kFaultOnLinux, kFaultOnFreeBsd},
    {"cause-negative-descriptor",
     AtlasPage::kCause,
     "The descriptor is -1, as an unchecked socket() returns it.",
     {"EBADF", "no descriptor has a negative number; observed on Linux 6.18",
      NeverOpenedDescriptor},
     {"EBADF", "no descriptor has a negative number; observed on 13.0", NeverOpenedDescriptor}},
};

}  // namespace

absl::Span<const AtlasRow> DescriptorRows() { return kRows; }

}  // namespace drywire
