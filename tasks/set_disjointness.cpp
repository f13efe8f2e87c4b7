// What do two sets have in common (after Arora et al. 2024, "Just Read Twice", arXiv:2407.05483,
// where set disjointness stands for reading in the wrong order).
//
// Two sets that share one element, which is to be answered. Who reads the small set first need keep
// only that; who reads the large one first has to keep all of it, unless the whole is read twice.
//
//   small 2, large 4, elements 12, small first
//   input   3 8 * 1 8 11 5:                        3 8 13 1 8 11 5
//   target  the element in both                    7
//
// All other elements differ. The shared one is uniform, and stands anywhere in either set. `reads`
// says how often the two sets are read, each time in the same order, with the separator between.
//
// test_set says which set comes first:
//   ordinary      either, with probability 1/2
//   small_first   the small one
//   large_first   the large one
//
// Ids: elements 1 .. E, separator E+1 (0 pads). A target is its element minus 1.
//
// The shallow baseline is the first element of the small set. A count of all elements would tell
// the answer, the one that comes twice, but needs a state as large as the number of elements: how
// much of that a model can spare is the question.
//
// This is a task of our own after the paper's; its sizes could not be checked.

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

class SetDisjointness final : public Task {
 public:
  explicit SetDisjointness(Options& options)
      : small_(options.integer("small", 4, "elements of the small set", 1, 100'000)),
        large_(options.integer("large", 32, "elements of the large set", 2, 1'000'000)),
        elements_(static_cast<int32_t>(
            options.integer("elements", 256, "different elements", 2, 2'000'000))),
        reads_(options.integer("reads", 1, "how often the sets are read", 1, 100)),
        test_set_(options.choice("test_set", "ordinary", {"ordinary", "small_first", "large_first"},
                                 "which set comes first")) {
    if (small_ >= large_)
      options.problem("small", text("found ", small_, ", allowed: below ", large_, " (large)"));
    if (small_ + large_ - 1 > elements_)
      options.problem("elements", text("found ", elements_, ", allowed: at least ",
                                       small_ + large_ - 1, " (those of both sets)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return elements_ + 2; }
  int64_t classes() const override { return elements_; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return reads_ * (small_ + large_ + 2) - 1; }

  Example draw(Rng& rng) const override {
    const bool coin = rng.chance(0.5);
    const bool small_first = test_set_ == "ordinary" ? coin : test_set_ == "small_first";
    std::vector<int32_t> ids(elements_);
    std::iota(ids.begin(), ids.end(), 1);
    for (int64_t i = 0; i < small_ + large_ - 1; ++i)
      std::swap(ids[i], ids[rng.between(i, elements_ - 1)]);
    std::vector<int32_t> small(ids.begin(), ids.begin() + small_);  // the first is in both
    std::vector<int32_t> large(ids.begin() + small_, ids.begin() + small_ + large_ - 1);
    large.push_back(ids[0]);
    rng.shuffle(small);
    rng.shuffle(large);

    Example example;
    for (int64_t read = 0; read < reads_; ++read) {
      if (read > 0) example.tokens.push_back(separator());
      const auto& first = small_first ? small : large;
      const auto& second = small_first ? large : small;
      example.tokens.insert(example.tokens.end(), first.begin(), first.end());
      example.tokens.push_back(separator());
      example.tokens.insert(example.tokens.end(), second.begin(), second.end());
    }
    example.targets = {ids[0] - 1};
    return example;
  }

  // The large set grows.
  OptionMap at_length(int64_t length) const override {
    const int64_t large = (length + 1) / reads_ - small_ - 2;
    const int64_t most = elements_ - small_ + 1;
    require(large > small_ && large <= most, "set_disjointness: found length ", length,
            ", allowed: ", reads_ * (2 * small_ + 3) - 1, " .. ", reads_ * (small_ + most + 2) - 1,
            " (small ", small_, ", elements ", elements_, ")");
    return {{"large", large}};
  }

  Shallow shallow(const Example& example, int64_t) const override {
    const bool small_first = example.tokens[small_] == separator();
    return {.guess = example.tokens[small_first ? 0 : large_ + 1] - 1};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    for (const int32_t id : example.tokens) shown += id == separator() ? "* " : text(id, ' ');
    return shown + text("-> ", example.targets[0] + 1, '\n');
  }

 private:
  int32_t separator() const { return elements_ + 1; }

  int64_t small_, large_;
  int32_t elements_;
  int64_t reads_;
  std::string test_set_;
};

}  // namespace

LONGHAUL_PLUGIN(set_disjointness) {
  registry.task<SetDisjointness>(
      {.name = "set_disjointness",
       .about = "the element that two sets have in common",
       .source = "after Arora et al. 2024, arXiv:2407.05483",
       .published = "none quoted: a task of this project after the paper's"});
}
