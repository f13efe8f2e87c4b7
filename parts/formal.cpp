#include "longhaul/parts/formal.h"

#include <algorithm>

#include "longhaul/error.h"

namespace longhaul {
namespace {
constexpr int64_t kWindow = 3;  // symbols that the shallow baseline sees
}

InputLengths::InputLengths(Options& options, const Bounds& bounds)
    : bounds_(bounds),
      min_(options.integer("min_length", bounds.shortest, "fewest symbols of an input",
                           bounds.shortest, bounds.longest)),
      max_(options.integer("max_length", 40, "most symbols of an input", bounds.enough,
                           bounds.longest)) {
  if (min_ > max_)
    options.problem("min_length",
                    text("found ", min_, ", allowed: at most ", max_, " (max_length)"));
}

OptionMap InputLengths::at(int64_t length) const {
  require(length >= bounds_.enough && length <= bounds_.longest, "inputs of length ", length,
          ", allowed: ", bounds_.enough, " .. ", bounds_.longest,
          " (shorter ones are too few for three splits)");
  return {{"min_length", length}, {"max_length", length}};
}

int64_t FormalTask::vocab() const {
  const bool has_slots = readout() == Readout::token;
  return 1 + static_cast<int64_t>(symbols().size()) + (has_slots ? 1 : 0);
}

int64_t FormalTask::classes() const { return static_cast<int64_t>(answers().size()); }

Readout FormalTask::readout() const {
  return slots(lengths_.max()) > 0 ? Readout::token : Readout::sequence;
}

int64_t FormalTask::max_length() const { return lengths_.max() + slots(lengths_.max()); }

Example FormalTask::draw(Rng& rng) const {
  const Word word = draw_word(rng, lengths_.draw(rng));
  const std::string known = symbols(), classes = answers();
  Example example;
  for (char symbol : word.input)
    example.tokens.push_back(static_cast<int32_t>(known.find(symbol) + 1));
  if (readout() == Readout::token) {
    example.targets.assign(word.input.size(), kIgnore);
    const auto empty = static_cast<int32_t>(known.size() + 1);
    example.tokens.insert(example.tokens.end(), slots(static_cast<int64_t>(word.input.size())),
                          empty);
  }
  for (char answer : word.answer)
    example.targets.push_back(static_cast<int32_t>(classes.find(answer)));
  if (readout() == Readout::token) example.targets.resize(example.tokens.size(), kIgnore);
  return example;
}

Word FormalTask::read(const Example& example) const {
  const std::string known = symbols(), classes = answers();
  Word word;
  for (int32_t token : example.tokens)
    if (token <= static_cast<int32_t>(known.size())) word.input += known[token - 1];
  for (int32_t target : example.targets)
    if (target != kIgnore) word.answer += classes[target];
  return word;
}

Shallow FormalTask::shallow(const Example& example, int64_t t) const {
  const int64_t end = readout() == Readout::token ? t : static_cast<int64_t>(example.tokens.size());
  int64_t key = 0;
  for (int64_t i = std::max<int64_t>(end - kWindow, 0); i < end; ++i)
    key = key * vocab() + example.tokens[i];
  return {.key = key};
}

std::string FormalTask::show(const Example& example) const {
  const Word word = read(example);
  return word.input + " -> " + word.answer + '\n';
}

std::string digits(int64_t count) { return std::string("0123456789").substr(0, count); }

std::string random_string(Rng& rng, const std::string& symbols, int64_t length) {
  std::string drawn(length, ' ');
  for (char& symbol : drawn) symbol = symbols[rng.below(static_cast<int64_t>(symbols.size()))];
  return drawn;
}

std::string random_number(Rng& rng, int64_t length) {
  std::string bits;
  do bits = random_string(rng, "01", length);
  while (bits.find('1') == std::string::npos);
  return bits;
}

}  // namespace longhaul
