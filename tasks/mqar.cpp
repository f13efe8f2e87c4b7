// Multi-query associative recall (Arora et al. 2023, "Zoology", arXiv:2312.04927).
//
// Key-value pairs, then every key once more somewhere later: there its value is to be answered.
//
//   length 12, pairs 2, vocabulary 12, random_non_queries false
//   input   k v k v | slot slot slot slot      3 9 5 8 1 1 5 1 1 1 3 1
//   target  value at each query, else none     . . . . . . 1 . . . 2 .
//
// Of a vocabulary of V symbols, 1 .. V/2-1 are keys and V/2 .. V-1 are values; an example draws
// both without replacement. After the pairs come (length - 2 pairs) / 2 slots of two positions; a
// query stands on the first. Key after key draws one of the slots i = 1, 2, ... that are left, with
// probability ~ alpha i^(alpha - 1): a small alpha keeps queries near the pairs, alpha 1 spreads
// them evenly. All else is filled with uniform symbols, so a filler may look like a key or a value.
//
// Ids: a token is its symbol plus 1, because id 0 pads: blank 1, keys 2 .. V/2, values V/2+1 .. V.
// A target is its symbol minus V/2, since only values are ever asked for: the right answers are the
// right answers over the original's V classes, so accuracies compare with published ones, and
// chance is that of a guesser who knows what a value is.
//
// Where the original goes wrong, and what is done here:
// - It draws fillers from another generator than keys, so that its data depend on what else ran.
//   Here an example is a function of the random stream.
// - It asks for V > length, which nothing needs and its own documented example breaks. Small
//   vocabularies learn in seconds, so it is not asked for here.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

// `count` different numbers of low .. high, in random order.
std::vector<int64_t> draw_distinct(Rng& rng, int64_t count, int64_t low, int64_t high) {
  std::vector<int64_t> numbers(high - low + 1);
  std::iota(numbers.begin(), numbers.end(), low);
  for (int64_t i = 0; i < count; ++i) std::swap(numbers[i], numbers[rng.between(i, high - low)]);
  numbers.resize(count);
  return numbers;
}

class Mqar final : public Task {
 public:
  explicit Mqar(Options& options)
      : length_(options.integer("length", 64, "tokens of an example; even", 4, 1'000'000)),
        pairs_(options.integer("pairs", 8, "key-value pairs, each queried once", 1, 250'000)),
        vocabulary_(
            options.integer("vocabulary", 8192, "symbols, half of them values", 4, 1'000'000)),
        alpha_(options.number("alpha", 0.01, "power law of the queries' places; 1 is uniform",
                              0.001, 10)),
        random_non_queries_(options.flag("random_non_queries", true,
                                         "fill the rest with random symbols, not with blanks")) {
    if (length_ % 2 != 0)
      options.problem("length", text("found ", length_, ", allowed: even numbers"));
    if (4 * pairs_ > length_)
      options.problem("pairs", text("found ", pairs_, ", allowed: at most ", length_ / 4,
                                    " (a pair and its query take 4 of length ", length_, ")"));
    if (pairs_ > vocabulary_ / 2 - 1)
      options.problem("pairs", text("found ", pairs_, ", allowed: at most ", vocabulary_ / 2 - 1,
                                    " (the keys of vocabulary ", vocabulary_, ")"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return vocabulary_ - first_value(); }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const auto keys = draw_distinct(rng, pairs_, 1, first_value() - 1);
    const auto values = draw_distinct(rng, pairs_, first_value(), vocabulary_ - 1);
    const auto slots = draw_slots(rng);

    std::vector<int64_t> symbols(length_, kBlank);
    Example example;
    example.targets.assign(length_, kIgnore);
    for (int64_t pair = 0; pair < pairs_; ++pair) {
      const int64_t query = 2 * pairs_ + 2 * slots[pair];
      symbols[2 * pair] = symbols[query] = keys[pair];
      symbols[2 * pair + 1] = values[pair];
      example.targets[query] = static_cast<int32_t>(values[pair] - first_value());
    }
    for (int64_t symbol : symbols) {
      if (random_non_queries_ && symbol == kBlank) symbol = rng.below(vocabulary_);
      example.tokens.push_back(static_cast<int32_t>(symbol + 1));
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    require(length % 2 == 0 && length >= 4 * pairs_, "mqar: found length ", length,
            ", allowed: even numbers of at least ", 4 * pairs_, " (4 for each of ", pairs_,
            " pairs)");
    return {{"length", length}};
  }

  // By place alone: early keys choose their slots first, so slot i most likely holds the query of
  // key i, and the late slots that of the last key. Right a little more often than one in `pairs`.
  Shallow shallow(const Example& example, int64_t t) const override {
    const int64_t pair = std::min((t - 2 * pairs_) / 2, pairs_ - 1);
    return {.guess = static_cast<int32_t>(example.tokens[2 * pair + 1] - 1 - first_value())};
  }

  // k3 is the symbol 3, v3 the symbol V/2 + 3: the value of class 3.
  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      const int64_t symbol = id - 1;
      if (symbol == kBlank) return std::string("_");
      return symbol < first_value() ? text("k", symbol) : text("v", symbol - first_value());
    };
    return symbols::rows(example, token, [](int32_t value) { return text("v", value); });
  }

 private:
  static constexpr int64_t kBlank = 0;

  int64_t first_value() const { return vocabulary_ / 2; }

  // Slots 0, 1, ... of key 0, 1, ...: successive draws without replacement, weight i^(alpha - 1).
  // Arrival times of independent exponential clocks with these rates come in just that order
  // (Efraimidis and Spirakis 2006).
  std::vector<int64_t> draw_slots(Rng& rng) const {
    std::vector<std::pair<double, int64_t>> arrivals((length_ - 2 * pairs_) / 2);
    for (int64_t slot = 0; slot < arrivals.size(); ++slot)
      arrivals[slot] = {-std::log(1 - rng.uniform()) * std::pow(slot + 1.0, 1 - alpha_), slot};
    std::partial_sort(arrivals.begin(), arrivals.begin() + pairs_, arrivals.end());
    std::vector<int64_t> slots(pairs_);
    for (int64_t pair = 0; pair < pairs_; ++pair) slots[pair] = arrivals[pair].second;
    return slots;
  }

  int64_t length_, pairs_, vocabulary_;
  double alpha_;
  bool random_non_queries_;
};

}  // namespace

LONGHAUL_PLUGIN(mqar) {
  registry.task<Mqar>({.name = "mqar",
                       .about = "recall the value of each of several keys",
                       .source = "Arora et al. 2023, arXiv:2312.04927, multi-query",
                       .published =
                           "Arora et al. 2023, figure 2, a plot without numbers: attention answers "
                           "nearly all queries at (length, pairs) = (64, 4) .. (512, 64) and "
                           "widths 64 .. 512;\ngated convolutions need a width that grows with "
                           "the length"});
}
