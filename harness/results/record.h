#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "longhaul/metric.h"
#include "support/enum_names.h"

namespace longhaul {

struct Settings;         // harness/settings/settings.h
enum class UnknownKeys;  // support/json_fields.h

// A trial that was `killed`, from outside, is not finished: it leaves no record and runs again.
enum class Status { ok, diverged, failed, out_of_memory, timed_out, unsupported, killed };

const EnumNames<Status>& names_of(Status);
const EnumNames<Better>& names_of(Better);

// What a rule without a sequence model scores on the same test examples.
struct Baselines {
  double chance = 0;    // 1 / classes
  double majority = 0;  // the target seen most often in training
  double shallow = 0;   // the task's own shallow rule
  // Logistic regression on a bag of tokens, where the suite asks for it.
  std::optional<double> bag_of_tokens = std::nullopt;

  double best() const;
};

// One row of curves.csv.
struct CurvePoint {
  int64_t step = 0;
  std::string split;   // train | validation
  std::string metric;  // loss | accuracy; of a regression loss | r2; or one of the suite's metrics
  double value = 0;
};

// Whether it is what chooses weights: the accuracy, or R^2 of a regression.
bool is_score(const std::string& metric);

// One row of diagnostics.csv.
struct DiagnosticPoint {
  int64_t step = 0;
  std::optional<int64_t> layer;  // none: the whole network
  std::string name;
  double value = 0;
};

// Scores on one set of test examples.
struct Evaluation {
  int64_t length = 0;  // 0: the task's own lengths
  double test = 0;
  double validation = 0;
  std::string test_set = {};  // a value of the task's option test_set, "" for its own
  std::string post_hoc = {};  // a change of the mixer made after training, "" for none
  Baselines baselines = {};   // on the same examples
  // Expected calibration error (harness/train/lanes.h); not a number in records older than it.
  double calibration_error = kNotMeasured;
  double loss = kNotMeasured;             // cross entropy in nats a scored position; likewise
  double string_accuracy = kNotMeasured;  // over examples, right if all of theirs are; likewise
  // Of a regression, whose `test` is R^2: mean squared and absolute error in the data's own unit.
  double mse = kNotMeasured, mae = kNotMeasured;
  std::map<std::string, double> metrics = {};  // those that the suite asks for, by name
  // `diverged` where the model's logits were not numbers, and then `message` says so.
  Status status = Status::ok;
  std::string message = {};

  bool ok() const { return status == Status::ok; }
  double scaled_accuracy() const;  // 0 at chance, 1 if all is right
  double perplexity() const;       // e^loss: as many equally likely answers are as hard
  double bits() const;             // a scored position

 private:
  static constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();
};

// A file of a trial as it was when its record was written.
struct FileSum {
  int64_t bytes = 0;
  std::string hash;  // of support/hash.h, 16 hex digits
};

// What one trial found: one record.json. Numbers of a failed trial stay 0 and `message` says why.
struct TrialRecord {
  Status status = Status::failed;
  std::string message;
  int64_t attempts = 1;

  std::string metric = "accuracy";        // what `test` and `validation` are; of a regression r2
  std::map<std::string, Better> metrics;  // that the suite asks for, by name
  std::vector<Evaluation> evaluations;
  int64_t selected_step = 0;  // of the checkpoint that validation chose and test scored
  double train_loss = 0;      // mean over the last tenth of the steps

  int64_t parameters = 0;
  double flops_per_token = 0;  // one training step's counted operations over its tokens
  int64_t steps = 0;
  int64_t tokens_seen = 0;
  double train_seconds = 0;
  double train_tokens_per_second = 0;
  int64_t peak_activation_bytes = 0;
  int64_t peak_resident_bytes = 0;
  int64_t state_bytes = 0;  // one sequence's decode state at the task's longest length; 0 if none

  double learning_rate = 0;
  int64_t threads = 1;
  int64_t ranks = 1;  // processes that shared it (math/ranks.h)
  std::string precision = "float32";
  std::string model_origin = "builtin";
  std::string host;
  std::string cpu;
  std::string version;
  std::string build;        // longhaul_build(); "" in records older than it
  std::string finished_at;  // "2026-11-29T09:45:43Z"; "" in records older than it

  // What mixers reported (mixer.h note()), mean over the last step.
  std::map<std::string, double> notes;

  // Keys that its file lacks, since an older version wrote it: their values are not known.
  std::set<std::string> missing = {};

  // The files beside the record (trial_files.h), by name; none in records of older versions.
  std::map<std::string, FileSum> files;
};

// Says in a record with which of its settings the trial is run.
void note_settings(TrialRecord& record, const Settings& settings);

nlohmann::json to_json(const TrialRecord& record);
// Throws Error naming the key. A record that an older version wrote may lack keys, which keep their
// default and are `missing`. One that another version wrote may have more, which are left alone.
TrialRecord record_from_json(const nlohmann::json& json);

// Which keys of a stored object, or of a list of them, may be unknown: those of one whose "version"
// is another than ours.
UnknownKeys unknown_keys_of(const nlohmann::json& stored);

}  // namespace longhaul
