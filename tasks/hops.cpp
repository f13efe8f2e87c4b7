// Hops on a circle: Depo, reasoning depth (Allen-Zhu 2025, "Physics of Language Models: Part 4.1",
// arXiv:2512.17351).
//
// Words stand on a circle in an unknown order. The pairs (word, next word) come shuffled; then each
// query asks for the word that lies k steps on.
//
//   words 3, hops 2, queries 1, letters 3, min_letters 1, max_letters 1
//   circle  d e f, and d again
//   input   e f, d e, f d, 2 hops from d = f       5 6 4 5 6 4 9 4 7 6
//   target  the letters of the answer              . . . . . . . . 5 .
//
// A word is min_letters .. max_letters letters, a length drawn uniformly and then each letter. Its
// last letter is one of `letters` others, so that one sees where it ends. The words of an example
// differ. Of each answer all letters are scored, one position ahead: only a causal model is put to
// the test.
//
// test_set says how many words and steps there are:
//   trained   3 .. `words` words, few more often than many (symbols.h); 1 .. `hops` steps, uniform
//   hops_k    `words` words, k steps
//
// Ids: letters 1 .. m, last letters m+1 .. 2m, "=" 2m+1, "k hops from" 2m+1+k (0 pads). A target
// is a letter's id minus 1. The shallow baseline knows the token before the letter.
//
// The original's sizes: Depo1 has words 225, 300 or 375, hops 8, 1 .. 2 letters of 50, which are
// the defaults; Depo2 words 75, 100 or 125, hops 16, 5 .. 7 letters of 3. It starts a text with a
// marker, which is left out here, and scores the "=" as well.

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

using Letters = std::vector<int32_t>;  // of one word, as ids

class Hops final : public Task {
 public:
  explicit Hops(Options& options)
      : words_(options.integer("words", 225, "most words on the circle", 3, 100'000)),
        hops_(options.integer("hops", 8, "most steps that a query asks for", 1, 1000)),
        queries_(options.integer("queries", 10, "queries of an example, if it has as many words", 1,
                                 100'000)),
        letters_(static_cast<int32_t>(
            options.integer("letters", 50, "different letters, and as many last ones", 1, 10'000))),
        min_letters_(options.integer("min_letters", 1, "fewest letters of a word", 1, 100)),
        max_letters_(options.integer("max_letters", 2, "most letters of a word", 1, 100)),
        steps_(steps_of(options.choice(
            "test_set", "trained",
            {"trained", "hops_1", "hops_2", "hops_4", "hops_8", "hops_16", "hops_32"},
            "any number of words and steps, or all words and so many steps"))) {
    if (min_letters_ > max_letters_)
      options.problem("min_letters", text("found ", min_letters_, ", allowed: at most ",
                                          max_letters_, " (max_letters)"));
    if (words_ > possible_words())
      options.problem("words", text("found ", words_, ", allowed: at most ", possible_words(),
                                    " (the words of so many letters)"));
    if (steps_ > hops_)
      options.problem("test_set",
                      text("found hops_", steps_, ", allowed: at most hops_", hops_, " (hops)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return answer() + hops_ + 1; }
  int64_t classes() const override { return 2 * letters_; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override {
    return 2 * words_ * max_letters_ + std::min(words_, queries_) * (2 + 2 * max_letters_);
  }

  Example draw(Rng& rng) const override {
    const int64_t count = steps_ ? words_ : symbols::draw_size(rng, words_);
    const std::vector<Letters> circle = draw_words(rng, count);
    std::vector<int64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    rng.shuffle(order);
    Example example;
    for (const int64_t i : order) {
      append(example, circle[i]);
      append(example, circle[(i + 1) % count]);
    }
    rng.shuffle(order);
    for (int64_t query = 0; query < std::min(count, queries_); ++query) {
      const int64_t steps = steps_ ? steps_ : rng.between(1, hops_);
      symbols::append(example, 1, answer() + static_cast<int32_t>(steps));
      append(example, circle[order[query]]);
      symbols::append(example, 1, answer());
      for (const int32_t id : circle[(order[query] + steps) % count])
        symbols::append_answer(example, id - 1, id);
    }
    return example;
  }

  // As many words as make examples no longer than that.
  OptionMap at_length(int64_t length) const override {
    const int64_t asked = queries_ * (2 + 2 * max_letters_);
    const int64_t words = (length - asked) / (2 * max_letters_);
    require(words >= 3, "hops: found length ", length, ", allowed: at least ",
            asked + 6 * max_letters_, " (3 words and ", queries_, " queries)");
    return {{"words", words}};
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.key = example.tokens[t]};
  }

  // A word is written as its letters' numbers: 7-12. Pairs first, then a line for each query.
  std::string show(const Example& example) const override {
    std::string shown, word;
    int64_t words = 0;
    bool asks = false;
    for (const int32_t id : example.tokens) {
      if (id > answer()) {
        shown += text('\n', id - answer(), " hops from ");
        asks = true;
      } else if (id == answer()) {
        shown += " = ";
      } else {
        word += text(word.empty() ? "" : "-", (id - 1) % letters_);
        if (id <= letters_) continue;
        if (!asks && words > 0) shown += words % 2 == 1 ? " > " : "   ";
        shown += word;
        word.clear();
        ++words;
      }
    }
    return shown + '\n';
  }

 private:
  static int64_t steps_of(const std::string& test_set) {
    return test_set == "trained" ? 0 : std::stoll(test_set.substr(5));
  }

  int32_t answer() const { return 2 * letters_ + 1; }

  int64_t possible_words() const {
    int64_t words = 0, of_length = 1;
    for (int64_t length = 1; length <= max_letters_ && words < 1'000'000; ++length) {
      of_length = std::min<int64_t>(of_length * letters_, 1'000'000);
      if (length >= min_letters_) words += of_length;
    }
    return words;
  }

  std::vector<Letters> draw_words(Rng& rng, int64_t count) const {
    std::vector<Letters> words;
    std::set<Letters> known;
    while (static_cast<int64_t>(words.size()) < count) {
      const int64_t size = rng.between(min_letters_, max_letters_);
      Letters word = symbols::draw(rng, size, 1, letters_);
      word.back() += letters_;
      if (known.insert(word).second) words.push_back(word);
    }
    return words;
  }

  static void append(Example& example, const Letters& word) {
    for (const int32_t id : word) symbols::append(example, 1, id);
  }

  int64_t words_, hops_, queries_;
  int32_t letters_;
  int64_t min_letters_, max_letters_;
  int64_t steps_;  // 0: any number of them
};

}  // namespace

LONGHAUL_PLUGIN(hops) {
  registry.task<Hops>(
      {.name = "hops",
       .about = "the word so many steps on along a circle of words",
       .source = "Allen-Zhu 2025, arXiv:2512.17351, Depo",
       .published = "none quoted: its figures are plots of models of another size"});
}
