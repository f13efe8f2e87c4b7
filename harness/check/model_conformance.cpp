#include "harness/check/model_conformance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "harness/check/gradcheck.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "math/tensor_watch.h"

namespace longhaul {
namespace {

constexpr double kTolerance = 2e-4;  // between two orders of the same float32 sums
constexpr double kLeak = 1e-5;       // what a solver that iterates to a tolerance may leave behind
constexpr int64_t kLongest = 301;    // longer than any chunk, a multiple of none

// Infinite where one is not a number.
double largest_difference(const float* a, const float* b, int64_t n) {
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double d = std::abs(double{a[i]} - double{b[i]});
    if (std::isnan(d)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, d);
  }
  return largest;
}

class Conformance {
 public:
  Conformance(const ModelInfo& model, const OptionMap& options, bool causal,
              const PromiseBegins& begins)
      : info_(model), options_(options), causal_(causal), begins_(begins), model_(build(1)) {}

  std::vector<Promise> run() {
    check("every tensor that is kept is declared", &Conformance::declared_tensors);
    check("gradients agree with finite differences", &Conformance::gradients);
    check("the same seed gives the same numbers", &Conformance::repeatability);
    check("lengths 1, 2, odd and long work", &Conformance::lengths);
    check("neighbours in the batch and padding are not seen", &Conformance::neighbours_and_padding);
    if (causal_) {
      check("no output depends on later inputs", &Conformance::causality);
      if (model_.decodes()) check("step returns what forward does", &Conformance::decoding);
    }
    check("inside a lane the result is the same", &Conformance::lanes);
    check("nothing is kept without a tape", &Conformance::memory);
    return std::move(promises_);
  }

 private:
  void check(const char* promise, void (Conformance::*body)()) {
    promises_.push_back({text(causal_ ? "causal: " : "bidirectional: ", promise), {}});
    if (begins_) begins_(promises_.back().name);
    try {
      (this->*body)();
    } catch (const std::exception& error) {
      violated("it throws: ", error.what());
    }
  }

  // Read at every position when causal, so that each output can be looked at; else once a sequence.
  TaskShape shape() const {
    return {.vocab = 11,
            .classes = 5,
            .max_length = kLongest,
            .readout = causal_ ? Readout::token : Readout::sequence};
  }

  Model build(uint64_t seed) const {
    Options options(options_);
    Settings settings;
    settings.d_model = 16;
    settings.layers = layers_to_check(info_);
    settings.causal = causal_;
    Model model(info_, options, settings, shape(), seed);
    options.check(info_.name);
    return model;
  }

  template <class... Parts>
  void violated(const Parts&... parts) {
    promises_.back().violations.push_back(text(parts...));
  }

  // A member that a model makes by itself is neither trained nor stored. It has no name, so that
  // the parameter made before it says where it is.
  void declared_tensors() {
    const TensorWatch watch;
    const Model model = build(1);
    std::map<const float*, std::string> names;
    for (const Parameter& parameter : model.parameters())
      names[parameter.value.data()] = parameter.name;
    std::string before = "all parameters";
    for (const TensorWatch::Made& tensor : watch.held())
      if (const auto found = names.find(tensor.data); found != names.end())
        before = found->second;
      else
        violated("the model keeps a tensor of shape ", tensor.shape, ", made ",
                 before == "all parameters" ? "before " : "after ", before,
                 ", that is neither trained nor stored: make a parameter by "
                 "MixerContext::parameter() or weight(), a constant by fixed()");
  }

  void gradients() {
    for (const GradientCheck& check : check_gradients(model_, random_batch({7, 3}, shape(), 1)))
      if (!check.ok)
        violated("the gradient of ", check.parameter, " ", check.shape, " is off by ",
                 100 * check.worst, "% of its largest value, allowed ", 100 * kGradientTolerance,
                 "%");
  }

  void repeatability() {
    const Batch batch = random_batch({9, 4}, shape(), 2);
    const Tensor first = model_.forward(batch);
    if (largest_difference(first.data(), model_.forward(batch).data(), first.size()) != 0)
      violated("two forward passes on the same input differ");
    if (largest_difference(first.data(), build(1).forward(batch).data(), first.size()) != 0)
      violated("two models made from the same seed differ");
    if (largest_difference(first.data(), build(2).forward(batch).data(), first.size()) == 0)
      violated("models made from different seeds are the same");
  }

