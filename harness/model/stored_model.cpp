#include "harness/model/stored_model.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/data/test_tasks.h"
#include "math/checkpoint.h"
#include "math/precision.h"
#include "support/json.h"

namespace longhaul {

namespace fs = std::filesystem;

namespace {

TrialSpec spec_of(const Checkpoint& checkpoint, const std::string& file) {
  const auto spec = checkpoint.metadata.find("spec");
  require(spec != checkpoint.metadata.end(), file,
          ": no longhaul checkpoint: its metadata holds no spec");
  try {
    return trial_from_json(parse_json(spec->second));
  } catch (const Error& e) {
    throw Error(text(file, ": damaged spec in the metadata: ", e.what()));
  }
}

}  // namespace

void save_model(const fs::path& path, const Model& model, const TrialSpec& spec) {
  Checkpoint checkpoint;
  for (const Parameter& parameter : model.parameters())
    checkpoint.tensors.push_back({parameter.name, parameter.value});
  checkpoint.metadata["format"] = "longhaul";
  checkpoint.metadata["spec"] = to_json(spec).dump();
  save_checkpoint(path, checkpoint);
}

TrialSpec load_spec(const fs::path& path) { return spec_of(load_checkpoint(path), path.string()); }

StoredModel load_model(const fs::path& path, const Registry& registry, const OptionMap& moved) {
  const std::string file = path.string();
  const Checkpoint checkpoint = load_checkpoint(path);
  StoredModel stored;
  stored.file = file;
  stored.spec = spec_of(checkpoint, file);
  require(!stored.spec.is_pretraining, file,
          ": holds the weights of a pretraining, which answers nothing: take the checkpoint of a "
          "trial that starts from it");
  for (const auto& [option, value] : moved) stored.spec.task_options[option] = value;
  Options task_options(stored.spec.task_options), mixer_options(stored.spec.model_options);
  stored.task = registry.task(stored.spec.task).make(task_options);
  const TaskShape shape = shape_of(*stored.task, make_test_tasks(stored.spec, registry));
  Settings settings = stored.spec.settings;
  if (!precision_problem(settings.precision).empty())  // trained elsewhere
    settings.precision = "bf16_emulated";              // the same bits
  stored.model = std::make_unique<Model>(registry.model(stored.spec.model), mixer_options, settings,
                                         shape, stored.spec.seed);
  std::map<std::string, Tensor> values;
  for (const NamedTensor& tensor : checkpoint.tensors) values[tensor.name] = tensor.value;
  for (const Parameter& parameter : stored.model->parameters()) {
    const auto found = values.find(parameter.name);
    require(found != values.end(), file, ": tensor '", parameter.name, "' is missing");
    require(found->second.shape() == parameter.value.shape(), file, ": tensor '", parameter.name,
            "' has shape ", found->second.shape(), ", the model expects ", parameter.value.shape());
    std::copy_n(found->second.data(), found->second.size(), parameter.value.data());
    parameter.hold_in_range();  // files of older versions hold values beyond it
    values.erase(found);
  }
  require(values.empty(), file, ": tensor '", values.empty() ? "" : values.begin()->first,
          "' is not part of model '", stored.spec.model, "'");
  return stored;
}

}  // namespace longhaul
