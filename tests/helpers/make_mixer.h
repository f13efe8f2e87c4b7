#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "longhaul/mixer.h"

namespace longhaul {

// A mixer by itself, with its parameters by name.
struct MadeMixer {
  std::unique_ptr<Mixer> mixer;
  std::vector<Parameter> parameters;
  std::vector<OptionProblem> problems;

  Tensor operator()(const Tensor& x) const {  // all positions of x [B, T, D] are real
    return mixer->forward(x, Lengths(x.dim(0), x.dim(1)));
  }
  Tensor parameter(const std::string& name) const {
    for (const Parameter& p : parameters)
      if (p.name == name) return p.value;
    return {};
  }
};

struct LayerPlace {
  int64_t d_model = 16, max_length = 64;
  bool causal = true;
  int64_t layer = 0, layers = 1;
  int64_t trained_length = 0;  // 0: max_length
  uint64_t seed = 1;
};

inline const Registry& builtins() {  // made once: it takes a millisecond
  static const Registry registry = [] {
    Registry made;
    register_builtins(made);
    return made;
  }();
  return registry;
}

inline MadeMixer make_mixer(const std::string& model, const OptionMap& given,
                            const LayerPlace& at = {}) {
  Options options(given);
  MadeMixer made;
  MixerContext context(at.d_model, at.max_length, at.causal, at.seed, "", options, made.parameters,
                       at.layer, at.layers, at.trained_length);
  made.mixer = builtins().model(model).make(context);
  made.problems = options.problems();
  return made;
}

}  // namespace longhaul
