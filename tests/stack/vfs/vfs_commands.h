// Calls on a MemoryVfs written as text, so that tests are tables: "rename d/sub x", "mkdir d/
// 0755".
#ifndef DRYWIRE_TESTS_STACK_VFS_VFS_COMMANDS_H_
#define DRYWIRE_TESTS_STACK_VFS_VFS_COMMANDS_H_

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "stack/personality/profile.h"
#include "stack/vfs/memory_vfs.h"

namespace drywire {

// One filesystem and one process on it, which starts as root in a directory /w of its own.
class VfsCommands {
 public:
  explicit VfsCommands(const Profile& profile) : profile_(profile), vfs_(&profile_.vfs) {
    EXPECT_TRUE(vfs_.AddDirectory("/w", 0777).ok());
    context_ = vfs_.OwnerContext();
    context_.credentials = &credentials_;
    context_.umask = 022;
    EXPECT_EQ(Run("chdir /w"), "ok");
  }

  MemoryVfs& vfs() { return vfs_; }
  Profile& profile() { return profile_; }
  Credentials& credentials() { return credentials_; }
  PathContext& context() { return context_; }

  // "user 1000", "user 1000 2000 3000": uid, gid, one more group. "ok".
  // Every other command is a call; its result is "ok", what it read, or the cause's name.
  // N256 stands for a name of 256 letters, EMPTY for "".
  std::string Run(const std::string& command);

  Attributes Stat(const std::string& path) {
    const Result<NodeRef> node = vfs_.Lookup(vfs_.OwnerContext(), "/w/" + path, false);
    EXPECT_TRUE(node.ok()) << path;
    return node.ok() ? (*node)->Stat() : Attributes();
  }
  std::string Mode(const std::string& path) {
    char text[16];
    std::snprintf(text, sizeof text, "%05o", Stat(path).mode);
    return text;
  }

 private:
  static uint32_t Number(const std::string& text) {
    return text == "-1" ? kUnchangedId
                        : static_cast<uint32_t>(std::strtoul(text.c_str(), nullptr, 0));
  }
  std::string Open(const std::string& path, const std::string& flags);

