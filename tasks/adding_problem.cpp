// The adding problem (Hochreiter and Schmidhuber 1997; as in Arjovsky et al. 2016,
// arXiv:1511.06464, section 4.2, and in S4's code), with a class for an answer.
//
// Random numbers, two of them marked, one in each half: their sum is to be answered.
//
//   length 6, levels 10
//   value   0.3 0.9 0.1 0.5 0.0 0.8
//   marker  0 1 0 0 0 1
//   target  17
//
// Two real numbers a position: the value, k / levels with k uniform in 0 .. levels-1, and the
// marker, 1 at two positions and else 0. One marked position is uniform in the first length / 2,
// the other in the rest. The answer is the class of the sum, k1 + k2: one of 2 levels - 1.
//
// Where this differs from the original:
// - Its values are uniform in [0, 1) and its answer is the real sum, scored by the squared error.
//   Here values have `levels` steps, so that an answer is right or wrong as in every other task.
//   Guessing the mean, the original's baseline of 0.167, is here the commonest class, levels - 1,
//   right once in `levels`.
// - Hochreiter and Schmidhuber mark the ends with -1 and draw the length; the later form is used.
// The shallow baseline knows the later of the two marked values, and is no better than one who
// knows neither: whatever it is, all values of the other are equally likely. A model above the
// baseline has found both.

#include <cmath>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

constexpr int64_t kChannels = 2;  // value, marker
constexpr int64_t kShown = 20;    // positions a line

class AddingProblem final : public Task {
 public:
  explicit AddingProblem(Options& options)
      : length_(options.integer("length", 1000, "positions of an example", 2, 4'000'000)),
        levels_(static_cast<int32_t>(
            options.integer("levels", 10, "different values, steps of 1 / levels", 2, 1000))) {}

  int version() const override { return 1; }
  int64_t vocab() const override { return 0; }
  int64_t channels() const override { return kChannels; }
  int64_t classes() const override { return 2 * levels_ - 1; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return length_; }

  Example draw(Rng& rng) const override {
    const auto steps = symbols::draw(rng, length_, 0, levels_ - 1);
    const int64_t first = rng.below(length_ / 2);
    const int64_t second = rng.between(length_ / 2, length_ - 1);
    Example example;
    for (int64_t t = 0; t < length_; ++t) {
      example.values.push_back(static_cast<float>(steps[t]) / static_cast<float>(levels_));
      example.values.push_back(t == first || t == second ? 1.0f : 0.0f);
    }
    example.targets = {steps[first] + steps[second]};
    return example;
  }

  OptionMap at_length(int64_t length) const override {
    return symbols::length_option(
        length, length >= 2 ? "" : text("found ", length, ", allowed: at least 2"));
  }

  Shallow shallow(const Example& example, int64_t) const override {
    int64_t t = length_ - 1;
    while (marker(example, t) == 0) --t;
    return {.key = std::lround(value(example, t) * static_cast<float>(levels_))};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    for (int64_t first = 0; first < length_; first += kShown) {
      std::string values = "value ", markers = "marker";
      for (int64_t t = first; t < std::min(first + kShown, length_); ++t) {
        std::string number = text(value(example, t));
        number.resize(5, ' ');
        values += ' ' + number;
        markers += marker(example, t) == 0 ? " .    " : " 1    ";
      }
      shown += values + '\n' + markers + '\n';
    }
    const int32_t sum = example.targets[0];
    return shown + text("target ", sum, ": the sum is ", sum, " / ", levels_, '\n');
  }

 private:
  static float value(const Example& example, int64_t t) { return example.values[kChannels * t]; }
  static float marker(const Example& example, int64_t t) {
    return example.values[kChannels * t + 1];
  }

  int64_t length_;
  int32_t levels_;
};

}  // namespace

LONGHAUL_PLUGIN(adding_problem) {
  registry.task<AddingProblem>(
      {.name = "adding_problem",
       .about = "the sum of two marked numbers, one of 19 classes",
       .source = "Arjovsky et al. 2016, arXiv:1511.06464, section 4.2",
       .published =
           "mean squared error, not accuracy: a guess of 1 for every sequence has 1/6, which\n"
           "networks without memory do not beat"});
}
