#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/plugin_loader.h"
#include "harness/model/given_inputs.h"
#include "longhaul/error.h"
#include "python/module.h"

namespace nb = nanobind;

namespace longhaul {
namespace {

using Tokens = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Values = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

// A checkpoint is no permission to run code: its plugins are loaded by who trusts them.
void require_known(const TrialSpec& spec, const std::string& file) {
  const Registry& registry = python_registry();
  if (registry.models().count(spec.model) && registry.tasks().count(spec.task)) return;
  for (const PluginFile& plugin : spec.plugins)
    throw Error(text(file, ": its model or task comes from the plugin ", plugin.path,
                     "; load it first: longhaul.load_plugin(\"", plugin.path, "\")"));
}

StoredModel load(const std::filesystem::path& file) {
  require_known(load_spec(file), file.string());
  return load_model(file, python_registry());
}

nb::ndarray<nb::numpy, float> forward(const StoredModel& stored,
                                      const std::function<Batch()>& batch) {
  Tensor logits;
  {
    const nb::gil_scoped_release others_may_run;
    logits = logits_of(stored, batch());
  }
  std::vector<std::size_t> shape;
  for (int64_t axis = 0; axis < logits.rank(); ++axis)
    shape.push_back(static_cast<std::size_t>(logits.dim(axis)));
  return numpy_array(std::vector<float>(logits.data(), logits.data() + logits.size()), shape);
}

nb::ndarray<nb::numpy, float> forward_tokens(const StoredModel& stored, const Tokens& tokens) {
  IntArray ids;
  ids.shape = {static_cast<int64_t>(tokens.shape(0)), static_cast<int64_t>(tokens.shape(1))};
  ids.values.assign(tokens.data(), tokens.data() + tokens.size());
  return forward(stored, [&] { return batch_of_tokens(stored, ids, "tokens"); });
}

nb::ndarray<nb::numpy, float> forward_values(const StoredModel& stored, const Values& values) {
  Tensor given({static_cast<int64_t>(values.shape(0)), static_cast<int64_t>(values.shape(1)),
                static_cast<int64_t>(values.shape(2))});
  std::copy_n(values.data(), values.size(), given.data());
  return forward(stored, [&] { return batch_of_values(stored, given, "values"); });
}

}  // namespace

void bind_checkpoints(nb::module_& module) {
  nb::class_<StoredModel>(module, "Checkpoint",
                          "A trained model; longhaul.Checkpoint is its Python side.")
      .def(
          "__init__",
          [](StoredModel* place, const std::filesystem::path& file) {
            new (place) StoredModel(load(file));
          },
          nb::arg("file"))
      .def_prop_ro("spec", [](const StoredModel& stored) { return to_json(stored.spec).dump(); })
      .def("forward", forward_tokens, nb::arg("tokens"), "Logits on tokens [batch, length], int32.")
      .def("forward_values", forward_values, nb::arg("values"),
           "Logits on values [batch, length, channels], float32.");
}

}  // namespace longhaul
