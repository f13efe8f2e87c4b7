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
// Three options make it harder, each after a task of the same authors' code:
//   overwrites n   after the pairs, n of their keys come again with another value; the last is
//   asked
//                  for (forgetting_mqar)
//   key_parts 2    a key is two symbols, of a first and a second kind, values are the last third of
//                  the vocabulary; pairs is a square g^2, and each of g firsts comes with each of g
//                  seconds, so that neither tells the value. A query takes two positions and is
//                  answered at the second; slots have three (compositional_mqar)
//   width d        symbols are not ids but vectors of d numbers, normal with deviation 1/sqrt(d)
//   and
//                  the same in all examples, the blank 0 (continuous_mqar, where a pair is one
//                  position and its vectors stand side by side)
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

#include "longhaul/elementary.h"
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
                                         "fill the rest with random symbols, not with blanks")),
        overwrites_(options.integer("overwrites", 0, "keys that come again with another value", 0,
                                    250'000)),
        key_parts_(options.integer("key_parts", 1, "symbols of a key", 1, 2)),
        width_(options.integer("width", 0, "numbers that stand for a symbol; 0: ids", 0, 10'000)) {
    if (length_ % 2 != 0 && key_parts_ == 1)
      options.problem("length", text("found ", length_, ", allowed: even numbers"));
    if (shortest() > length_)
      options.problem("pairs", text("found ", pairs_, ", allowed: at most ",
                                    (length_ / (key_parts_ + 1) - overwrites_) / 2,
                                    " (a pair and its query take ", 2 * (key_parts_ + 1),
                                    " of length ", length_, ")"));
    if (pairs_ > most_pairs())
      options.problem("pairs", text("found ", pairs_, ", allowed: at most ", most_pairs(),
                                    " (the keys of vocabulary ", vocabulary_, ")"));
    if (key_parts_ == 2 && side() * side() != pairs_)
      options.problem("pairs",
                      text("found ", pairs_, ", allowed with key_parts 2: squares, such as ",
                           (side() + 1) * (side() + 1)));
    if (overwrites_ > pairs_)
      options.problem("overwrites",
                      text("found ", overwrites_, ", allowed: at most ", pairs_, " (pairs)"));
    draw_vectors();
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return width_ > 0 ? 0 : vocabulary_ + 1; }
  int64_t channels() const override { return width_; }
  int64_t classes() const override { return vocabulary_ - first_value(); }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const auto keys = draw_keys(rng);
    auto values = draw_distinct(rng, pairs_, first_value(), vocabulary_ - 1);
    const auto slots = draw_slots(rng);

    std::vector<int64_t> symbols(length_, kBlank);
    const auto put_pair = [&](int64_t place, int64_t pair) {
      std::copy(keys[pair].begin(), keys[pair].end(), symbols.begin() + place * (key_parts_ + 1));
      symbols[place * (key_parts_ + 1) + key_parts_] = values[pair];
    };
    for (int64_t pair = 0; pair < pairs_; ++pair) put_pair(pair, pair);
    if (overwrites_ > 0) {
      const auto again = draw_distinct(rng, overwrites_, 0, pairs_ - 1);
      for (int64_t i = 0; i < overwrites_; ++i) {
        values[again[i]] = draw_other_value(rng, values[again[i]]);
        put_pair(pairs_ + i, again[i]);
      }
    }

    Example example;
    example.targets.assign(length_, kIgnore);
    for (int64_t pair = 0; pair < pairs_; ++pair) {
      const int64_t query = (key_parts_ + 1) * (pairs_ + overwrites_ + slots[pair]);
      std::copy(keys[pair].begin(), keys[pair].end(), symbols.begin() + query);
      example.targets[query + key_parts_ - 1] = static_cast<int32_t>(values[pair] - first_value());
    }
    for (int64_t symbol : symbols) {
      if (random_non_queries_ && symbol == kBlank) symbol = rng.below(vocabulary_);
      append(example, symbol);
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    require((length % 2 == 0 || key_parts_ == 2) && length >= shortest(), "mqar: found length ",
            length, ", allowed: even numbers of at least ", shortest(), " (", 2 * (key_parts_ + 1),
            " for each of ", pairs_, " pairs)");
    return {{"length", length}};
  }

  // By place alone: early keys choose their slots first, so slot i most likely holds the query of
  // key i, and the late slots that of the last key. Right a little more often than one in `pairs`.
  Shallow shallow(const Example& example, int64_t t) const override {
    const int64_t slot = t / (key_parts_ + 1) - pairs_ - overwrites_;
    const int64_t pair = std::min(slot, pairs_ - 1);
    const int64_t value = symbol_at(example, (key_parts_ + 1) * pair + key_parts_);
    return {.guess = static_cast<int32_t>(value - first_value())};
  }

  // k3 is the symbol 3, v3 the symbol V/2 + 3: the value of class 3.
  std::string show(const Example& example) const override {
    Example ids{{}, example.targets};
    for (int64_t t = 0; t < length_; ++t)
      ids.tokens.push_back(static_cast<int32_t>(symbol_at(example, t) + 1));
    const auto token = [this](int32_t id) {
      const int64_t symbol = id - 1;
      if (symbol == kBlank) return std::string("_");
      return symbol < first_value() ? text("k", symbol) : text("v", symbol - first_value());
    };
    return symbols::rows(ids, token, [](int32_t value) { return text("v", value); });
  }

 private:
  static constexpr int64_t kBlank = 0;

  int64_t first_value() const { return key_parts_ * (vocabulary_ / (key_parts_ + 1)); }
  int64_t shortest() const { return (key_parts_ + 1) * (2 * pairs_ + overwrites_); }
  // Of the square of keys of two parts.
  int64_t side() const { return std::llround(std::floor(std::sqrt(static_cast<double>(pairs_)))); }
  int64_t most_pairs() const {
    const int64_t firsts = first_value() / key_parts_ - 1;
    return key_parts_ == 1 ? firsts : std::min(firsts * firsts, vocabulary_ - first_value());
  }

  std::vector<std::vector<int64_t>> draw_keys(Rng& rng) const {
    std::vector<std::vector<int64_t>> keys;
    if (key_parts_ == 1) {
      for (int64_t key : draw_distinct(rng, pairs_, 1, first_value() - 1)) keys.push_back({key});
      return keys;
    }
    const int64_t second = first_value() / 2;
    const auto firsts = draw_distinct(rng, side(), 1, second - 1);
    const auto seconds = draw_distinct(rng, side(), second, first_value() - 1);
    for (int64_t a : firsts)
      for (int64_t b : seconds) keys.push_back({a, b});
    rng.shuffle(keys);
    return keys;
  }

  int64_t draw_other_value(Rng& rng, int64_t value) const {
    const int64_t other = rng.between(first_value(), vocabulary_ - 2);
    return other < value ? other : other + 1;
  }

  // Slots 0, 1, ... of key 0, 1, ...: successive draws without replacement, weight i^(alpha - 1).
  // Arrival times of independent exponential clocks with these rates come in just that order
  // (Efraimidis and Spirakis 2006).
  std::vector<int64_t> draw_slots(Rng& rng) const {
    std::vector<std::pair<double, int64_t>> arrivals(length_ / (key_parts_ + 1) - pairs_ -
                                                     overwrites_);
    for (int64_t slot = 0; slot < arrivals.size(); ++slot)
      arrivals[slot] = {
          -elementary::log(1 - rng.uniform()) * elementary::pow(slot + 1.0, 1 - alpha_), slot};
    std::partial_sort(arrivals.begin(), arrivals.begin() + pairs_, arrivals.end());
    std::vector<int64_t> slots(pairs_);
    for (int64_t pair = 0; pair < pairs_; ++pair) slots[pair] = arrivals[pair].second;
    return slots;
  }

  // The vectors of `width`, symbol after symbol.
  void draw_vectors() {
    Rng rng(0, "mqar symbols");
    vectors_.assign(vocabulary_ * width_, 0);
    for (std::size_t i = width_; i < vectors_.size(); ++i)
      vectors_[i] = static_cast<float>(rng.normal() / std::sqrt(static_cast<double>(width_)));
  }

  void append(Example& example, int64_t symbol) const {
    if (width_ == 0) {
      example.tokens.push_back(static_cast<int32_t>(symbol + 1));
      return;
    }
    const auto vector = vectors_.begin() + symbol * width_;
    example.values.insert(example.values.end(), vector, vector + width_);
  }

  int64_t symbol_at(const Example& example, int64_t t) const {
    if (width_ == 0) return example.tokens[t] - 1;
    const auto value = example.values.begin() + t * width_;
    int64_t symbol = 0;
    while (!std::equal(value, value + width_, vectors_.begin() + symbol * width_)) ++symbol;
    return symbol;
  }

  int64_t length_, pairs_, vocabulary_;
  double alpha_;
  bool random_non_queries_;
  int64_t overwrites_, key_parts_, width_;
  std::vector<float> vectors_;  // [vocabulary, width]
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
