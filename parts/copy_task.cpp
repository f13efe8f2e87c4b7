#include "longhaul/parts/copy_task.h"

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"

namespace longhaul {

CopyTask::CopyTask(Options& options, const Size& defaults)
    : CopyTask(
          {.length =
               options.integer("length", defaults.length, "tokens of an example", 2, 4'000'000),
           .vocabulary = static_cast<int32_t>(
               options.integer("vocabulary", defaults.vocabulary,
                               "symbols, the blank and the marker among them", 4, 1'000'000)),
           .tokens = options.integer("tokens", defaults.tokens, "symbols to copy", 1, 2'000'000)},
          {.first_symbol = 2, .blank = 1, .marker = "?"}) {
  const std::string wrong = CopyTask::complaint(size_.length);
  if (!wrong.empty()) options.problem("length", wrong);
}

OptionMap CopyTask::at_length(int64_t length) const {
  return symbols::length_option(length, complaint(length));
}

Shallow CopyTask::shallow(const Example& example, int64_t) const {
  const int64_t before_answers = size_.length - size_.tokens;
  return {.guess =
              symbols::most_frequent(example, before_answers, ids_.first_symbol, last_symbol()) -
              ids_.first_symbol};
}

std::string CopyTask::show(const Example& example) const {
  const auto token = [this](int32_t id) {
    if (id == ids_.blank) return std::string("_");
    return id == marker() ? std::string(ids_.marker) : std::to_string(id - ids_.first_symbol);
  };
  return symbols::rows(example, token, [](int32_t symbol) { return std::to_string(symbol); });
}

std::string CopyTask::complaint(int64_t length) const {
  if (length >= 2 * size_.tokens) return "";
  return text("found ", length, ", allowed: at least ", 2 * size_.tokens, " (", size_.tokens,
              " symbols and as many markers)");
}

}  // namespace longhaul
