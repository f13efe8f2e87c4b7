#include "longhaul/mixer.h"

#include <algorithm>
#include <cmath>

#include "longhaul/attention_rows.h"
#include "longhaul/error.h"
#include "math/tensor_watch.h"

namespace longhaul {

Mixer::~Mixer() = default;

AttentionRows Mixer::attention_rows(const Tensor&, const Lengths&,
                                    const std::vector<int64_t>&) const {
  return {};
}

Init zeros() { return constant(0); }

Init constant(float value) {
  return [value](Tensor& values, Rng&) { std::fill_n(values.data(), values.size(), value); };
}

Init normal(double std_dev) {
  return [std_dev](Tensor& values, Rng& rng) {
    for (int64_t i = 0; i < values.size(); ++i)
      values.data()[i] = static_cast<float>(std_dev * rng.normal());
  };
}

Init uniform(double low, double high) {
  return [low, high](Tensor& values, Rng& rng) {
    for (int64_t i = 0; i < values.size(); ++i)
      values.data()[i] = static_cast<float>(rng.uniform(low, high));
  };
}

Init fan_in() {
  return [](Tensor& values, Rng& rng) {
    normal(1 / std::sqrt(static_cast<double>(std::max<int64_t>(values.dim(0), 1))))(values, rng);
  };
}

MixerContext::MixerContext(int64_t d_model, int64_t max_length, bool causal, uint64_t seed,
                           std::string prefix, Options& options, std::vector<Parameter>& parameters,
                           int64_t layer, int64_t layers, int64_t trained_length)
    : d_model_(d_model),
      max_length_(max_length),
      trained_length_(trained_length ? trained_length : max_length),
      causal_(causal),
      seed_(seed),
      prefix_(std::move(prefix)),
      options_(options),
      parameters_(parameters),
      layer_(layer),
      layers_(layers) {}

MixerContext MixerContext::inside(const std::string& prefix) const {
  return {d_model_, max_length_, causal_, seed_,   prefix_ + prefix,
          options_, parameters_, layer_,  layers_, trained_length_};
}

Tensor MixerContext::parameter(const std::string& name, const Shape& shape, const Init& init,
                               ParameterGroup group) {
  Tensor value(shape);
  Rng rng(seed_, "init/" + prefix_ + name);
  init(value, rng);
  value.set_needs_grad(true);
  declare({prefix_ + name, value, group});
  parameters_.back().hold_in_range();
  return value;
}

void MixerContext::declare(Parameter parameter) {
  const bool taken =
      std::any_of(parameters_.begin(), parameters_.end(),
                  [&](const Parameter& other) { return other.name == parameter.name; });
  require(!taken, "parameter '", parameter.name, "' is declared twice");
  parameters_.push_back(std::move(parameter));
}

Tensor MixerContext::weight(const std::string& name, int64_t in, int64_t out) {
  return parameter(name, {in, out}, fan_in(), {.is_hidden_matrix = true});
}

Tensor MixerContext::fixed(const std::string& name, const Shape& shape, const Init& init) const {
  Tensor value(shape);
  Rng rng(seed_, "fixed/" + prefix_ + name);
  init(value, rng);
  TensorWatch::forget(value);  // the model says by it that this one is no parameter
  return value;
}

Tensor MixerContext::redrawn(const std::string& name, const Shape& shape, const Init& init,
                             int64_t every) {
  const Tensor value = fixed(name, shape, init);
  const auto redraw = [value, init, every, seed = seed_,
                       purpose = "fixed/" + prefix_ + name](int64_t step) {
    if (step == 0 || step % every != 0) return;
    Rng rng(seed, purpose, static_cast<uint64_t>(step / every));
    Tensor drawn = value;
    init(drawn, rng);
  };
  declare({prefix_ + name, value, {.lr_scale = 0, .decay = false}, redraw});
  return value;
}

Tensor MixerContext::statistics(const std::string& name, int64_t width) {
  Tensor value({2 * width + 1});
  std::fill_n(value.data() + width, width, 1.0f);
  value.set_needs_grad(true);  // what a step leaves there
  declare({.name = prefix_ + name,
           .value = value,
           .group = {.lr_scale = 0, .decay = false},
           .is_statistics = true});
  return value;
}

}  // namespace longhaul
