#include "harness/run/run_throughput.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/suite/grid.h"
#include "harness/throughput/measure.h"
#include "harness/throughput/profile.h"
#include "harness/throughput/profile_csv.h"
#include "harness/throughput/solver_rows.h"
#include "harness/throughput/throughput_csv.h"
#include "longhaul/error.h"
#include "support/clock.h"
#include "support/file.h"
#include "support/process.h"
#include "support/say.h"

namespace longhaul {
namespace {

using Rows = std::vector<ThroughputRow>;

// What has been measured so far, and behind it what an earlier form of the suite measured.
Rows with_earlier(const Rows& rows, const Rows& earlier) {
  Rows all = rows;
  std::erase_if(all, [](const ThroughputRow& row) { return !row.measured(); });
  const std::size_t current = all.size();
  for (const ThroughputRow& old : earlier) {
    const bool is_current =
        std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(current),
                    [&](const ThroughputRow& row) { return is_same_measurement(old, row); });
    if (is_current) continue;
    all.push_back(old);
    all.back().planned = false;
  }
  return all;
}

// What was measured before. A damaged file is named and left out: its rows are measured again.
template <class Row>
std::vector<Row> kept_rows(std::vector<Row> (*read)(const std::filesystem::path&),
                           const std::filesystem::path& out, ProgressDisplay& display) {
  try {
    return read(out);
  } catch (const Error& error) {
    display.clear();
    say("{}; what it held is measured again\n", error.what());
    return {};
  }
}

void run_solvers(std::vector<TrialSpec> models, const Registry& registry,
                 const ThroughputPlan& plan, const std::filesystem::path& out, int threads,
                 ProgressDisplay& display) {
  std::erase_if(models, [&](const TrialSpec& spec) {
    return registry.model(spec.model).recurrence == nullptr;
  });
  if (models.empty()) return;
  SuiteProgress progress;
  progress.total = static_cast<int64_t>(models.size() * plan.lengths.size());
  measure_solvers(models, registry, plan, threads, kept_rows(read_solvers, out, display),
                  [&](const std::vector<SolverRecord>& rows, const std::string& doing) {
                    write_solvers(out, rows);
                    progress.finished = static_cast<int64_t>(rows.size());
                    progress.last = doing;
                    display.update(progress);
                  });
}

}  // namespace

Rows run_throughput(const Suite& suite, const Registry& registry, const std::filesystem::path& out,
                    int threads, ProgressDisplay& display) {
  make_folder(out);
  const FolderLock lock(out);
  const Rows kept = kept_rows(read_throughput, out, display);
  SuiteProgress progress;
  progress.kept = -1;  // until the first report
  const Stopwatch watch;
  const auto report = [&](const Rows& rows, const ThroughputProgress& now) {
    write_throughput(out, with_earlier(rows, kept));
    if (progress.kept < 0) progress.kept = now.done;
    progress.total = now.total;
    progress.finished = now.done - progress.kept;
    progress.busy_seconds = watch.seconds();
    progress.last = now.doing;
    display.update(progress);
  };
  const std::vector<TrialSpec> models = timed_models(suite, registry);
  const ThroughputPlan plan = suite.throughput.value_or(ThroughputPlan());
  const Rows rows = measure_throughput(models, registry, plan, threads, kept, report);
  run_solvers(models, registry, plan, out, threads, display);
  display.clear();
  write_atomically(out / "throughput.csv", throughput_csv(rows));
  return rows;
}

std::vector<ProfileRow> run_profile(const Suite& suite, const Registry& registry,
                                    const std::filesystem::path& out, int threads,
                                    ProgressDisplay& display) {
  make_folder(out);
  const FolderLock lock(out);
  const ThroughputPlan plan = suite.throughput.value_or(ThroughputPlan());
  SuiteProgress progress;
  const std::vector<ProfileRow> rows =
      profile_operators(timed_models(suite, registry), registry, plan, threads,
                        [&](const std::vector<ProfileRow>& so_far, const std::string& doing) {
                          progress.finished = static_cast<int64_t>(so_far.size());
                          progress.last = doing;
                          display.update(progress);
                        });
  display.clear();
  write_profile(out, rows);
  write_atomically(out / "profile.csv", profile_csv(rows));
  return rows;
}

}  // namespace longhaul
