#include "harness/throughput/measure.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "harness/results/machine.h"
#include "harness/settings/option_check.h"
#include "harness/throughput/attempt.h"
#include "harness/throughput/limits.h"
#include "harness/throughput/memory.h"
#include "harness/throughput/turns.h"
#include "harness/throughput/workload.h"
#include "math/instruction_set.h"
#include "math/parallel.h"
#include "support/clock.h"

namespace longhaul {
namespace {

constexpr double kQuickSeconds = 0.5;  // a first run that is over sooner is not yet a warm one
constexpr int64_t kPasses = 3;         // over all rows
constexpr double kLongestTry = 600;    // seconds of a plugin's first run

// attempt() of a row that is timed: what fails has no timings.
template <class Run>
bool attempt_timed(ThroughputRow& row, Run&& run) {
  const bool went_well = attempt(row, std::forward<Run>(run));
  if (!went_well) row.step_seconds.clear();
  return went_well;
}

class Measurer {
 public:
  Measurer(const std::vector<TrialSpec>& models, const Registry& registry,
           const ThroughputPlan& plan, int threads, const ThroughputReport& report)
      : models_(models),
        registry_(registry),
        plan_(plan),
        shapes_(timed_shapes(plan)),
        report_(report),
        threads_(threads) {}

  std::vector<ThroughputRow> run(const std::vector<ThroughputRow>& kept);

 private:
  struct Group {
    Phase phase;
    TimedShape shape;
    std::vector<std::size_t> rows;  // one a model
  };

  ThroughputRow planned(const TrialSpec& spec, Phase phase, const TimedShape& shape) const;
  int64_t missing(const ThroughputRow& row, int64_t repetitions) const;
  bool holds(const ThroughputRow& kept) const;
  void plan_rows(const std::vector<ThroughputRow>& kept);
  ThroughputProgress progress(const Group& next) const;
  void measure(const Group& group, int64_t repetitions);
  void describe_machine(ThroughputRow& row);
  bool survives(ThroughputRow& row, const TrialSpec& spec) const;
  std::optional<Turn> warm_up(ThroughputRow& row);
  void finish(ThroughputRow& row, const Turn& turn);
  const TrialSpec& spec_of(const ThroughputRow& row) const;

