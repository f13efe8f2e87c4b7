// A plugin with one model that is right and some that each have one fault, and a task.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

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

struct ThrowsSystemErrorInForward final : Gain {
  using Gain::Gain;
  Tensor forward(const Tensor&, const Lengths&) const override {
    throw std::system_error(ENOSPC, std::generic_category(), "the plugin's own file");
  }
};

// Leaves a process behind, whose id it appends to `file`.
struct Forks final : Gain {
  explicit Forks(MixerContext& c) : Gain(c), file_(c.options().text("file", "", "")) {}
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    static const bool once = fork_once();
    return once ? Gain::forward(x, lengths) : Tensor();
  }

 private:
  bool fork_once() const {
    const pid_t child = fork();
    while (child == 0) pause();
    std::ofstream(file_, std::ios::app) << child << '\n';
    return child > 0;
  }
  std::string file_;
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

class Last : public Task {
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

// Ends in the call that `where` says, as `how` says.
class EndsInTask final : public Last {
 public:
  explicit EndsInTask(Options& options)
      : Last(options),
        where_(options.choice("where", "constructor", {"constructor", "max_length", "draw"}, "")),
        how_(options.choice("how", "crash", {"crash", "exit", "system_error", "hang"}, "")) {
    end_in("constructor");
  }
  int64_t max_length() const override { return end_in("max_length"), Last::max_length(); }
  OptionMap at_length(int64_t length) const override { return {{"length", length}}; }
  Example draw(Rng& rng) const override { return end_in("draw"), Last::draw(rng); }

 private:
  void end_in(const std::string& call) const {
    if (call != where_) return;
    if (how_ == "exit") std::exit(0);
    if (how_ == "system_error") throw std::system_error(ENOSPC, std::generic_category());
    while (how_ == "hang") pause();
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer may have taken it
    std::raise(SIGSEGV);
  }
  std::string where_, how_;
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
  registry.mixer<ThrowsSystemErrorInForward>({.name = "throws_system_error_in_forward",
                                              .about = "its own disk is full",
                                              .source = "a test"});
  registry.mixer<Forks>({.name = "forks", .about = "leaves a process", .source = "a test"});
  registry.mixer<ExitsInStep>(
      {.name = "exits_in_step", .about = "ends the program", .source = "a test"});
  registry.mixer<Undeclared>(
      {.name = "undeclared", .about = "trains what it does not declare", .source = "a test"});
  registry.task<Last>({.name = "last", .about = "the last token", .source = "a test"});
  registry.task<EndsInTask>(
      {.name = "ends_in_task", .about = "ends the program", .source = "a test"});
}