  void lengths() {
    for (int64_t length : {int64_t{1}, int64_t{2}, int64_t{63}, int64_t{65}, kLongest}) {
      const Tensor y = model_.forward(random_batch({length, length}, shape(), 3));
      for (int64_t i = 0; i < y.size(); ++i)
        if (!std::isfinite(y.data()[i])) {
          violated("an output at length ", length, " is not finite");
          break;
        }
    }
  }

  // A sequence alone against the same one in a batch with a longer one.
  void neighbours_and_padding() {
    const Batch both = random_batch({5, 70}, shape(), 4);
    Batch alone = both;
    alone.size = 1;
    alone.length = 5;
    alone.tokens.resize(5);
    alone.lengths = {5};
    alone.rows.resize(causal_ ? 5 : 1);
    alone.targets.resize(alone.rows.size());
    const Tensor y = model_.forward(alone);
    const double apart = largest_difference(y.data(), model_.forward(both).data(), y.size());
    if (!(apart <= kTolerance))
      violated("a sequence of 5 changes by ", apart,
               " when a longer one stands beside it: rows are mixed, or padding is seen (Lengths)");
  }

  void causality() {
    const int64_t T = 40, change = 23;
    Batch batch = random_batch({T}, shape(), 5);
    const Tensor before = model_.forward(batch);
    for (int64_t t = change; t < T; ++t) batch.tokens[t] = 1 + (batch.tokens[t] + 4) % 10;
    const Tensor after = model_.forward(batch);
    const int64_t C = shape().classes;
    if (!(largest_difference(before.data(), after.data(), change * C) <= kLeak))
      violated("outputs before position ", change, " change when inputs from there on do");
  }

  void decoding() {
    const int64_t T = 37, C = shape().classes;
    const Batch batch = random_batch({T, T}, shape(), 6);
    const Tensor whole = model_.forward(batch);  // [2 T, C]
    DecodeState state = model_.start(2);
    for (int64_t t = 0; t < T; ++t) {
      const Tensor y = model_.step(column(batch, t, 2), state);
      for (int64_t b = 0; b < 2; ++b) {
        const double apart =
            largest_difference(y.data() + b * C, whole.data() + (b * T + t) * C, C);
        if (!(apart <= kTolerance)) {
          violated("step() differs from forward() by ", apart, " at position ", t, " of sequence ",
                   b);
          return;
        }
      }
    }
  }

  void lanes() {
    const Batch batch = random_batch({kLongest}, shape(), 7);
    const Tensor outside = model_.forward(batch);
    const LaneScope lane;
    const double apart =
        largest_difference(outside.data(), model_.forward(batch).data(), outside.size());
    if (!(apart <= kTolerance)) violated("inside a lane the result differs by ", apart);
  }

  void memory() {
    const Batch batch = random_batch({9, 9}, shape(), 8);
    const int64_t before = live_bytes(Memory::activations);
    model_.forward(batch);
    const int64_t kept = live_bytes(Memory::activations) - before;
    if (kept != 0) violated("a forward pass without a tape keeps ", kept, " bytes");
  }

  const ModelInfo& info_;
  const OptionMap& options_;
  bool causal_;
  const PromiseBegins& begins_;
  Model model_;
  std::vector<Promise> promises_;
};

}  // namespace

std::vector<Promise> check_promises(const ModelInfo& model, const OptionMap& options,
                                    const PromiseBegins& begins) {
  std::vector<Promise> promises;
  if (begins) begins("it can be built");
  for (bool causal : {true, false}) {
    if (model.direction == (causal ? Direction::bidirectional : Direction::causal)) continue;
    for (Promise& promise : Conformance(model, options, causal, begins).run())
      promises.push_back(std::move(promise));
  }
  return promises;
}

std::vector<std::string> check_conformance(const ModelInfo& model, const OptionMap& options) {
  std::vector<std::string> violations;
  for (const Promise& promise : check_promises(model, options))
    for (const std::string& violation : promise.violations)
      violations.push_back(text(model.name, ": ", promise.name, ": ", violation));
  return violations;
}

}  // namespace longhaul
