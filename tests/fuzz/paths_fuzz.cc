// Any sequence of calls on paths, by several users, on a filesystem with mounts: the tree stays a
// tree, links are counted right, and what fails changes nothing.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/core/check.h"
#include "stack/personality/profile.h"
#include "stack/vfs/inode.h"
#include "stack/vfs/memory_vfs.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random_seeds.h"

namespace drywire {

std::vector<std::string> FuzzSeeds() { return RandomSeeds(40, 800); }

namespace {

class PathFuzzer {
 public:
  PathFuzzer(ByteSource* bytes, const Profile& profile)
      : bytes_(*bytes), profile_(profile), vfs_(&profile_.vfs) {
    DRYWIRE_CHECK(vfs_.AddDirectory("/m").ok());
    DRYWIRE_CHECK(vfs_.AddMount("/m").ok());
    DRYWIRE_CHECK(vfs_.AddDirectory("/m/w", 0777).ok());
    context_ = vfs_.OwnerContext();
    context_.credentials = &credentials_;
  }

  void Run() {
    for (int i = 0; i < 200 && !bytes_.empty(); ++i) {
      const std::string before = Digest();
      const Result<> result = Step();
      if (!result.ok()) DRYWIRE_CHECK(Digest() == before) << CauseName(result.cause());
      CheckTree();
      // Time passes.
      context_.now = context_.now + Duration::Seconds(1);
    }
  }

 private:
  std::string Path() {
    static const char* const kNames[] = {"a", "b", "c", "l", "tmp", "m", "w", ".", "..", ""};
    std::string path = bytes_.Below(3) == 0 ? "/" : "";
    const uint32_t count = bytes_.Below(5);
    for (uint32_t i = 0; i <= count; ++i) {
      const uint32_t kind = bytes_.Below(24);
      if (i > 0) path += "/";
      if (kind < 20) {
        path += kNames[kind % 10];
      } else if (kind == 20) {
        path += std::string(250 + bytes_.Below(10), 'n');
      } else if (kind == 21) {
        path += std::string(bytes_.Two() % 5000, '/');
      } else {
        path += static_cast<char>(bytes_.Byte() | 1);
      }
    }
    if (bytes_.Below(4) == 0) path += "/";
    return path;
  }

  template <typename T>
  static Result<> Plain(const Result<T>& result) {
    return result.ok() ? Result<>() : result.cause();
  }

  void BecomeSomebody() {
    credentials_ = Credentials{};
    credentials_.uid = bytes_.Below(3) * 1000;
    credentials_.gid = bytes_.Below(3) * 1000;
    if (bytes_.Flag()) credentials_.groups = {1000};
    if (bytes_.Below(4) == 0) credentials_.capabilities = {Capability::kDacReadSearch};
    context_.umask = bytes_.Two() & 0777;
  }

  OpenRequest Request() {
    OpenRequest request;
    const uint8_t flags = bytes_.Byte();
    request.writes = (flags & 1) != 0;
    request.access = request.writes ? kMayRead | kMayWrite : kMayRead;
    request.create = (flags & 2) != 0;
    request.exclusive = (flags & 4) != 0;
    request.truncate = request.writes && (flags & 8) != 0;
    request.directory = (flags & 16) != 0;
    request.follow = (flags & 32) == 0;
    request.mode = bytes_.Two() & 07777;
    return request;
  }

  Result<> Step() {
    switch (bytes_.Below(20)) {
      case 0:
        BecomeSomebody();
        return {};
      case 1:
      case 2:
        return vfs_.MakeDirectory(context_, Path(), bytes_.Two());
      case 3:
        return vfs_.RemoveDirectory(context_, Path());
      case 4:
        return vfs_.Unlink(context_, Path());
      case 5:
      case 6: {
        const std::string from = Path();
        return vfs_.Rename(context_, from, Path());
      }
      case 7: {
        const std::string from = Path();
        return vfs_.Link(context_, from, Path());
      }
      case 8:
      case 9: {
        const std::string target = Path();
        return vfs_.Symlink(context_, target, Path());
      }
      case 10:
      case 11:
        return OpenAndWrite();
      case 12:
        return vfs_.ChangeMode(context_, Path(), bytes_.Two());
      case 13:
        return vfs_.ChangeOwner(context_, Path(), bytes_.Below(3) * 1000, bytes_.Below(3) * 1000,
                                bytes_.Flag());
      case 14:
        return Plain(vfs_.BindSocket(context_, Path(), nullptr));
      case 15:
        return vfs_.Truncate(context_, Path(), bytes_.Byte());
      default:
        return Look();
    }
  }

