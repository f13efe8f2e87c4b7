#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

// The results folder of a suite (docs/results.md):
//   order.json                 the suite's trials in its order: [{"id": ..., "spec": {...}}, ...]
//   trials/<id>/spec.json      of every trial, finished or waiting
//   trials/<id>/record.json    written last: it is there if, and only if, the trial is finished
//   throughput.json            what its models cost, measured with nothing else running
//   solvers.json               what the parallel solvers of its rnn models did, likewise
//   profile.json               where the time of their steps goes, likewise
//   trials/<id>/{curve.csv, diagnostics.csv, checkpoint.safetensors, log.txt}
//   external/<id>.json         a score that was made elsewhere (external.h)

// The trial's spec.json. Throws Error naming a file that is missing or damaged.
TrialSpec read_spec(const std::filesystem::path& trial_dir);

// Writes the trial's record.json, with the sums of the files that are beside it.
void write_record(const std::filesystem::path& trial_dir, const TrialRecord& record);

// The trial's record, or nothing while there is no whole one. `problem`, if given, receives what is
// wrong with a file that is there and cannot be used: its path, the place and the fault.
std::optional<TrialRecord> read_record(const std::filesystem::path& trial_dir,
                                       std::string* problem = nullptr);

// Writes order.json: which trials belong to the suite, under which names, in the order of `specs`.
void write_order(const std::filesystem::path& dir, const std::vector<TrialSpec>& specs);

// A trial of a results folder.
struct Trial {
  std::string id;
  TrialSpec spec;
  std::optional<TrialRecord> record;  // none: it waits, runs or was cut off
  std::filesystem::path dir;
  // Whether it stands for further tests of the trial before it: with a post-hoc change of the model
  // ("transformer+ntk_aware") or on another test set of the task ("markov_motifs/repeated").
  bool is_variant = false;
  std::set<std::string> damaged = {};  // its files with points that cannot be used
  bool is_external = false;  // a score that was made elsewhere (external.h): it has no folder

  // Whether it was trained here and stands for itself: then its folder is its own.
  bool has_folder() const { return !is_variant && !is_external; }
  bool ok() const { return record && record->status == Status::ok; }
};

// The trials of a results folder.
struct StoredTrials {
  std::vector<Trial> trials;
  std::vector<Trial> tuning;  // that chose settings, and were not tested
  std::vector<std::string>
      problems;  // damaged files, a line each; without its record a trial waits
};

// The trials of a results folder in the order of load_trials, those that chose settings among them,
// without their records. A file that cannot be used is a line of `problems`. Throws Error if `dir`
// is no results folder.
std::vector<Trial> list_trials(const std::filesystem::path& dir,
                               std::vector<std::string>& problems);

// Reads a results folder. Trials come sorted by model, task and seed, each in the order in which
// order.json names them first; trials that order.json does not name belong to an earlier form of
// the suite and are left out. Without order.json all of trials/ is read, models and tasks in
// alphabetical order. External scores come last. Throws Error if `dir` is no results folder.
StoredTrials load_trials(const std::filesystem::path& dir);

}  // namespace longhaul
