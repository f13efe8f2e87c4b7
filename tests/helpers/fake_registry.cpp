#include "tests/helpers/fake_registry.h"

#include "longhaul/error.h"
#include "tests/helpers/temporary_file.h"

namespace longhaul {
namespace {

class Copy : public Mixer {
 public:
  explicit Copy(MixerContext& c) {
    const int64_t heads = c.options().integer("heads", 2, "number of heads", 1, 8);
    c.options().choice("gate", "none", {"none", "silu"}, "of the output");
    if (c.d_model() % heads != 0)
      c.options().problem("heads",
                          text("found ", heads, ", allowed: divisors of d_model ", c.d_model()));
  }
  Tensor forward(const Tensor& x, const Lengths&) const override { return x; }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State& state) const override {
    ++state.position;
    return x;
  }
};

class Mirror final : public Copy {
 public:
  explicit Mirror(MixerContext& c) : Copy(c) { require(!c.causal(), "mirror: cannot be causal"); }
};

class Coin final : public Task {
 public:
  explicit Coin(Options& options)
      : sides_(options.integer("sides", 2, "answers to choose from", 2, 6)) {}
  int version() const override { return 3; }
  int64_t vocab() const override { return sides_ + 1; }
  int64_t classes() const override { return sides_; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return 32; }
  Example draw(Rng& rng) const override {
    Example example;
    for (int64_t t = rng.between(8, 32); t > 0; --t)
      example.tokens.push_back(static_cast<int32_t>(1 + rng.below(sides_)));
    example.targets = {example.tokens.front() - 1};
    return example;
  }

 private:
  int64_t sides_;
};

class Echo final : public Task {
 public:
  explicit Echo(Options& options)
      : length_(options.integer("length", 16, "tokens of an example", 1, 64)) {
    options.number("weight", 0.5, "of nothing in particular", 0, 1);
    require(length_ % 2 == 0, "echo: length ", length_, " is odd");
  }
  int version() const override { return 1; }
  int64_t vocab() const override { return 9; }
  int64_t classes() const override { return 9; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_; }
  OptionMap at_length(int64_t length) const override { return {{"length", length}}; }
  Example draw(Rng& rng) const override {
    Example example;
    for (int64_t t = 0; t < length_; ++t)
      example.tokens.push_back(static_cast<int32_t>(rng.between(1, 8)));
    example.targets = example.tokens;
    return example;
  }

 private:
  int64_t length_;
};

}  // namespace

Registry fake_registry() {
  Registry registry;
  registry.mixer<Copy>({"copy", "y = x", "none", Direction::causal, {}, {}});
  registry.mixer<Mirror>({"mirror", "y = x", "none", Direction::bidirectional, {}, {}});
  registry.task<Coin>({"coin", "the first token", "none", {}, {}});
  registry.task<Echo>({"echo", "every token", "none", {}, {}});
  return registry;
}

Suite load_fake_suite(const std::string& yaml, const std::vector<std::string>& overrides) {
  const TemporaryFile file("suite.yaml", yaml);
  Registry registry = fake_registry();
  return load_suite(file.path(), registry, overrides);
}

}  // namespace longhaul
