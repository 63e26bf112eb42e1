#include "tools/pkt/parser.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/pkt/parse_state.h"
#include "tools/pkt/syntax.h"

namespace drywire::pkt {
namespace {

using Kind = Token::Kind;
constexpr size_t kQuotedLength = 40;
constexpr int64_t kMaxSeconds = 1'000'000'000;

std::string Quote(const Token& token, std::string text) {
  if (token.kind == Kind::kEnd) return "end of the script";
  if (text.size() > kQuotedLength) text = absl::StrCat(text.substr(0, kQuotedLength), "...");
  return absl::StrCat("'", text, "'");
}

}  // namespace

bool ParseState::Expected(absl::string_view what) {
  return Wrong(token_, absl::StrCat("expected ", what));
}

bool ParseState::Wrong(const Token& token, absl::string_view message) {
  if (!error_.empty()) return false;
  error_place_ = token.place;
  error_ =
      token.kind == Kind::kError
          ? token.text
          : absl::StrCat(Quote(token, lexer_.TextBetween(token.begin, token.end)), ": ", message);
  return false;
}

bool ParseState::Take(char symbol) {
  if (TakeIf(symbol)) return true;
  const char text[] = {'\'', symbol, '\'', '\0'};
  return Expected(text);
}

bool ParseState::TakeIf(char symbol) {
  if (!token_.Is(symbol)) return false;
  Next();
  return true;
}

bool ParseState::TakeWord(absl::string_view word) {
  return TakeIfWord(word) || Expected(absl::StrCat("'", word, "'"));
}

bool ParseState::TakeIfWord(absl::string_view word) {
  if (!token_.IsWord(word)) return false;
  Next();
  return true;
}

bool ParseState::TakeInteger(absl::string_view what, int64_t min, int64_t max, int64_t* value) {
  if (token_.kind != Kind::kInteger && token_.kind != Kind::kHex) return Expected(what);
  if (token_.integer < min || token_.integer > max) {
    return Expected(absl::StrCat(what, " from ", min, " to ", max));
  }
  *value = token_.integer;
  Next();
  return true;
}

bool ParseState::TakeTime(int64_t* usecs) {
  if (token_.kind != Kind::kInteger && token_.kind != Kind::kDecimal) {
    return Expected("a time in seconds");
  }
  if (absl::StartsWith(token_.text, "-")) return Expected("a time that is not negative");
  const size_t point = token_.text.find('.');
  const std::string whole = token_.text.substr(0, point);
  std::string part = point == std::string::npos ? "" : token_.text.substr(point + 1);
  part.resize(6, '0');
  int64_t seconds = 0;
  int64_t micros = 0;
  if ((!whole.empty() && !absl::SimpleAtoi(whole, &seconds)) || seconds > kMaxSeconds ||
      !absl::SimpleAtoi(part, &micros)) {
    return Expected("a time of at most 10^9 seconds");
  }
  *usecs = seconds * 1'000'000 + micros;
  Next();
  return true;
}

namespace {

bool ParseOption(ParseState& state, Script* script) {
  const Token token = state.token();
  const OptionSyntax* syntax = FindOption(token.text);
  if (syntax == nullptr) return state.Expected("an option of packetdrill");
  ScriptOption option{token.place, token.text, ""};
  const bool has_value = state.lexer().TakeOptionValue(&option.value);
  if (has_value == syntax->value.empty()) {
    return state.Wrong(token,
                       has_value ? "expected no value" : absl::StrCat("expected =", syntax->value));
  }
  if (option.name == "define") {
    const size_t equals = option.value.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return state.Wrong(token, "expected =NAME=VALUE");
    }
    state.definitions()[option.value.substr(0, equals)] = option.value.substr(equals + 1);
  } else if (option.value.size() >= 2 && option.value.front() == '"' &&
             option.value.back() == '"') {
    option.value = option.value.substr(1, option.value.size() - 2);
  }
  script->options.push_back(std::move(option));
  state.Next();
  return true;
}

bool ParseEventTime(ParseState& state, EventTime* time) {
  if (state.TakeIf('*')) {
    time->kind = EventTime::Kind::kAny;
    return true;
  }
  const bool relative = state.TakeIf('+');
  if (!state.TakeTime(&time->usecs)) return false;
  time->kind = relative ? EventTime::Kind::kRelative : EventTime::Kind::kAbsolute;
  if (!state.TakeIf('~')) return true;
  time->kind = relative ? EventTime::Kind::kRelativeRange : EventTime::Kind::kAbsoluteRange;
  if (relative && !state.Take('+')) return false;
  const Token end = state.token();
  if (!state.TakeTime(&time->end_usecs)) return false;
  return time->end_usecs >= time->usecs ||
         state.Wrong(end, "expected a time that is not before the range's beginning");
}

bool ParseTimedCall(ParseState& state, Event* event) {
  CallSpec call;
  if (state.token().kind == Kind::kEllipsis) {
    if (event->time.kind != EventTime::Kind::kAbsolute &&
        event->time.kind != EventTime::Kind::kRelative) {
      return state.Expected("a system call: only one time can have an end (T1...T2)");
    }
    state.Next();
    const Token end = state.token();
    int64_t usecs = 0;
    if (!state.TakeTime(&usecs)) return false;
    if (usecs < event->time.usecs) {
      return state.Wrong(end, "expected a time that is not before the call's beginning");
    }
    call.end_usecs = usecs;
  }
  if (!ParseCall(state, &call)) return false;
  event->action = std::move(call);
  return true;
}

bool ParseEvent(ParseState& state, Script* script) {
  Event event;
  event.place = state.token().place;
  if (!ParseEventTime(state, &event.time)) return false;
  const Token& token = state.token();
  if (token.Is('<') || token.Is('>')) {
    PacketSpec packet;
    event.place = token.place;
    if (!ParsePacket(state, &packet)) return false;
    event.action = std::move(packet);
  } else if (token.kind == Kind::kCommand) {
    event.action = CommandSpec{token.text};
    state.Next();
  } else if (token.kind == Kind::kCode) {
    event.action = CodeSpec{token.text};
    state.Next();
  } else if (token.kind == Kind::kWord || token.kind == Kind::kEllipsis) {
    if (!ParseTimedCall(state, &event)) return false;
  } else {
    return state.Expected("a packet (< or >), a system call, a `command` or %{ code }%");
  }
  script->events.push_back(std::move(event));
  return true;
}

bool ParseAll(ParseState& state, Script* script) {
  while (state.token().kind == Kind::kOption) {
    if (!ParseOption(state, script)) return false;
  }
  if (state.token().kind == Kind::kCommand) {
    script->init_command = state.token().text;
    script->init_place = state.token().place;
    state.Next();
  }
  while (state.token().kind != Kind::kEnd && state.token().kind != Kind::kCommand) {
    if (!ParseEvent(state, script)) return false;
  }
  if (state.token().kind == Kind::kCommand) {
    script->cleanup_command = state.token().text;
    script->cleanup_place = state.token().place;
    state.Next();
  }
  if (state.token().kind != Kind::kEnd) return state.Expected("the end of the script");
  return !script->events.empty() || state.Expected("an event: a time and what happens then");
}

}  // namespace

absl::StatusOr<Script> ParseScript(absl::string_view path, absl::string_view text,
                                   const Definitions& definitions) {
  Script script;
  script.path = std::string(path);
  ParseState state(text, definitions);
  if (ParseAll(state, &script)) return script;
  return absl::InvalidArgumentError(absl::StrCat(path, ":", state.error_place().line, ":",
                                                 state.error_place().column, ": ", state.error()));
}

}  // namespace drywire::pkt
