// Copying strings, whole or from a place that is looked up (Jelassi et al. 2024, "Repeat After Me:
// Transformers are Better than State Space Models at Copying", arXiv:2402.01032).
//
//   mode copy, letters 4       $ d a b a | d a b a .
//   input   ids                                5 4 1 2 1 6 4 1 2 1
//   target  the answer and the end             . . . . . 3 0 1 0 4
//
//   mode prefix, letters 4, ngram 2    $ a b | d a b c | c .
//   input   ids                                5 1 2 6 4 1 2 3 6 3
//   target  what follows the n-gram            . . . . . . . . 2 4
//
// A string is min_length .. max_length uniform letters, a length drawn uniformly. `mode` says what
// is asked for:
//   copy       the string
//   prefix     what follows an n-gram in it; the n-gram stands before the string
//   suffix     the same, but the n-gram stands after the string:   $ d a b c | a b c .
//   duplicate  the string, in which one n-gram comes twice, so that n letters do not tell where one
//              is: what a model that copies by looking up n-grams cannot do
// An n-gram that is looked up occurs once. `answer` limits the answer to so many letters; 0 is all.
//
// With `context` 0 an example is one string. Otherwise strings and answers follow one another until
// the next does not fit, and the start of that one, unscored, fills the rest: that is how the
// original trains. Tests at a length are of single strings of so many letters.
//
// Each answer stands in the input one position late: only a causal model is put to the test.
// Accuracy is of letters; string_accuracy counts an example only if all of it is right.
//
// Ids: letters 1 .. m, "$" m+1, "|" m+2 (0 pads). A target is a letter's number from 0; the end is
// m, and stands in no input. The shallow baseline is the commonest letter of the example so far.
//
// The original: 26 letters, n-grams of 3, trained on strings of 20 .. 50 letters in a context of
// 220. Where this differs from it: it may ask for an n-gram that occurs more than once; it finds
// the two n-grams of `duplicate` by replacing one by another wherever it stands. Here n-grams of
// prefix and suffix occur once, and a duplicate is copied over another place.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

using String = std::vector<int32_t>;  // ids

