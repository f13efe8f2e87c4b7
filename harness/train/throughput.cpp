#include "harness/train/throughput.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <new>
#include <optional>

#include "harness/record/machine.h"
#include "harness/train/throughput_memory.h"
#include "harness/train/throughput_turns.h"
#include "harness/train/throughput_workload.h"
#include "math/gemm.h"
#include "math/parallel.h"
#include "math/peak.h"

namespace longhaul {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kQuickSeconds = 0.5;  // a first run that is over sooner is not yet a warm one

// What all threads reach together; one alone may run at a higher clock.
double peak_gflops(int threads) {
  std::vector<double> peaks(static_cast<std::size_t>(threads));
  parallel_for(threads, 1, [&](int64_t i, int64_t) { peaks[i] = fma_peak_gflops(); });
  double sum = 0;
  for (const double peak : peaks) sum += peak;
  return sum;
}

std::string gibibytes(double bytes) {
  return text(std::round(bytes / (1 << 30) * 10) / 10, " GiB");
}

// Runs something that may fail for lack of memory or because the model cannot do it, and says so in
// the row. A model has no other way to decline a length than to throw Error.
template <class Attempt>
bool attempt(ThroughputRow& row, Attempt&& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    row.status = Status::unsupported;
    row.message = error.what();
  } catch (const std::bad_alloc&) {
    row.status = Status::out_of_memory;
    row.message = "out of memory";
  } catch (const std::exception& error) {
    row.status = Status::failed;
    row.message = error.what();
  }
  row.step_seconds.clear();
  return false;
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
    std::vector<std::size_t> rows;  // that are to be measured
  };

  ThroughputRow planned(const TrialSpec& spec, Phase phase, const TimedShape& shape) const;
  bool is_settled(const ThroughputRow& row) const;
  void plan_rows(const std::vector<ThroughputRow>& kept);
  void measure(const Group& group);
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
  row.model_id = spec.id();
  row.phase = phase;
  row.length = shape.length;
  row.batch = shape.batch;
  row.series = shape.series;
  row.threads = threads_;
  return row;
}

bool Measurer::is_settled(const ThroughputRow& row) const {
  return row.status == Status::unsupported ||
         (row.ok() && static_cast<int64_t>(row.step_seconds.size()) >= plan_.repetitions);
}

// All rows in their order, models outermost; groups of those that are not settled.
void Measurer::plan_rows(const std::vector<ThroughputRow>& kept) {
  for (const Phase phase : plan_.phases)
    for (const TimedShape& shape : shapes_) groups_.push_back({phase, shape, {}});
  for (const TrialSpec& spec : models_)
    for (Group& group : groups_) {
      ThroughputRow row = planned(spec, group.phase, group.shape);
      const auto known = std::find_if(kept.begin(), kept.end(), [&](const ThroughputRow& other) {
        return is_same_measurement(other, row) && is_settled(other);
      });
      if (known == kept.end()) {
        group.rows.push_back(rows_.size());
      } else {
        const int64_t series = row.series;
        row = *known;
        row.series = series;
        row.planned = true;
      }
      rows_.push_back(std::move(row));
    }
}

std::vector<ThroughputRow> Measurer::run(const std::vector<ThroughputRow>& kept) {
  plan_rows(kept);
  ThroughputProgress progress{static_cast<int64_t>(rows_.size()),
                              static_cast<int64_t>(rows_.size()), ""};
  for (const Group& group : groups_) progress.done -= static_cast<int64_t>(group.rows.size());
  if (progress.done < progress.total) peak_gflops_ = peak_gflops(threads_);
  for (const Group& group : groups_) {
    if (group.rows.empty()) continue;
    progress.doing = text(to_string(group.phase), ", length ", group.shape.length, ", batch ",
                          group.shape.batch);
    report_(rows_, progress);
    measure(group);
    progress.done += static_cast<int64_t>(group.rows.size());
  }
  progress.doing.clear();
  report_(rows_, progress);
  return std::move(rows_);
}

const TrialSpec& Measurer::spec_of(const ThroughputRow& row) const {
  return *std::find_if(models_.begin(), models_.end(),
                       [&](const TrialSpec& spec) { return spec.model_name == row.model; });
}

// Nothing if the model cannot do it, and the row says why.
std::optional<Turn> Measurer::warm_up(ThroughputRow& row) {
  Turn turn;
  const bool possible = attempt(row, [&] {
    const TrialSpec& spec = spec_of(row);
    const double needed = predict_bytes(spec, registry_, row.phase, row.length, row.batch);
    const double available = available_bytes();
    if (needed > available) {
      row.status = Status::out_of_memory;
      row.message = text("needs about ", gibibytes(needed), " of memory, ", gibibytes(available),
                         " are free; not tried");
      return;
    }
    turn.name = text(row.model, "/", to_string(row.phase), "/", row.length, "/", row.batch);
    turn.workload = make_workload(spec, registry_, row.phase, row.length, row.batch);
    const auto seconds = [&] {
      const Clock::time_point start = Clock::now();
      turn.workload->run();
      return std::chrono::duration<double>(Clock::now() - start).count();
    };
    double once = seconds();
    if (once < kQuickSeconds) once = seconds();
    turn.runs = std::max<int64_t>(1, std::llround(plan_.turn_seconds / once));
  });
  return possible && turn.workload ? std::optional(std::move(turn)) : std::nullopt;
}

void Measurer::measure(const Group& group) {
  std::vector<Turn> turns;
  std::vector<std::size_t> timed;
  for (const std::size_t index : group.rows) {
    ThroughputRow& row = rows_[index];
    row = planned(spec_of(row), group.phase, group.shape);
    row.peak_gflops = peak_gflops_;
    row.isa = gemm_isa();
    row.host = host_name();
    row.cpu = cpu_name();
    row.version = longhaul_version();
    if (std::optional<Turn> turn = warm_up(row)) {
      turns.push_back(std::move(*turn));
      timed.push_back(index);
    }
  }
  take_turns(turns, plan_.repetitions);
  for (std::size_t i = 0; i < turns.size(); ++i) finish(rows_[timed[i]], turns[i]);
}

void Measurer::finish(ThroughputRow& row, const Turn& turn) {
  const bool went_well = attempt(row, [&] {
    if (turn.failure) std::rethrow_exception(turn.failure);
  });
  if (!went_well) return;
  const WorkloadCost& cost = turn.workload->cost();
  row.step_seconds = turn.step_seconds;
  row.peak_activation_bytes = turn.peak_activation_bytes;
  row.kernel = turn.kernel;
  row.parameter_bytes = cost.parameter_bytes;
  row.optimizer_bytes = cost.optimizer_bytes;
  row.state_bytes = cost.state_bytes;
  row.flops_per_token = cost.flops_per_token;
  row.status = Status::ok;
  if (row.fraction_of_peak() <= 1) return;
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
  flush_denormals();
  return Measurer(models, registry, plan, threads, report).run(kept);
}

}  // namespace longhaul
