// A plugin with one model that is right and some that each have one fault, and a task.
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

// y = x .* gain
class Gain : public Mixer {
 public:
  explicit Gain(MixerContext& c)
      : gain_(c.parameter("gain", {c.d_model()},
                          constant(static_cast<float>(
                              c.options().number("start", 1, "first value of the gains"))))) {}
  Tensor forward(const Tensor& x, const Lengths&) const override { return mul(x, gain_); }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State& state) const override {
    ++state.position;
    return mul(x, gain_);
  }

 protected:
  Tensor gain_;
};

struct ThrowsInConstructor final : Gain {
  explicit ThrowsInConstructor(MixerContext& c) : Gain(c) {
    throw std::logic_error("no such file");
  }
};

// Does what `how` says as it is built.
struct EndsInConstructor final : Gain {
  explicit EndsInConstructor(MixerContext& c) : Gain(c) {
    const std::string how = c.options().choice("how", "crash", {"crash", "exit", "never"}, "");
    if (how == "exit") std::exit(0);
    if (how == "never") return;
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer may have taken it
    std::raise(SIGSEGV);
  }
};

struct ThrowsInForward final : Gain {
  using Gain::Gain;
  Tensor forward(const Tensor&, const Lengths&) const override {
    throw std::runtime_error("not written yet");
  }
};

struct CrashesInForward final : Gain {
  using Gain::Gain;
  Tensor forward(const Tensor&, const Lengths&) const override {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer may have taken it
    std::raise(SIGSEGV);
    return {};
  }
};

struct ExitsInStep final : Gain {
  using Gain::Gain;
  Tensor step(const Tensor&, State&) const override { std::exit(0); }
};

class Undeclared final : public Gain {
 public:
  explicit Undeclared(MixerContext& c) : Gain(c), hidden_({c.d_model()}, 0.5f) {
    hidden_.set_needs_grad(true);
  }
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    return add(Gain::forward(x, lengths), hidden_);
  }
  Tensor step(const Tensor& x, State& state) const override {
    return add(Gain::step(x, state), hidden_);
  }

 private:
  Tensor hidden_;
};

class Last final : public Task {
 public:
  explicit Last(Options& options) : length_(options.integer("length", 12, "tokens", 4, 64)) {}
  int version() const override { return 1; }
  int64_t vocab() const override { return 9; }
  int64_t classes() const override { return 8; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return length_; }
  Example draw(Rng& rng) const override {
    Example example;
    for (int64_t t = 0; t < length_; ++t)
      example.tokens.push_back(static_cast<int32_t>(rng.between(1, 8)));
    example.targets = {example.tokens.back() - 1};
    return example;
  }

 private:
  int64_t length_;
};

}  // namespace

LONGHAUL_PLUGIN(good) {
  registry.mixer<Gain>({.name = "gain", .about = "y = x .* gain", .source = "a test"});
  registry.mixer<ThrowsInConstructor>(
      {.name = "throws_in_constructor", .about = "cannot be built", .source = "a test"});
  registry.mixer<EndsInConstructor>(
      {.name = "ends_in_constructor", .about = "ends the program", .source = "a test"});
  registry.mixer<ThrowsInForward>(
      {.name = "throws_in_forward", .about = "cannot be run", .source = "a test"});
  registry.mixer<CrashesInForward>(
      {.name = "crashes_in_forward", .about = "ends the program", .source = "a test"});
  registry.mixer<ExitsInStep>(
      {.name = "exits_in_step", .about = "ends the program", .source = "a test"});
  registry.mixer<Undeclared>(
      {.name = "undeclared", .about = "trains what it does not declare", .source = "a test"});
  registry.task<Last>({.name = "last", .about = "the last token", .source = "a test"});
}
