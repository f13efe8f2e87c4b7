// A needle in a haystack: a key and its value somewhere in a long text (after Hsieh et al. 2024,
// "RULER", arXiv:2404.06654, its single and multi-key needles, in symbols instead of English).
//
// The text is random words. Between them stand needles, each a mark, a key and a value. At the end
// comes the mark and the key of one of them: its value is to be answered.
//
//   length 16, needles 2, keys 4, values 4, words 9
//   input   w w w # k0 v3 w w w # k2 v1 w w # k0:  12 10 17 1 2 9 11 14 13 1 4 7 15 11 1 2
//   target  the value of that key                  . . . . . . . . . . . . . . . 3
//
// The keys differ; values and words are uniform. The length before the question is cut into places
// of three tokens; needles have places of their own, drawn uniformly, and the words fill the rest.
//
// test_set says how deep the needle that is asked for lies:
//   any       anywhere
//   depth_p   at p percent of the way from the first place to the last, the others anywhere: 0, 25,
//             50, 75 or 100
// Tests by length and depth: evaluate: {lengths: [256, 1024], test_sets: [depth_0, depth_50,
// depth_100]}.
//
// Ids: mark 1, keys from 2, then values, then words (0 pads). A target is a value's number from 0.
// The shallow baseline is the value of the last needle, whatever its key; with one needle, where
// that is the answer, it is the majority.

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class Needle final : public Task {
 public:
  explicit Needle(Options& options)
      : length_(options.integer("length", 256, "tokens of an example", 5, 4'000'000)),
        needles_(options.integer("needles", 4, "keys with a value in the text", 1, 100'000)),
        keys_(static_cast<int32_t>(options.integer("keys", 64, "different keys", 1, 100'000))),
        values_(
            static_cast<int32_t>(options.integer("values", 64, "different values", 2, 100'000))),
        words_(
            static_cast<int32_t>(options.integer("words", 256, "different words", 1, 1'000'000))),
        depth_(depth_of(options.choice(
            "test_set", "any", {"any", "depth_0", "depth_25", "depth_50", "depth_75", "depth_100"},
            "how deep the needle lies: anywhere, or at so many percent"))) {
    if (!complaint(length_).empty()) options.problem("length", complaint(length_));
    if (needles_ > keys_)
      options.problem("needles", text("found ", needles_, ", allowed: at most ", keys_, " (keys)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return first_word() + words_; }
  int64_t classes() const override { return values_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    std::vector<int32_t> keys(keys_);
    std::iota(keys.begin(), keys.end(), kFirstKey);
    rng.shuffle(keys);
    Example example;
    example.tokens = symbols::draw(rng, length_, first_word(), first_word() + words_ - 1);
    example.targets.assign(length_, kIgnore);
    const std::vector<int64_t> places = draw_places(rng);
    for (int64_t needle = 0; needle < needles_; ++needle) {
      const auto value = static_cast<int32_t>(rng.below(values_));
      const auto at = example.tokens.begin() + 3 * places[needle];
      at[0] = kMark;
      at[1] = keys[needle];
      at[2] = first_value() + value;
      if (needle == 0) example.targets.back() = value;
    }
    example.tokens[length_ - 2] = kMark;
    example.tokens[length_ - 1] = keys[0];
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(length, complaint(length));
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    if (needles_ == 1) return {};
    int64_t mark = t - 2;
    while (example.tokens[mark] != kMark) --mark;
    return {.guess = example.tokens[mark + 2] - first_value()};
  }

  std::string show(const Example& example) const override {
    const auto token = [this](int32_t id) {
      if (id == kMark) return std::string("#");
      if (id < first_value()) return text("k", id - kFirstKey);
      return id < first_word() ? text("v", id - first_value()) : text(id - first_word());
    };
    return symbols::rows(example, token, [](int32_t value) { return text("v", value); });
  }

 private:
  static constexpr int32_t kMark = 1, kFirstKey = 2;
  static constexpr int64_t kAnywhere = -1;

  static int64_t depth_of(const std::string& test_set) {
    return test_set == "any" ? kAnywhere : std::stoll(test_set.substr(6));
  }

  int32_t first_value() const { return kFirstKey + keys_; }
  int32_t first_word() const { return first_value() + values_; }

  std::string complaint(int64_t length) const {
    const int64_t fewest = 3 * needles_ + 2;
    if (length >= fewest) return "";
    return text("found ", length, ", allowed: at least ", fewest, " (", needles_,
                " needles of 3 tokens and a question of 2)");
  }

  // Of each needle, the one asked for first.
  std::vector<int64_t> draw_places(Rng& rng) const {
    std::vector<int64_t> places((length_ - 2) / 3);
    std::iota(places.begin(), places.end(), 0);
    const auto last = static_cast<int64_t>(places.size()) - 1;
    if (depth_ != kAnywhere) std::swap(places[0], places[(last * depth_ + 50) / 100]);
    for (int64_t i = depth_ == kAnywhere ? 0 : 1; i < needles_; ++i)
      std::swap(places[i], places[rng.between(i, last)]);
    places.resize(needles_);
    return places;
  }

  int64_t length_, needles_;
  int32_t keys_, values_, words_;
  int64_t depth_;  // percent
};

}  // namespace

LONGHAUL_PLUGIN(needle) {
  registry.task<Needle>({.name = "needle",
                         .about = "the value of a key that stands somewhere in a long text",
                         .source = "after Hsieh et al. 2024, arXiv:2404.06654",
                         .published = "none quoted: a task of this project after the paper's"});
}
