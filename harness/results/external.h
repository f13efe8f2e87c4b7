#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/results/store.h"

namespace longhaul {

// A score of a model that longhaul did not train, to stand beside those of a results folder: one
// external/<id>.json there.
struct ExternalScore {
  std::string model;        // a name that no model of the suite has
  std::string task;         // name of the task's entry in the suite
  uint64_t seed = 0;        // of the training, made elsewhere
  int64_t eval_length = 0;  // length of the test examples; 0: the task's own lengths
  double test_value = 0;    // accuracy on the task's test examples, 0 to 1
  std::optional<double> val_value = std::nullopt;
  std::optional<int64_t> test_examples = std::nullopt;  // none: as many as the suite tests
  std::optional<int64_t> parameters = std::nullopt, steps = std::nullopt;
  std::optional<int64_t> tokens_seen = std::nullopt;
  std::optional<double> train_seconds = std::nullopt, learning_rate = std::nullopt;
  std::string note = {};  // where it comes from, for a reader
};

// Adds a score to a results folder; one of the same model, task, seed and length is replaced.
// Returns its id. Throws Error if `dir` is no results folder, if the suite has a model of that
// name, no such task, or no finished trial of it at that length (whose baselines are the score's
// too), and if a number is impossible.
std::string add_external(const std::filesystem::path& dir, const ExternalScore& score);

// The scores of a folder as trials, sorted by model, task and seed. `trials` are its own, which
// give tasks, baselines and how many examples are tested; a score that no longer fits to them, or
// whose file is damaged, is a line of `problems`.
std::vector<Trial> external_trials(const std::filesystem::path& dir,
                                   const std::vector<Trial>& trials,
                                   std::vector<std::string>& problems);

}  // namespace longhaul
