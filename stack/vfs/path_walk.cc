#include "stack/vfs/path_walk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace drywire {
namespace {

// One resolution under way.
class Walk {
 public:
  Walk(const VfsProfile& profile, PathJudge& judge, const PathContext& context,
       const WalkRequest& request)
      : profile_(profile), judge_(judge), context_(context), request_(request) {}

  Result<Place> Run(absl::string_view path);

 private:
  enum class Step : uint8_t { kNext, kEnd };

  bool lookup_judges() const { return profile_.name_rule == NameRule::kLookupJudges; }
  // Takes the next component off what is left to resolve.
  void TakeComponent();
  // A path, or the rest of one, that has no component.
  Result<Step> Degenerate();
  Result<Step> DotDot();
  Result<Step> Component();
  Result<> JudgeBeforeLookup() const;
  Result<Step> Missing();
  Result<Step> Found(Ref<Inode> inode);
  Result<> Follow(const Inode& link);
  // The end: `inode` may be null.
  Result<Step> End(Ref<Inode> inode);
  // Goes on below `inode`.
  Result<Step> Descend(Ref<Inode> inode);
  Inode* Root() const { return Inode::Of(context_.root.get()); }

  const VfsProfile& profile_;
  PathJudge& judge_;
  const PathContext& context_;
  const WalkRequest& request_;
  std::string text_;  // being resolved; links have put their targets in
  size_t at_ = 0;     // what is left of it begins here
  Ref<Inode> directory_;
  std::string name_;
  bool last_ = false;
  bool trailing_slash_ = false;
  int64_t links_ = 0;
  Place place_;
};

Result<Place> Walk::Run(absl::string_view path) {
  if (path.empty()) return Cause::kPathEmpty;
  if (static_cast<int64_t>(path.size()) >= profile_.path_max) return Cause::kPathTooLong;
  text_ = std::string(path);
  directory_ = Ref<Inode>(path.front() == '/' ? Root() : Inode::Of(context_.directory.get()));
  for (;;) {
    TakeComponent();
    const Result<Step> step = name_.empty() ? Degenerate() : Component();
    if (!step.ok()) return step.cause();
    if (*step == Step::kEnd) return std::move(place_);
  }
}

void Walk::TakeComponent() {
  const size_t start = text_.find_first_not_of('/', at_);
  if (start == std::string::npos) {
    name_.clear();
    at_ = text_.size();
    last_ = true;
    return;
  }
  const size_t end = std::min(text_.find('/', start), text_.size());
  name_ = text_.substr(start, end - start);
  at_ = end;
  last_ = text_.find_first_not_of('/', end) == std::string::npos;
  // What a link's target says about its own end is overruled by what stands after the link.
  if (last_) trailing_slash_ = end < text_.size();
}

Result<Walk::Step> Walk::Degenerate() {
  if (lookup_judges() && request_.intent != Intent::kLook) return Cause::kIsDirectory;
  place_.last = LastName::kNone;
  place_.directory = directory_;
  place_.inode = directory_;
  return Step::kEnd;
}

Result<Walk::Step> Walk::Component() {
  const bool too_long = static_cast<int64_t>(name_.size()) > profile_.name_max;
  if (profile_.name_length_before_search && too_long) return Cause::kComponentTooLong;
  const Result<> judged = JudgeBeforeLookup();
  if (!judged.ok()) return judged.cause();
  const bool dot_dot = name_ == "..";
  // At the root ".." is where one is, and namei does not even ask for permission.
  const bool stays = dot_dot && directory_.get() == Root();
  if (!(stays && lookup_judges())) {
    const Result<> search = judge_.CheckSearch(context_, *directory_);
    if (!search.ok()) return search.cause();
  }
  if (last_ && request_.stop_at_directory) return End(Ref<Inode>());
  if (name_ == ".") return last_ ? End(directory_) : Step::kNext;
  if (dot_dot) return DotDot();
  if (last_ && request_.refuse_slash && trailing_slash_) return Cause::kSlashAfterNewName;
  if (too_long) return Cause::kComponentTooLong;
  Inode* const inode = directory_->Find(name_);
  return inode == nullptr ? Missing() : Found(Ref<Inode>(CrossMount(inode)));
}

// What namei refuses without looking.
Result<> Walk::JudgeBeforeLookup() const {
  if (!lookup_judges() || !last_) return {};
  if (request_.intent != Intent::kRemove && request_.intent != Intent::kRename) return {};
  if (name_ == ".") return Cause::kDotEntry;
  if (name_ == "..") return Cause::kDotDotEntry;
  return directory_->mount()->read_only ? Result<>(Cause::kReadOnlyMount) : Result<>();
}

Result<Walk::Step> Walk::DotDot() {
  Ref<Inode> up = directory_;
  if (up.get() != Root()) {
    while (up->mount()->root == up && up->mount()->covered && up.get() != Root()) {
      up = up->mount()->covered;
    }
    if (up->removed() && !profile_.removed_directory_has_parent) return Cause::kDirectoryRemoved;
    if (up.get() != Root()) up = Ref<Inode>(CrossMount(up->parent()));
  }
  return last_ ? End(std::move(up)) : Descend(std::move(up));
}

Result<Walk::Step> Walk::Missing() {
  if (!last_ || request_.intent == Intent::kLook) return Cause::kNoSuchEntry;
  if (lookup_judges()) {
    if (request_.intent == Intent::kRemove) return Cause::kNoSuchEntry;
    const Result<> allowed = judge_.CheckCreate(context_, *directory_, name_);
    if (!allowed.ok()) return allowed.cause();
    if (trailing_slash_ && !request_.makes_directory) return Cause::kSlashAfterNewName;
  }
  return End(Ref<Inode>());
}

Result<Walk::Step> Walk::Found(Ref<Inode> inode) {
  const bool changes = request_.intent == Intent::kRemove || request_.intent == Intent::kRename;
  if (last_ && lookup_judges() && changes) {
    const Result<> allowed = judge_.CheckRemove(context_, *directory_, name_, *inode);
    if (!allowed.ok()) return allowed.cause();
  }
  if (inode->type() == FileType::kSymlink && (!last_ || request_.follow || trailing_slash_)) {
    const Result<> followed = Follow(*inode);
    if (!followed.ok()) return followed.cause();
    return Step::kNext;
  }
  if (!last_) return Descend(std::move(inode));
  if (trailing_slash_ && !inode->IsDirectory()) return Cause::kNotDirectory;
  return End(std::move(inode));
}

Result<> Walk::Follow(const Inode& link) {
  if (links_++ >= profile_.max_symlinks) return Cause::kTooManySymlinks;
  constexpr uint32_t kShared = kModeSticky | 0002;
  if (profile_.protected_symlinks != 0 && last_ && (directory_->mode() & kShared) == kShared &&
      link.uid() != context_.credentials->uid && link.uid() != directory_->uid()) {
    return Cause::kProtectedSymlink;
  }
  if (link.target().empty()) return Cause::kNoSuchEntry;
  // Trailing slashes have been taken off a path by the time namei counts.
  const size_t rest = last_ ? 0 : text_.size() - at_;
  if (profile_.links_count_to_path_max &&
      static_cast<int64_t>(link.target().size() + rest + 1) > profile_.path_max) {
    return Cause::kPathTooLong;
  }
  text_ = absl::StrCat(link.target(), absl::string_view(text_).substr(at_));
  at_ = 0;
  if (text_.front() == '/') directory_ = Ref<Inode>(Root());
  return {};
}

Result<Walk::Step> Walk::End(Ref<Inode> inode) {
  place_.last = name_ == "."    ? LastName::kDot
                : name_ == ".." ? LastName::kDotDot
                                : LastName::kNormal;
  place_.directory = directory_;
  place_.name = name_;
  place_.trailing_slash = trailing_slash_;
  place_.inode = std::move(inode);
  return Step::kEnd;
}

Result<Walk::Step> Walk::Descend(Ref<Inode> inode) {
  if (!inode->IsDirectory()) return Cause::kNotDirectory;
  directory_ = std::move(inode);
  return Step::kNext;
}

}  // namespace

Result<Place> WalkPath(const VfsProfile& profile, PathJudge& judge, const PathContext& context,
                       absl::string_view path, const WalkRequest& request) {
  return Walk(profile, judge, context, request).Run(path);
}

Inode* CrossMount(Inode* inode) {
  while (inode->mounted() != nullptr) inode = inode->mounted()->root.get();
  return inode;
}

}  // namespace drywire