  Result<> OpenAndWrite() {
    const OpenRequest request = Request();
    const Result<NodeRef> node = vfs_.Open(context_, Path(), request);
    if (!node.ok()) return node.cause();
    const uint8_t byte = bytes_.Byte();
    if (request.writes && (*node)->type() == FileType::kRegular) {
      DRYWIRE_CHECK((*node)->WriteAt(byte, absl::MakeConstSpan(&byte, 1), context_.actor()).ok());
    }
    return {};
  }

  // What changes the process at most.
  Result<> Look() {
    switch (bytes_.Below(6)) {
      case 0:
        return vfs_.Access(context_, Path(), bytes_.Below(8));
      case 1:
        return Plain(vfs_.ReadLink(context_, Path()));
      case 2: {
        const Result<NodeRef> node = vfs_.FindWorkingDirectory(context_, Path());
        if (!node.ok()) return node.cause();
        context_.directory = *node;
        (void)vfs_.WorkingDirectory(context_).ok();
        return {};
      }
      case 3: {
        const Result<NodeRef> node = vfs_.FindRootDirectory(context_, Path());
        if (!node.ok()) return node.cause();
        context_.root = bytes_.Flag() ? *node : vfs_.Root();
        return {};
      }
      case 4:
        read_only_ = !read_only_;
        return vfs_.SetReadOnly("/m", read_only_);
      default:
        return Plain(vfs_.Lookup(context_, Path(), bytes_.Flag()));
    }
  }

  // Everything but access times, which looking changes.
  static void Describe(const Inode& inode, std::string* text) {
    const Attributes is = inode.Stat();
    absl::StrAppend(text, is.number, " ", static_cast<int>(is.type), " ", is.mode, " ", is.uid, " ",
                    is.gid, " ", is.links, " ", is.modified.nanos(), " ", is.changed.nanos(), " ",
                    inode.contents(), "{");
    for (const auto& entry : inode.entries()) {
      absl::StrAppend(text, entry.first, "=");
      Describe(*entry.second, text);
    }
    absl::StrAppend(text, "}");
    if (inode.mounted() != nullptr) Describe(*inode.mounted()->root, text);
  }
  std::string Digest() {
    std::string text;
    Describe(*Inode::Of(vfs_.Root().get()), &text);
    return text;
  }

  void CheckDirectory(const Inode& directory, std::map<const Inode*, uint32_t>* names) {
    uint32_t below = 0;
    for (const auto& entry : directory.entries()) {
      const Inode& inode = *entry.second;
      DRYWIRE_CHECK(!entry.first.empty() && entry.first != "." && entry.first != "..");
      DRYWIRE_CHECK(entry.first.find('/') == std::string::npos && entry.first.size() <= 255);
      DRYWIRE_CHECK(inode.mount() == directory.mount());
      ++(*names)[&inode];
      if (!inode.IsDirectory()) continue;
      ++below;
      DRYWIRE_CHECK(inode.parent() == &directory && inode.name() == entry.first);
      DRYWIRE_CHECK(!inode.removed() && (*names)[&inode] == 1);
      CheckDirectory(inode, names);
      if (inode.mounted() != nullptr) CheckDirectory(*inode.mounted()->root, names);
    }
    DRYWIRE_CHECK(directory.links() == 2 + below);
  }
  void CheckTree() {
    std::map<const Inode*, uint32_t> names;
    CheckDirectory(*Inode::Of(vfs_.Root().get()), &names);
    for (const auto& [inode, count] : names) {
      if (!inode->IsDirectory()) DRYWIRE_CHECK(inode->links() == count);
    }
  }

  ByteSource& bytes_;
  Profile profile_;
  MemoryVfs vfs_;
  Credentials credentials_;
  PathContext context_;
  bool read_only_ = false;
};

}  // namespace
}  // namespace drywire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const drywire::Profile& profile : {drywire::LinuxProfile(), drywire::FreeBsdProfile()}) {
    drywire::ByteSource bytes(data, size);
    drywire::PathFuzzer(&bytes, profile).Run();
  }
  return 0;
}