class CopyString final : public Task {
 public:
  explicit CopyString(Options& options)
      : mode_(options.choice("mode", "copy", {"copy", "prefix", "suffix", "duplicate"},
                             "what is asked for: the string, or what follows an n-gram")),
        min_length_(options.integer("min_length", 20, "fewest letters of a string", 2, 100'000)),
        max_length_(options.integer("max_length", 50, "most letters of a string", 2, 100'000)),
        letters_(static_cast<int32_t>(
            options.integer("letters", 26, "different letters", 2, 1'000'000))),
        ngram_(options.integer("ngram", 3, "letters of an n-gram", 1, 1000)),
        answer_(options.integer("answer", 0, "most letters of an answer; 0: all", 0, 100'000)),
        context_(options.integer("context", 0, "tokens that strings fill; 0: one string", 0,
                                 1'000'000)) {
    if (min_length_ > max_length_)
      options.problem("min_length", text("found ", min_length_, ", allowed: at most ", max_length_,
                                         " (max_length)"));
    if (min_length_ < fewest())
      options.problem("min_length", text("found ", min_length_, ", allowed: at least ", fewest(),
                                         " (", mode_, " with ngram ", ngram_, ")"));
    if (looks_up() && many_ngrams() < max_length_)
      options.problem("ngram", text("found ", ngram_, ", allowed: so many that ", letters_,
                                    " letters make ", max_length_, " n-grams (max_length)"));
    if (context_ > 0 && context_ < longest())
      options.problem("context", text("found ", context_, ", allowed: 0, or at least ", longest(),
                                      " (the longest string and its answer)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return bar() + 1; }
  int64_t classes() const override { return letters_ + 1; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return context_ > 0 ? context_ : longest(); }

  Example draw(Rng& rng) const override {
    Example example = draw_one(rng);
    while (context_ > 0) {
      const Example next = draw_one(rng);
      const auto room = context_ - static_cast<int64_t>(example.tokens.size());
      const bool fits = static_cast<int64_t>(next.tokens.size()) <= room;
      const auto count = std::min<int64_t>(room, static_cast<int64_t>(next.tokens.size()));
      for (int64_t t = 0; t < count; ++t) {
        symbols::append(example, 1, next.tokens[t]);
        if (fits) example.targets.back() = next.targets[t];
      }
      if (!fits) break;
    }
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    require(length >= fewest(), "copy_string: found length ", length, ", allowed: at least ",
            fewest(), " letters");
    return {{"min_length", length}, {"max_length", length}, {"context", int64_t{0}}};
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.guess = symbols::most_frequent(example, t + 1, 1, letters_) - 1};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    for (const int32_t id : example.tokens) {
      if (id == start() && !shown.empty()) shown += ".\n";
      shown += name(id);
    }
    return shown + (example.targets.back() == letters_ ? ".\n" : "\n");
  }

 private:
  int32_t start() const { return letters_ + 1; }
  int32_t bar() const { return letters_ + 2; }
  bool looks_up() const { return mode_ == "prefix" || mode_ == "suffix"; }

  // Letters of a string: an n-gram and one more, or two n-grams apart.
  int64_t fewest() const {
    return mode_ == "copy" ? 2 : mode_ == "duplicate" ? 2 * ngram_ : ngram_ + 1;
  }

  // Tokens of the longest example of one string; the end is asked for, but does not stand there.
  int64_t longest() const {
    const int64_t rest = looks_up() ? max_length_ - ngram_ : max_length_;
    const int64_t answered = answer_ > 0 ? std::min(answer_, rest) : rest;
    return 2 + max_length_ + answered + (mode_ == "prefix" ? ngram_ + 1 : 0) +
           (mode_ == "suffix" ? ngram_ : 0);
  }

  int64_t many_ngrams() const {
    int64_t ngrams = 1;
    for (int64_t i = 0; i < ngram_ && ngrams < max_length_; ++i) ngrams *= letters_;
    return ngrams;
  }

  std::string name(int32_t id) const {
    if (id == start()) return "$";
    if (id == bar()) return "|";
    return letters_ <= 26 ? std::string(1, static_cast<char>('a' + id - 1)) : text(id - 1, ' ');
  }

  Example draw_one(Rng& rng) const {
    String string = symbols::draw(rng, rng.between(min_length_, max_length_), 1, letters_);
    if (mode_ == "duplicate") duplicate_ngram(rng, string);
    std::vector<int64_t> places = {0};  // where an answer may start
    while (looks_up() && (places = unique_ngrams(string)).empty())
      string = symbols::draw(rng, static_cast<int64_t>(string.size()), 1, letters_);
    const int64_t place = looks_up() ? places[rng.below(static_cast<int64_t>(places.size()))] : 0;
    const int64_t from = looks_up() ? place + ngram_ : 0;
    const String ngram(string.begin() + place, string.begin() + from);
    const auto size = static_cast<int64_t>(string.size());
    const int64_t to = answer_ > 0 ? std::min(from + answer_, size) : size;

    Example example;
    symbols::append(example, 1, start());
    if (mode_ == "prefix") {
      append(example, ngram);
      symbols::append(example, 1, bar());
    }
    append(example, string);
    symbols::append(example, 1, bar());
    if (mode_ == "suffix") append(example, ngram);
    for (int64_t i = from; i < to; ++i) symbols::append_answer(example, string[i] - 1, string[i]);
    example.targets.back() = letters_;
    return example;
  }

  // Copies an n-gram over another place that does not touch it.
  void duplicate_ngram(Rng& rng, String& string) const {
    const int64_t starts = static_cast<int64_t>(string.size()) - 2 * ngram_ + 1;
    int64_t first = rng.below(starts), second = rng.below(starts);
    if (first > second) std::swap(first, second);
    std::copy_n(string.begin() + first, ngram_, string.begin() + second + ngram_);
  }

  // The places of n-grams that occur once and that a letter follows.
  std::vector<int64_t> unique_ngrams(const String& string) const {
    std::map<String, int64_t> count;
    const int64_t last = static_cast<int64_t>(string.size()) - ngram_;
    const auto at = [&](int64_t place) {
      return String(string.begin() + place, string.begin() + place + ngram_);
    };
    for (int64_t place = 0; place <= last; ++place) ++count[at(place)];
    std::vector<int64_t> places;
    for (int64_t place = 0; place < last; ++place)
      if (count[at(place)] == 1) places.push_back(place);
    return places;
  }

  static void append(Example& example, const String& letters) {
    for (const int32_t id : letters) symbols::append(example, 1, id);
  }

  std::string mode_;
  int64_t min_length_, max_length_;
  int32_t letters_;
  int64_t ngram_, answer_, context_;
};

}  // namespace

LONGHAUL_PLUGIN(copy_string) {
  registry.task<CopyString>(
      {.name = "copy_string",
       .about = "a string once more, or what follows an n-gram in it",
       .source = "Jelassi et al. 2024, arXiv:2402.01032",
       .published = "none quoted: its figures are plots over training steps and lengths"});
}
