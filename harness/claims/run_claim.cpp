#include "harness/claims/run_claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "harness/claims/check.h"
#include "harness/claims/numbers.h"
#include "harness/claims/tables.h"
#include "harness/results/machine.h"
#include "harness/run/run_suite.h"
#include "harness/tables/export.h"
#include "longhaul/error.h"
#include "math/parallel.h"
#include "support/clock.h"
#include "support/cores.h"
#include "support/file.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

// Every case with every seed, one after another and on one thread: some of them are timed.
CsvTable measure(const Claim& claim, ProgressDisplay& display) {
  CsvTable table;
  table.columns = {"case", "seed"};
  for (const MeasuredValue& value : claim.cases.front().measurement.values)
    table.columns.push_back(value.name);
  SuiteProgress progress;
  progress.total = static_cast<int64_t>(claim.cases.size() * claim.seeds.size());
  const Stopwatch watch;
  set_threads(1);
  const FlushDenormals flush;
  for (const MeasurementCase& one : claim.cases)
    for (const uint64_t seed : claim.seeds) {
      progress.last = fmt::format("{} {}, seed {}", claim.measure, one.name, seed);
      display.update(progress);
      const std::map<std::string, double> found = one.measurement.run(seed);
      std::vector<std::string> row = {one.name, std::to_string(seed)};
      for (const MeasuredValue& value : one.measurement.values) {
        const auto at = found.find(value.name);
        require(at != found.end(), claim.measure, ": found no ", value.name);
        row.push_back(csv_text(at->second));
      }
      table.rows.push_back(std::move(row));
      ++progress.finished;
      progress.busy_seconds = watch.seconds();
    }
  display.clear();
  return table;
}

std::string to_text(const CsvTable& table) {
  std::string csv = csv_line(table.columns);
  for (const auto& row : table.rows) csv += csv_line(row);
  return csv;
}

// Curves and diagnostics stay in the run's own folder: they are long, and no reader of a verdict
// wants them first.
void export_small(const Results& results, const fs::path& dir) {
  for (const fs::path& file : export_csv(results, dir))
    if (file.filename() == "curves.csv" || file.filename() == "diagnostics.csv") fs::remove(file);
}

std::string missing_text(const std::vector<ClaimNumber>& numbers) {
  std::string missing;
  for (const ClaimNumber& number : numbers)
    if (!number.missing.empty())
      missing += fmt::format("{}{}", missing.empty() ? "No value of " : ", ", number.name);
  return missing.empty() ? "" : missing + ": trials did not end well.";
}

Verdict judge(const Claim& claim, const Tables& tables) {
  Verdict verdict;
  verdict.claim = claim.name;
  verdict.says = claim.says;
  verdict.source = claim.source;
  verdict.published = claim.published;
  verdict.version = longhaul_version();
  verdict.rule_hash = claim.rule_hash;
  verdict.changes = claim.changes;
  verdict.seeds = seeds_of(claim);
  verdict.numbers = take_numbers(claim, tables);
  verdict.confirmed = check(claim.confirmed, verdict.numbers);
  verdict.refuted = check(claim.refuted, verdict.numbers);
  verdict.answer = answer_of(verdict.confirmed, verdict.refuted);
  const auto is_unknown = [](const ClaimCondition& condition) { return !condition.found; };
  if (std::any_of(verdict.confirmed.begin(), verdict.confirmed.end(), is_unknown) ||
      std::any_of(verdict.refuted.begin(), verdict.refuted.end(), is_unknown)) {
    verdict.answer = Answer::inconclusive;
    verdict.reason = missing_text(verdict.numbers);
  }
  return verdict;
}

Verdict::Run run_of(double seconds) {
  return {utc_now(), host_name(), cpu_name(), usable_cores(), seconds};
}

}  // namespace

ClaimOutcome run_claim(const Claim& claim, const Registry& registry, const fs::path& dir,
                       const RunOptions& options, ProgressDisplay& display) {
  const Stopwatch watch;
  make_folder(dir);
  ClaimOutcome outcome;
  Tables tables;
  if (claim.suite) {
    outcome.run = run_suite(*claim.suite, registry, dir / "run", options, display);
    if (!outcome.run.fault.empty() || outcome.run.interrupted || !outcome.run.killed.empty())
      return outcome;
    const Results results = load_results(dir / "run");
    export_small(results, dir);
    tables = exported_tables(results);
  } else {
    tables["measurements"] = measure(claim, display);
    write_atomically(dir / "measurements.csv", to_text(tables["measurements"]));
  }
  outcome.verdict = judge(claim, tables);
  outcome.verdict.run = run_of(watch.seconds());
  write_verdict(dir, outcome.verdict);
  outcome.is_done = true;
  return outcome;
}

}  // namespace longhaul
