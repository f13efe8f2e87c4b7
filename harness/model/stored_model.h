#pragma once

#include <filesystem>
#include <memory>

#include "harness/model/model.h"

namespace longhaul {

// Writes the model's weights with the resolved spec in the file's metadata.
void save_model(const std::filesystem::path& path, const Model& model, const TrialSpec& spec);

// A model as its checkpoint describes it, with its task.
struct StoredModel {
  TrialSpec spec;
  std::unique_ptr<Task> task;
  std::unique_ptr<Model> model;
  std::string file = {};  // its checkpoint
};

// Throws Error naming the file, and the tensor that is missing, left over or of another shape.
// `moved` has task options that stand in place of the stored ones: where its data is now.
StoredModel load_model(const std::filesystem::path& path, const Registry& registry,
                       const OptionMap& moved = {});
TrialSpec load_spec(const std::filesystem::path& path);  // what it was trained by, alone

}  // namespace longhaul
