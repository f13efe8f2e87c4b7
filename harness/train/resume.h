#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"
#include "harness/train/diagnostics.h"
#include "math/checkpoint.h"
#include "support/clock.h"

namespace longhaul {

// All that a training is between two of its steps, beside its tensors. Random streams need no place
// here: each is drawn from the seed and the number of the step.
struct TrainingState {
  int64_t steps = 0;
  int64_t tokens = 0;
  int64_t flops = 0;
  double seconds = 0;  // of training steps alone
  int64_t evaluations = 0;
  int64_t selected_step = 0;   // of the best weights, 0 before the first validation
  double validation = 0;       // their score
  double accuracy = 0;         // of the last validation, not of the best
  std::vector<double> losses;  // of every step
  std::vector<CurvePoint> validations;
  Diagnostics::State diagnostics;
  std::map<std::string, double> notes;
  int64_t peak_activation_bytes = 0;
};

// The files resume.0 and resume.1 in a trial's folder, from which it goes on after it was stopped
// or killed. Each is a safetensors file with weights, best weights and what the optimizer keeps;
// its metadata holds the TrainingState, whose state it is, and a checksum of all. They are written
// in turn, so that one that is cut off or damaged leaves the one before.
class ResumeFiles {
 public:
  // `seconds` between two of them; 0: none is written, and none is read.
  ResumeFiles(std::filesystem::path trial_dir, const TrialSpec& spec, double seconds);

  struct Content {
    TrainingState state;
    std::map<std::string, Tensor> tensors;
  };
  // The newest that is whole, of this trial and of this build of longhaul.
  std::optional<Content> read();

  // Whether it is time for the next. However long writing takes, it takes less than a hundredth of
  // the training.
  bool is_due() const;
  bool has_written() const { return next_ > 0; }  // in a process before, too
  // A disk that is full is not worth a trial: it says so in the log, and training goes on.
  void write(const TrainingState& state, const std::vector<NamedTensor>& tensors);

 private:
  std::filesystem::path path(int64_t number) const;

  const std::filesystem::path dir_;
  const std::string identity_;
  const double seconds_;
  int64_t next_ =
      0;  // number of the next: they are counted through, and take the two files in turn
  Stopwatch since_last_;
  double cost_ = 0;  // seconds that the last took
};

// Writes the record of a trial that has ended, which resumes no more: its resume files are removed.
// Those of one that ran out of memory stay, since with more it may go on.
void write_end(const std::filesystem::path& trial_dir, const TrialRecord& record);
void remove_resume_files(const std::filesystem::path& trial_dir);

}  // namespace longhaul
