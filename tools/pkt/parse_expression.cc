// Arguments and results of system calls.
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/pkt/parse_state.h"

namespace drywire::pkt {
namespace {

using Kind = Token::Kind;
// Of lists in lists: more is no script but an attack on the stack.
constexpr int kMaxDepth = 32;

bool ParseNested(ParseState& state, int depth, Expression* expression);

// Items up to `close`, separated by commas, of which the first may be missing.
bool ParseItems(ParseState& state, char close, int depth, Expression* list) {
  if (state.TakeIf(close)) return true;
  do {
    Expression item;
    if (!ParseNested(state, depth, &item)) return false;
    std::string name;
    if (close == '}' && state.token().Is('=') &&
        (item.kind == Expression::Kind::kWord || item.kind == Expression::Kind::kCall)) {
      name = item.text;
      state.Next();
      if (!ParseNested(state, depth, &item)) return false;
    }
    list->items.push_back(std::move(item));
    if (list->kind == Expression::Kind::kStruct) list->names.push_back(std::move(name));
  } while (state.TakeIf(','));
  return state.Take(close);
}

bool ParseString(ParseState& state, Expression* expression) {
  expression->kind = Expression::Kind::kString;
  while (state.token().kind == Kind::kString) {
    std::string part;
    std::string error;
    if (!absl::CUnescape(state.token().text, &part, &error)) {
      return state.Wrong(state.token(), absl::StrCat("expected C's escapes: ", error));
    }
    expression->text += part;
    state.Next();
  }
  if (state.token().kind == Kind::kEllipsis) {
    expression->open = true;
    state.Next();
  }
  return true;
}

bool ParseOperand(ParseState& state, int depth, Expression* expression) {
  if (depth > kMaxDepth) return state.Expected("fewer brackets in brackets");
  *expression = Expression();
  expression->place = state.token().place;
  switch (state.token().kind) {
    case Kind::kEllipsis:
      state.Next();
      return true;
    case Kind::kInteger:
    case Kind::kHex:
      expression->kind = Expression::Kind::kInteger;
      expression->integer = state.token().integer;
      state.Next();
      return true;
    case Kind::kString:
      return ParseString(state, expression);
    case Kind::kWord:
      expression->kind = Expression::Kind::kWord;
      expression->text = state.token().text;
      state.Next();
      if (!state.TakeIf('(')) return true;
      expression->kind = Expression::Kind::kCall;
      return ParseItems(state, ')', depth + 1, expression);
    default:
      break;
  }
  if (state.TakeIf('[')) {
    expression->kind = Expression::Kind::kList;
    return ParseItems(state, ']', depth + 1, expression);
  }
  if (state.TakeIf('{')) {
    expression->kind = Expression::Kind::kStruct;
    return ParseItems(state, '}', depth + 1, expression);
  }
  return state.Expected("a value: a number, a name, a \"text\", [a list], {a struct} or ...");
}

bool ParseNested(ParseState& state, int depth, Expression* expression) {
  if (!ParseOperand(state, depth, expression)) return false;
  if (!state.token().Is('|')) return true;
  Expression all;
  all.kind = Expression::Kind::kOr;
  all.place = expression->place;
  all.items.push_back(std::move(*expression));
  while (state.TakeIf('|')) {
    Expression operand;
    if (!ParseOperand(state, depth, &operand)) return false;
    all.items.push_back(std::move(operand));
  }
  *expression = std::move(all);
  return true;
}

// (flags O_RDWR), (Connection refused): what people read.
bool SkipNote(ParseState& state) {
  while (!state.token().Is(')')) {
    if (state.token().kind == Kind::kEnd || state.token().kind == Kind::kError) {
      return state.Expected("')' after the note");
    }
    state.Next();
  }
  state.Next();
  return true;
}

}  // namespace

bool ParseExpression(ParseState& state, Expression* expression) {
  return ParseNested(state, 0, expression);
}

bool ParseCall(ParseState& state, CallSpec* call) {
  const size_t begin = state.token().begin;
  if (state.token().kind != Kind::kWord) return state.Expected("the name of a system call");
  call->name = state.token().text;
  state.Next();
  if (!state.Take('(')) return false;
  Expression arguments;
  if (!ParseItems(state, ')', 1, &arguments)) return false;
  call->arguments = std::move(arguments.items);
  if (!state.Take('=') || !ParseExpression(state, &call->result)) return false;
  if (state.token().kind == Kind::kWord) {
    call->error = state.token().text;
    state.Next();
  }
  call->text = state.lexer().TextBetween(begin, state.last_end());
  return !state.TakeIf('(') || SkipNote(state);
}

}  // namespace drywire::pkt
