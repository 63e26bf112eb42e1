#include "tools/pkt/shell.h"

#include <utility>

#include "absl/status/status.h"

namespace drywire::pkt {
namespace {

class Splitter {
 public:
  explicit Splitter(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Pipeline>> Split() {
    while (at_ < text_.size()) {
      const absl::Status status = Step();
      if (!status.ok()) return status;
    }
    EndPipeline(Pipeline::When::kAlways);
    return std::move(pipelines_);
  }

 private:
  bool Comes(absl::string_view what) const { return text_.substr(at_, what.size()) == what; }

  absl::Status Step() {
    const char c = text_[at_];
    if (Comes("\\\n")) {
      at_ += 2;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      EndWord();
      ++at_;
    } else if (c == '#' && !in_word_) {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (c == '\n' || c == ';') {
      EndPipeline(Pipeline::When::kAlways);
      ++at_;
    } else if (Comes("&&") || Comes("||")) {
      EndPipeline(c == '&' ? Pipeline::When::kAfterSuccess : Pipeline::When::kAfterFailure);
      at_ += 2;
    } else if (c == '|') {
      EndCommand();
      ++at_;
    } else if (c == '>' || Comes("&>")) {
      return Redirect();
    } else if (c == '\'' || c == '"') {
      return Quoted(c);
    } else if (c == '\\' && at_ + 1 < text_.size()) {
      Append(text_[at_ + 1]);
      at_ += 2;
    } else {
      Append(c);
      ++at_;
    }
    return absl::OkStatus();
  }

  absl::Status Quoted(char quote) {
    const size_t end = text_.find(quote, at_ + 1);
    if (end == absl::string_view::npos) {
      return absl::InvalidArgumentError("a quote without its end");
    }
    word_ += std::string(text_.substr(at_ + 1, end - at_ - 1));
    in_word_ = true;
    at_ = end + 1;
    return absl::OkStatus();
  }

  // >file, 2>&1, &>file: the number before it is no word.
  absl::Status Redirect() {
    const bool errors = word_ == "2";
    if (word_ == "1" || word_ == "2") {
      word_.clear();
      in_word_ = false;
    }
    EndWord();
    while (at_ < text_.size() && (text_[at_] == '>' || text_[at_] == '&')) ++at_;
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    std::string file;
    while (at_ < text_.size() && text_.substr(at_, 1).find_first_of(" \t\n;|&") != 0) {
      file += text_[at_++];
    }
    if (file.empty()) return absl::InvalidArgumentError("a redirection to nowhere");
    if (!errors) pipeline_.to = std::move(file);
    return absl::OkStatus();
  }

  void Append(char c) {
    word_ += c;
    in_word_ = true;
  }
  void EndWord() {
    if (in_word_) command_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }
  void EndCommand() {
    EndWord();
    if (!command_.empty()) pipeline_.commands.push_back(std::move(command_));
    command_.clear();
  }
  void EndPipeline(Pipeline::When next) {
    EndCommand();
    if (!pipeline_.commands.empty()) pipelines_.push_back(std::move(pipeline_));
    pipeline_ = Pipeline();
    pipeline_.when = next;
  }

  absl::string_view text_;
  size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  std::vector<std::string> command_;
  Pipeline pipeline_;
  std::vector<Pipeline> pipelines_;
};

}  // namespace

absl::StatusOr<std::vector<Pipeline>> SplitShell(absl::string_view text) {
  return Splitter(text).Split();
}

}  // namespace drywire::pkt