  const std::vector<TrialSpec>& models_;
  const Registry& registry_;
  const ThroughputPlan& plan_;
  const std::vector<TimedShape> shapes_;
  const ThroughputReport& report_;
  const int threads_;
  double peak_gflops_ = 0;
  std::vector<ThroughputRow> rows_;
  std::vector<Group> groups_;
};

ThroughputRow Measurer::planned(const TrialSpec& spec, Phase phase, const TimedShape& shape) const {
  ThroughputRow row;
  row.model = spec.model_name;
  row.model_id = spec.exact_id();
  row.phase = phase;
  row.length = shape.length;
  row.batch = shape.batch;
  row.precision = spec.settings.precision;
  row.series = shape.series;
  row.threads = threads_;
  return row;
}

// Timings that the row still lacks of so many; none if it cannot be measured.
int64_t Measurer::missing(const ThroughputRow& row, int64_t repetitions) const {
  if (row.measured() && !row.ok()) return 0;
  return std::max<int64_t>(0, repetitions - static_cast<int64_t>(row.step_seconds.size()));
}

// What an earlier run found out about a row and need not be found out again. Timings of another
// machine or release are no beginning of ours.
bool Measurer::holds(const ThroughputRow& kept) const {
  if (kept.status == Status::unsupported) return true;
  const bool is_ours = kept.host == host_name() && kept.version == longhaul_version();
  return kept.ok() && (is_ours || missing(kept, plan_.repetitions) == 0);
}

// All rows in their order, models outermost, with what is known of them.
void Measurer::plan_rows(const std::vector<ThroughputRow>& kept) {
  for (const Phase phase : plan_.phases)
    for (const TimedShape& shape : shapes_) groups_.push_back({phase, shape, {}});
  for (const TrialSpec& spec : models_)
    for (Group& group : groups_) {
      ThroughputRow row = planned(spec, group.phase, group.shape);
      const auto known = std::find_if(kept.begin(), kept.end(), [&](const ThroughputRow& other) {
        return is_same_measurement(other, row) && holds(other);
      });
      if (known != kept.end()) {
        const int64_t series = row.series;
        row = *known;
        row.series = series;
        row.planned = true;
      }
      group.rows.push_back(rows_.size());
      rows_.push_back(std::move(row));
    }
}

ThroughputProgress Measurer::progress(const Group& next) const {
  ThroughputProgress now;
  now.total = plan_.repetitions * static_cast<int64_t>(rows_.size());
  now.done = now.total;
  for (const ThroughputRow& row : rows_) now.done -= missing(row, plan_.repetitions);
  if (now.done < now.total)
    now.doing =
        text(to_string(next.phase), ", length ", next.shape.length, ", batch ", next.shape.batch);
  return now;
}

std::vector<ThroughputRow> Measurer::run(const std::vector<ThroughputRow>& kept) {
  plan_rows(kept);
  for (int64_t pass = 1; pass <= kPasses; ++pass)
    for (const Group& group : groups_)
      measure(group, (plan_.repetitions * pass + kPasses - 1) / kPasses);
  report_(rows_, progress(groups_.back()));
  return std::move(rows_);
}

const TrialSpec& Measurer::spec_of(const ThroughputRow& row) const {
  return *std::find_if(models_.begin(), models_.end(),
                       [&](const TrialSpec& spec) { return spec.model_name == row.model; });
}

// A plugin's code that crashes, ends the program or hangs costs its row: it is run once in a child
// process, on one thread, before it is timed in this one.
bool Measurer::survives(ThroughputRow& row, const TrialSpec& spec) const {
  const OptionCheck tried = try_plugin(
      registry_.model(spec.model).origin, text("timing ", spec.model),
      [&] {
        if (predict_bytes(spec, registry_, row.phase, row.length, row.batch) <= available_bytes())
          make_workload(spec, registry_, row.phase, row.length, row.batch)->run();
      },
      kLongestTry);
  if (tried.ok()) return true;
  row.status = tried.crash.empty() ? Status::timed_out : Status::failed;
  row.message = tried.crash + tried.failure;
  row.step_seconds.clear();
  return false;
}

// Nothing if the model cannot do it, and the row says why.
std::optional<Turn> Measurer::warm_up(ThroughputRow& row) {
  Turn turn;
  const TrialSpec& spec = spec_of(row);
  if (row.step_seconds.empty() && !survives(row, spec)) return std::nullopt;
  const bool possible = attempt_timed(row, [&] {
    row.message = memory_refusal(spec, registry_, row.phase, row.length, row.batch);
    if (!row.message.empty()) {
      row.status = Status::out_of_memory;
      return;
    }
    turn.workload = make_workload(spec, registry_, row.phase, row.length, row.batch);
    const auto seconds = [&] {
      const Stopwatch watch;
      turn.workload->run();
      return watch.seconds();
    };
    double once = seconds();
    if (once < kQuickSeconds) once = seconds();
    turn.runs = std::max<int64_t>(1, std::llround(plan_.turn_seconds / once));
  });
  return possible && turn.workload ? std::optional(std::move(turn)) : std::nullopt;
}

// Brings every row of the group to so many repetitions.
void Measurer::measure(const Group& group, int64_t repetitions) {
  std::vector<Turn> turns;
  std::vector<std::size_t> timed;
  int64_t rounds = 0;
  for (const std::size_t index : group.rows) {
    ThroughputRow& row = rows_[index];
    const int64_t wanted = missing(row, repetitions);
    if (wanted == 0) continue;
    if (rounds == 0) report_(rows_, progress(group));
    rounds = std::max(rounds, wanted);
    if (!row.measured()) describe_machine(row);
    if (std::optional<Turn> turn = warm_up(row)) {
      turns.push_back(std::move(*turn));
      timed.push_back(index);
    }
  }
  take_turns(turns, rounds);
  for (std::size_t i = 0; i < turns.size(); ++i) finish(rows_[timed[i]], turns[i]);
}

void Measurer::describe_machine(ThroughputRow& row) {
  if (peak_gflops_ == 0) peak_gflops_ = peak_gflops(threads_);
  row.peak_gflops = peak_gflops_;
  row.isa = instruction_set();
  row.host = host_name();
  row.cpu = cpu_name();
  row.version = longhaul_version();
  row.build = longhaul_build();
}

void Measurer::finish(ThroughputRow& row, const Turn& turn) {
  const bool went_well = attempt_timed(row, [&] {
    if (turn.failure) std::rethrow_exception(turn.failure);
  });
  if (!went_well) return;
  const WorkloadCost& cost = turn.workload->cost();
  row.kernel = "tiles";
  row.step_seconds.insert(row.step_seconds.end(), turn.step_seconds.begin(),
                          turn.step_seconds.end());
  row.peak_activation_bytes = std::max(row.peak_activation_bytes, turn.peak_activation_bytes);
  row.parameter_bytes = cost.parameter_bytes;
  row.optimizer_bytes = cost.optimizer_bytes;
  row.state_bytes = cost.state_bytes;
  row.flops_per_token = cost.flops_per_token;
  row.status = Status::ok;
  const bool may_exceed = row.precision == "bf16";  // the peak is of float32
  if (may_exceed || row.fraction_of_peak() <= 1) return;
  row.status = Status::failed;
  row.message = text("counted operations would need ", row.fraction_of_peak(),
                     " times the machine's peak: an operator counts more than it does");
}

}  // namespace

std::vector<ThroughputRow> measure_throughput(const std::vector<TrialSpec>& models,
                                              const Registry& registry, const ThroughputPlan& plan,
                                              int threads, const std::vector<ThroughputRow>& kept,
                                              const ThroughputReport& report) {
  set_threads(threads);
  const FlushDenormals flush;
  return Measurer(models, registry, plan, threads, report).run(kept);
}

}  // namespace longhaul
