// Memorization of MAD (Poli et al. 2024, arXiv:2403.17844, section 3.1).
//
// Keys, each followed by an INSERT symbol, where the key's value is to be answered. The values are
// the same in every example and stand in none: a model has to learn them by heart.
//
//   length 8, vocabulary 9, map_seed 12345: key 1 has value 0, 2 has 1, 3 has 3, 4 has 2
//   input   k I k I k I k I                    3 9 1 9 3 9 4 9
//   target  value of the key before            . 3 . 0 . 3 . 2
//
// Of a vocabulary of V symbols the last is INSERT; of the others the lower half are keys, drawn
// uniformly. A random order of the values, named by map_seed, is dealt to the keys one by one; one
// value may be left over.
//
// Ids: keys from 1, INSERT V (0 pads); values have none. A target is its value's number from 0.
//
// Where this differs from the original:
// - Its table comes from NumPy's generator with the seed 12345; ours, of the same number, is
// another.
// - It trains on 256 stored examples, which show each key about 32 times an epoch; examples do not
//   repeat here, and keys do.
// - Its values keep input ids that never occur; they are left out.
// No shortcut is known: what the table does not tell is uniform. The shallow baseline is the
// commonest answer.
//
// Its harder levels: vocabulary 512 .. 8192.

#include <numeric>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/mad.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Memorization final : public Task {
 public:
  explicit Memorization(Options& options)
      : length_(options.integer("length", 32, "tokens of an example; even", 2, 1'000'000)),
        vocabulary_(static_cast<int32_t>(
            options.integer("vocabulary", 256, "symbols: keys, values and INSERT", 5, 1'000'000))),
        keys_((vocabulary_ - 1) / 2),
        value_of_(vocabulary_ - 1 - keys_) {
    const int64_t map_seed = options.integer("map_seed", 12345, "names the table to be learnt");
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
    std::iota(value_of_.begin(), value_of_.end(), 0);
    Rng rng(static_cast<uint64_t>(map_seed), "memorization map");
    rng.shuffle(value_of_);
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 1; }
  int64_t classes() const override { return static_cast<int64_t>(value_of_.size()); }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    Example example;
    for (int32_t key : symbols::draw(rng, length_ / 2, 1, keys_)) {
      symbols::append(example, 1, key);
      symbols::append(example, 1, vocabulary_);
      example.targets.back() = value_of_[key - 1];
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      return id == vocabulary_ ? std::string("I") : text("k", id - 1);
    };
    return symbols::rows(example, token, [](int32_t value) { return text("v", value); });
  }

 private:
  static std::string complaint(int64_t length) {
    if (length >= 2 && length % 2 == 0) return "";
    return text("found ", length, ", allowed: even numbers from 2 (a key and INSERT)");
  }

  int64_t length_;
  int32_t vocabulary_, keys_;
  std::vector<int32_t> value_of_;  // more values than keys by one where the vocabulary is even
};

}  // namespace

LONGHAUL_PLUGIN(memorization) {
  registry.task<Memorization>({.name = "memorization",
                               .about = "the value of a key, from a table learnt by heart",
                               .source = mad::kSource,
                               .published = mad::kPublished});
}