  Profile profile_;
  MemoryVfs vfs_;
  Credentials credentials_;
  PathContext context_;
};

inline std::string ResultText(const Result<>& result) {
  return result.ok() ? "ok" : std::string(CauseName(result.cause()));
}
template <typename T>
std::string ResultText(const Result<T>& result) {
  return result.ok() ? "ok" : std::string(CauseName(result.cause()));
}

// Flags: r w c(reate) x (exclusive) t(runcate) d(irectory) n(ofollow).
inline std::string VfsCommands::Open(const std::string& path, const std::string& flags) {
  const auto has = [&](char flag) { return flags.find(flag) != std::string::npos; };
  OpenRequest request;
  request.access = (has('r') ? kMayRead : 0u) | (has('w') || has('t') ? kMayWrite : 0u);
  request.writes = has('w') || has('t');
  request.create = has('c');
  request.exclusive = has('x');
  request.truncate = has('t');
  request.directory = has('d');
  request.follow = !has('n');
  request.mode = 0666;
  return ResultText(vfs_.Open(context_, path, request));
}

inline std::string VfsCommands::Run(const std::string& command) {
  std::vector<std::string> words = absl::StrSplit(command, ' ');
  for (std::string& word : words) {
    word = absl::StrReplaceAll(word, {{"N256", std::string(256, 'n')}, {"EMPTY", ""}});
  }
  words.resize(5);
  const std::string& call = words[0];
  const std::string& path = words[1];
  const std::string& second = words[2];
  if (call == "user") {
    credentials_ = Credentials{Number(path), Number(second.empty() ? path : second), {}};
    if (!words[3].empty()) credentials_.groups = {Number(words[3])};
    return "ok";
  }
  if (call == "open") return Open(path, second);
  if (call == "stat") return ResultText(vfs_.Lookup(context_, path, true));
  if (call == "lstat") return ResultText(vfs_.Lookup(context_, path, false));
  if (call == "access") return ResultText(vfs_.Access(context_, path, Number(second)));
  if (call == "mkdir") {
    return ResultText(vfs_.MakeDirectory(context_, path, second.empty() ? 0777 : Number(second)));
  }
  if (call == "mkfifo" || call == "mknod") {
    const FileType type = call == "mkfifo" ? FileType::kFifo : FileType::kRegular;
    return ResultText(vfs_.MakeNode(context_, path, type, second.empty() ? 0666 : Number(second)));
  }
  if (call == "rmdir") return ResultText(vfs_.RemoveDirectory(context_, path));
  if (call == "unlink") return ResultText(vfs_.Unlink(context_, path));
  if (call == "rename") return ResultText(vfs_.Rename(context_, path, second));
  if (call == "link") return ResultText(vfs_.Link(context_, path, second));
  if (call == "symlink") return ResultText(vfs_.Symlink(context_, path, second));
  if (call == "readlink") {
    const Result<std::string> target = vfs_.ReadLink(context_, path);
    return target.ok() ? *target : ResultText(target);
  }
  if (call == "chmod") return ResultText(vfs_.ChangeMode(context_, path, Number(second)));
  if (call == "chown" || call == "lchown") {
    return ResultText(vfs_.ChangeOwner(context_, path, Number(second), Number(words[3]),
                                       /*follow=*/call == "chown"));
  }
  if (call == "truncate") return ResultText(vfs_.Truncate(context_, path, Number(second)));
  if (call == "chdir" || call == "chroot") {
    const Result<NodeRef> node = call == "chdir" ? vfs_.FindWorkingDirectory(context_, path)
                                                 : vfs_.FindRootDirectory(context_, path);
    if (node.ok()) (call == "chdir" ? context_.directory : context_.root) = *node;
    return ResultText(node);
  }
  if (call == "getcwd") {
    const Result<std::string> directory = vfs_.WorkingDirectory(context_);
    return directory.ok() ? *directory : ResultText(directory);
  }
  if (call == "bind") return ResultText(vfs_.BindSocket(context_, path, nullptr));
  if (call == "connect") return ResultText(vfs_.FindSocket(context_, path));
  ADD_FAILURE() << "no such command: " << command;
  return "";
}

// Both systems, for tables with a column for each.
struct VfsRow {
  const char* command;
  const char* linux_result;
  const char* freebsd_result = nullptr;  // null: the same
};

// What every table begins from: f, hf (a hard link to it), d/sub, e (empty), and the links ld -> d,
// lf -> f, lm -> missing, loop -> loop; a FIFO and a socket.
inline void MakeUsualTree(VfsCommands& vfs) {
  for (const char* command :
       {"open f cw", "link f hf", "mkdir d", "mkdir d/sub", "mkdir e", "symlink d ld",
        "symlink f lf", "symlink missing lm", "symlink loop loop", "mkfifo fifo", "bind sock"}) {
    EXPECT_EQ(vfs.Run(command), "ok") << command;
  }
}

// Runs each row's command in a fresh tree on each system. A command may be several, joined by "; ";
// the last one's result counts.
inline void CheckRows(const std::vector<VfsRow>& rows, void (*prepare)(VfsCommands&)) {
  for (const VfsRow& row : rows) {
    for (const Profile& profile : {LinuxProfile(), FreeBsdProfile()}) {
      VfsCommands vfs(profile);
      prepare(vfs);
      std::string result;
      const std::vector<std::string> commands = absl::StrSplit(row.command, "; ");
      for (const std::string& command : commands) result = vfs.Run(command);
      const bool first = profile.name == "linux" || row.freebsd_result == nullptr;
      EXPECT_EQ(result, first ? row.linux_result : row.freebsd_result)
          << profile.name << ": " << row.command;
    }
  }
}

}  // namespace drywire

#endif  // DRYWIRE_TESTS_STACK_VFS_VFS_COMMANDS_H_
