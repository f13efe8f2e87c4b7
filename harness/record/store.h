#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/record/record.h"
#include "harness/record/solver_record.h"
#include "harness/record/throughput_record.h"
#include "harness/suite/spec.h"

namespace longhaul {

// The results folder of a suite (docs/results.md):
//   order.json                 the suite's trials in its order: [{"id": ..., "spec": {...}}, ...]
//   trials/<id>/spec.json      of every trial, finished or waiting
//   trials/<id>/record.json    written last: it is there if, and only if, the trial is finished
//   throughput.json            what its models cost, measured with nothing else running
//   solvers.json               what the parallel solvers of its rnn models did, likewise
//   trials/<id>/{curve.csv, diagnostics.csv, checkpoint.safetensors, log.txt}

// Replaces the file at once: a reader, or a crash at any moment, finds all of the old or all of the
// new text. Throws std::system_error naming the path (disk full, no permission, no such folder).
void write_atomically(const std::filesystem::path& path, const std::string& text);

// Writes the trial's record.json.
void write_record(const std::filesystem::path& trial_dir, const TrialRecord& record);

// The trial's record, or nothing while there is no whole one. `problem`, if given, receives what is
// wrong with a file that is there and cannot be used: its path, the place and the fault.
std::optional<TrialRecord> read_record(const std::filesystem::path& trial_dir,
                                       std::string* problem = nullptr);

// curve.csv: a header line, then step,split,metric,value. A torn last line is left out. No file is
// an empty curve; throws Error naming path and line for any other line that is not a point.
std::string to_csv(const std::vector<CurvePoint>& curve);
std::vector<CurvePoint> read_curve(const std::filesystem::path& trial_dir);

// diagnostics.csv: a header line, then step,layer,name,value. No file: no points; throws Error
// naming the path of a damaged one.
std::string to_csv(const std::vector<DiagnosticPoint>& points);
std::vector<DiagnosticPoint> read_diagnostics(const std::filesystem::path& trial_dir);

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

  bool ok() const { return record && record->status == Status::ok; }
};

struct Results {
  std::vector<Trial> trials;
  std::vector<Trial> tuning = {};         // that chose settings, and were not tested
  std::vector<ThroughputRow> throughput;  // those that the suite plans
  std::vector<SolverRecord> solvers;      // measured beside it
  std::vector<std::string> problems;  // damaged files, a line each; their trials count as waiting
};

// Reads a results folder. Trials come sorted by model, task and seed, each in the order in which
// order.json names them first; trials that order.json does not name belong to an earlier form of
// the suite and are left out. Without order.json all of trials/ is read, models and tasks in
// alphabetical order. Throws Error if `dir` is no results folder.
Results load_results(const std::filesystem::path& dir);

}  // namespace longhaul
