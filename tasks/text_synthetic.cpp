// The stand-in for Long Range Arena's Text (Tay et al. 2020, arXiv:2011.04006, section 2.2.2: the
// IMDb reviews of Maas et al. 2011, byte by byte), made up so that it needs no download. No score
// on it compares with a published one; the task `text` reads the real reviews.
//
// A review of a film, byte by byte: is the film liked (1) or not (0)? Most of its opinions of the
// film say so, each perhaps negated. The book is in the review too, and liked just when the film is
// not.
//
//   opinions 1, far 0.5
//   The book seemed hardly dull. A child fed the ducks by the river. Now to the film. My uncle lost
//   a glove at the corner. It was not superb.                                      target 0
//
// An opinion is one sentence that names its object, or, with probability `far`, two with anything
// but another opinion between them: "Now to the film." and a sentence about "it", which is what was
// named last. So some of the evidence is local, and the rest lies as far apart as the length
// allows.
//
//   id = byte + 1 (0 pads)       The book   =   85 105 102 33 99 112 112 108
//
// No bag of bytes tells anything: film and book have equally many opinions, and a review with both
// words exchanged is just as likely, has the same bytes, and the other answer. Nor does a bag of
// words, or of sentiment words next to their negations; which opinion is whose is what matters.
//
// Deviations from the original: English of a small grammar; two objects instead of one.

#include <algorithm>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/synthetic_text.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;
namespace st = longhaul::synthetic_text;

constexpr const char* kGood[] = {"superb",   "lovely",    "moving",  "brilliant",
                                 "charming", "wonderful", "elegant", "delightful",
                                 "splendid", "excellent", "witty",   "touching"};
constexpr const char* kBad[] = {"dull",  "dreadful", "tedious", "clumsy",   "awful",   "hollow",
                                "bland", "terrible", "boring",  "tiresome", "shallow", "annoying"};
constexpr const char* kVerbs[] = {"was", "seemed", "felt"};
constexpr const char* kNegations[] = {"not", "never", "hardly", "far from", "anything but"};
constexpr int64_t kLongestOpinion = 64;  // bytes, spaces included; a test of the length checks it

template <std::size_t n>
std::string any(const char* const (&words)[n], Rng& rng) {
  return words[rng.below(n)];
}

class TextSynthetic final : public Task {
 public:
  explicit TextSynthetic(Options& options)
      : length_(options.integer("length", 1024, "most bytes of a review", 1, 1'000'000)),
        opinions_(
            options.integer("opinions", 3, "opinions of the film, and of the book; odd", 1, 1001)),
        negation_(options.number("negation", 0.5, "probability that an opinion is negated", 0, 1)),
        far_(options.number("far", 0.5, "probability that an opinion does not name its object", 0,
                            1)) {
    if (opinions_ % 2 == 0)
      options.problem("opinions", text("found ", opinions_, ", allowed: odd numbers"));
    if (length_ < shortest())
      options.problem("length",
                      text("found ", length_, ", allowed: at least ", shortest(), " (",
                           kLongestOpinion, " for each of ", 2 * opinions_, " opinions)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return st::kByteVocabulary; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const bool liked = rng.below(2) == 1;
    std::vector<st::Statement> statements;
    for (const bool film : {true, false})
      for (const bool good : verdicts(film == liked, rng))
        statements.push_back(opinion(film ? "film" : "book", good, rng));
    rng.shuffle(statements);
    return {.tokens = st::to_ids(st::compose(statements, length_, rng)), .targets = {liked}};
  }

  OptionMap at_length(int64_t length) const override {
    require(length >= shortest(), "text_synthetic: no review of ", 2 * opinions_,
            " opinions fits into ", length, " bytes; allowed: at least ", shortest());
    return {{"length", length}};
  }

  bool shallow_is_bag_of_tokens() const override { return true; }

  std::string show(const Example& example) const override {
    return st::from_ids(example.tokens) + (example.targets[0] == 1
                                               ? "\ntarget 1: the film is liked\n"
                                               : "\ntarget 0: the film is not liked\n");
  }

 private:
  int64_t shortest() const { return 2 * opinions_ * kLongestOpinion; }

  // Whether each opinion of one object is good: most are, if `liked`, else most are not.
  std::vector<char> verdicts(bool liked, Rng& rng) const {
    std::vector<char> good(opinions_);
    for (char& one : good) one = rng.below(2) == 1;
    const auto count = std::count(good.begin(), good.end(), 1);
    if ((2 * count > opinions_) != liked)
      for (char& one : good) one = !one;
    return good;
  }

  st::Statement opinion(const std::string& object, bool good, Rng& rng) const {
    const std::string verb = ' ' + any(kVerbs, rng) + ' ';
    const bool negated = rng.chance(negation_);
    const std::string negation = negated ? any(kNegations, rng) + ' ' : "";
    const std::string word = good != negated ? any(kGood, rng) : any(kBad, rng);
    const std::string remark = verb + negation + word + '.';
    if (rng.chance(far_)) return {"Now to the " + object + '.', "It" + remark};
    return {"", "The " + object + remark};
  }

  int64_t length_, opinions_;
  double negation_, far_;
};

}  // namespace

LONGHAUL_PLUGIN(text_synthetic) {
  registry.task<TextSynthetic>(
      {.name = "text_synthetic",
       .about = "does a made-up review like the film? byte by byte",
       .source = "stands in for Text of Tay et al. 2020, arXiv:2011.04006",
       .published =
           "None: it stands in for Long Range Arena's Text, whose figures do not compare."});
}
