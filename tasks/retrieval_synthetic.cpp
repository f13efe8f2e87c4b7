// The stand-in for Long Range Arena's Retrieval (Tay et al. 2020, arXiv:2011.04006, section 2.2.3:
// pairs of papers of the ACL Anthology Network, byte by byte), made up so that it needs no
// download. No score on it compares with a published one; the task `retrieval` reads the real
// pairs.
//
// Two documents, each read alone by the same encoder: do they report the same facts (1) or not (0)?
// A source knows where some people live; its documents say so in any order, among idle sentences.
// The documents of another source name the same people and the same towns, but for `changed` of the
// people, who exchanged their towns in a ring.
//
//   facts 2, changed 2, far 0.5
//   first   Anna lives in Oslo. A child fed the ducks by the river. Boris lives in Rome.
//   second  A word on Boris. A clerk dropped a coin in the yard. Home is Oslo. Anna lives in Rome.
//   target 0
//
// A fact is one sentence, or, with probability `far`, two with anything but another fact between
// them: "A word on Boris." and a sentence about the home of whoever was named last.
//
//   id = byte + 1 (0 pads)       Anna lives   =   66 111 111 98 33 109 106 119 102 116
//
// No bag of bytes of either document, nor both bags together, tells anything: people and towns are
// the same ones in both, whatever the answer.
//
// Deviations from the original: English of a small grammar, and sources instead of citations.

#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/synthetic_text.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;
namespace st = longhaul::synthetic_text;

constexpr const char* kPeople[] = {"Anna",  "Boris", "Clara", "David", "Emma",  "Felix",
                                   "Greta", "Henry", "Irene", "Jonas", "Karla", "Louis",
                                   "Maria", "Nadia", "Oscar", "Paula"};
constexpr const char* kTowns[] = {"Oslo",  "Rome",  "Lima",  "Cairo", "Delhi", "Paris",
                                  "Tokyo", "Quito", "Dakar", "Sofia", "Perth", "Accra",
                                  "Minsk", "Hanoi", "Turin", "Basel"};
constexpr int64_t kMostFacts = 16;
constexpr int64_t kLongestFact = 32;  // bytes, spaces included; a test of the length checks it

// Where each of some people lives.
struct Source {
  std::vector<int64_t> people, towns;
};

class RetrievalSynthetic final : public Task {
 public:
  explicit RetrievalSynthetic(Options& options)
      : length_(options.integer("length", 1024, "most bytes of a document", 1, 1'000'000)),
        facts_(options.integer("facts", 4, "facts that a document reports", 2, kMostFacts)),
        changed_(
            options.integer("changed", 4, "facts that differ in another source", 2, kMostFacts)),
        far_(options.number("far", 0.5, "probability that a fact takes two sentences", 0, 1)) {
    if (changed_ > facts_)
      options.problem("changed", text("found ", changed_, ", allowed: at most ", facts_,
                                      " (the facts of a document)"));
    if (length_ < shortest())
      options.problem("length", text("found ", length_, ", allowed: at least ", shortest(), " (",
                                     kLongestFact, " for each of ", facts_, " facts)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return st::kByteVocabulary; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::pair; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const bool same = rng.below(2) == 1;
    Source source{st::choose(facts_, kMostFacts, rng), st::choose(facts_, kMostFacts, rng)};
    Example example;
    example.tokens = document(source, rng);
    if (!same) exchange(source, rng);
    example.second = document(source, rng);
    example.targets = {same};
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    require(length >= shortest(), "retrieval_synthetic: no document of ", facts_,
            " facts fits into ", length, " bytes; allowed: at least ", shortest());
    return {{"length", length}};
  }

  bool shallow_is_bag_of_tokens() const override { return true; }

  std::string show(const Example& example) const override {
    return "first   " + st::from_ids(example.tokens) + "\nsecond  " + st::from_ids(example.second) +
           (example.targets[0] == 1 ? "\ntarget 1: one source\n" : "\ntarget 0: two sources\n");
  }

 private:
  int64_t shortest() const { return facts_ * kLongestFact; }

  // The towns of `changed` of the people move one on in a ring.
  void exchange(Source& source, Rng& rng) const {
    const std::vector<int64_t> moving = st::choose(changed_, facts_, rng);
    for (std::size_t i = 1; i < moving.size(); ++i)
      std::swap(source.towns[moving[i - 1]], source.towns[moving[i]]);
  }

  std::vector<int32_t> document(const Source& source, Rng& rng) const {
    std::vector<st::Statement> statements;
    for (int64_t i = 0; i < facts_; ++i) {
      const std::string person = kPeople[source.people[i]], town = kTowns[source.towns[i]];
      if (rng.chance(far_))
        statements.push_back({"A word on " + person + '.', "Home is " + town + '.'});
      else
        statements.push_back({"", person + " lives in " + town + '.'});
    }
    rng.shuffle(statements);
    return st::to_ids(st::compose(statements, length_, rng));
  }

  int64_t length_, facts_, changed_;
  double far_;
};

}  // namespace

LONGHAUL_PLUGIN(retrieval_synthetic) {
  registry.task<RetrievalSynthetic>(
      {.name = "retrieval_synthetic",
       .about = "do two made-up documents report the same facts? byte by byte",
       .source = "stands in for Retrieval of Tay et al. 2020, arXiv:2011.04006",
       .published =
           "None: it stands in for Long Range Arena's Retrieval, whose figures do not compare."});
}
