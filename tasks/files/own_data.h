#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "longhaul/task.h"
#include "tasks/files/stored_splits.h"

namespace longhaul::own_data {

// The options of the task files, which explains them.
struct Asked {
  std::string path, input, answer, split, kind, answers;
  int64_t max_length = 0;
  bool normalize = true;

  bool is_media() const { return kind == "wav" || kind == "png"; }
  bool is_real() const { return kind == "numbers" || is_media(); }
  bool is_next() const { return answers == "next"; }
  bool is_regression() const {
    return answers == "number" || answers == "numbers" || (is_next() && is_real());
  }
  bool is_of_sequence() const { return answers == "class" || answers == "number"; }
};

// All examples, in memory.
struct Data {
  std::vector<Example> examples;
  data::StoredSplits<int64_t> parts;  // places in examples
  std::vector<std::string> classes;   // their names, in order
  int64_t ids = 0, channels = 0;      // ids that are known; real numbers a step
  int64_t longest = 1;                // steps of an example
  double mean = 0, unit = 1;          // a real answer is number * unit + mean
  int64_t width = 0, height = 0;      // of pictures that are all alike and whole; else 0
};

// Throws Error naming file, line and column of the first defect, what was found and what is
// allowed.
Data read(const Asked& asked);

}  // namespace longhaul::own_data
