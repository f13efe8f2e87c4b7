// Fuzzy in-context recall of MAD (Poli et al. 2024, arXiv:2403.17844, section 3.1).
//
// in_context_recall with keys and values of several adjacent symbols each: a model has to find out
// where a key begins and to compare all of it.
//
//   length 20, vocabulary 9, key_length 2, value_length 2
//   pairs   fill, 2: 5 8, 3 1: 7, 2: 5 8, 4: 6, 2 3: 5, 3 1: 7
//   input   9 9 9 2 5 8 3 1 7 2 5 8 4 6 2 3 5 3 1 7
//   target  . . . . . . . . . 0 3 . . . . . . . 2 .
//
// Of a vocabulary of V symbols the last is the filler; of the others the lower half make keys, the
// rest values. A key is an ordered choice of different symbols, 1 .. key_length of them: first its
// length is drawn uniformly, then its symbols. So are values. A key keeps its first value. Where it
// comes again, each symbol of the value is to be answered one position before it stands. The last
// pair repeats one of the keys shown; the filler on the left makes up the length.
//
// Ids: keys from 1, then values; the filler is V (0 pads). A target is its value symbol's number
// from 0. Each value follows its key: only a causal model is put to the test.
//
// Where this differs from the original:
// - It trains with keys of all lengths and tests with the longest alone. Here `keys` says which
//   lengths, the same for both; `longhaul eval --set keys=longest` tests as the original does.
// - It draws the key of the last pair and the place of its first showing beforehand, and may end
//   before that place is reached: then nobody can know the answer. Here it is a key shown.
// - It trains on the next token everywhere; training targets are recall here.
// - It trains on 12,800 stored examples again and again; examples do not repeat here.
// The shallow baseline is the commonest value symbol so far, whatever the key.
//
// Its harder levels: vocabulary 32, 64, 128; length 256, 512, 1024.

#include <algorithm>
#include <map>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/mad.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

using Tuple = std::vector<int32_t>;

class FuzzyRecall final : public Task {
 public:
  explicit FuzzyRecall(Options& options)
      : length_(options.integer("length", 128, "tokens of an example", 4, 1'000'000)),
        vocabulary_(static_cast<int32_t>(
            options.integer("vocabulary", 16, "symbols, one of them the filler", 5, 1'000'000))),
        key_length_(options.integer("key_length", 3, "most symbols of a key", 1, 1000)),
        value_length_(options.integer("value_length", 3, "most symbols of a value", 1, 1000)),
        mixed_(options.choice("keys", "mixed", {"mixed", "longest"},
                              "whether keys have all lengths or the largest alone") == "mixed"),
        keys_((vocabulary_ - 1) / 2),
        values_(vocabulary_ - 1 - keys_) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
    if (key_length_ > keys_)
      options.problem("key_length", text("found ", key_length_, ", allowed: at most ", keys_,
                                         " (the key symbols of vocabulary ", vocabulary_, ")"));
    if (value_length_ > values_)
      options.problem("value_length", text("found ", value_length_, ", allowed: at most ", values_,
                                           " (the value symbols of vocabulary ", vocabulary_, ")"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return values_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    std::map<Tuple, Tuple> value_of;
    std::vector<Tuple> shown;
    Example pairs;
    const int64_t longest = key_length_ + value_length_;
    while (static_cast<int64_t>(pairs.tokens.size()) + 2 * longest <= length_) {
      const int64_t key_size = mixed_ ? rng.between(1, key_length_) : key_length_;
      const Tuple key = draw_tuple(rng, key_size, 1, keys_);
      const auto [entry, is_new] = value_of.try_emplace(key);
      if (is_new) {
        entry->second = draw_tuple(rng, rng.between(1, value_length_), first_value(), last_value());
        shown.push_back(key);
      }
      append(pairs, key, entry->second, !is_new);
    }
    const Tuple& asked = shown[rng.below(static_cast<int64_t>(shown.size()))];
    append(pairs, asked, value_of[asked], true);

    Example example;
    symbols::append(example, length_ - static_cast<int64_t>(pairs.tokens.size()), filler());
    example.tokens.insert(example.tokens.end(), pairs.tokens.begin(), pairs.tokens.end());
    example.targets.insert(example.targets.end(), pairs.targets.begin(), pairs.targets.end());
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.guess =
                symbols::most_frequent(example, t, first_value(), last_value()) - first_value()};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      if (id == filler()) return std::string("_");
      return id <= keys_ ? text("k", id - 1) : text("v", id - first_value());
    };
    return symbols::rows(example, token, [](int32_t value) { return text("v", value); });
  }

 private:
  int32_t first_value() const { return keys_ + 1; }
  int32_t last_value() const { return keys_ + values_; }
  int32_t filler() const { return vocabulary_; }

  std::string complaint(int64_t length) const {
    const int64_t fewest = 2 * (key_length_ + value_length_);
    if (length >= fewest) return "";
    return text("found ", length, ", allowed: at least ", fewest,
                " (a pair of the longest key and value, twice)");
  }

  // `count` different symbols of low .. high in random order.
  static Tuple draw_tuple(Rng& rng, int64_t count, int32_t low, int32_t high) {
    Tuple tuple;
    while (static_cast<int64_t>(tuple.size()) < count) {
      const auto id = static_cast<int32_t>(rng.between(low, high));
      if (std::find(tuple.begin(), tuple.end(), id) == tuple.end()) tuple.push_back(id);
    }
    return tuple;
  }

  void append(Example& example, const Tuple& key, const Tuple& value, bool known) const {
    for (int32_t id : key) symbols::append(example, 1, id);
    for (int32_t id : value) {
      if (known) example.targets.back() = id - first_value();
      symbols::append(example, 1, id);
    }
  }

  int64_t length_;
  int32_t vocabulary_;
  int64_t key_length_, value_length_;
  bool mixed_;
  int32_t keys_, values_;
};

}  // namespace

LONGHAUL_PLUGIN(fuzzy_recall) {
  registry.task<FuzzyRecall>({.name = "fuzzy_recall",
                              .about = "the value of a key seen before, both of several symbols",
                              .source = mad::kSource,
                              .published = mad::kPublished});
}
