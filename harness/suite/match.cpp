#include "harness/suite/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "harness/check/gradcheck.h"
#include "harness/settings/option_check.h"
#include "harness/suite/grid.h"
#include "harness/suite/section.h"
#include "harness/throughput/workload.h"
#include "harness/train/evaluation.h"
#include "harness/train/lanes.h"
#include "harness/train/trainer.h"
#include "math/optimizer.h"
#include "support/number_text.h"

namespace longhaul {
namespace {

constexpr double kTolerance = 0.05;
constexpr int64_t kWidest = 16384;

// What models are measured on.
struct MeasuredTask {
  std::string name;
  TaskEntry entry;
  TaskShape shape;
  Batch batch;  // for operations alone
};

// The task of the throughput phase, at its shortest length.
MeasuredTask measured(const ThroughputPlan& plan) {
  const int64_t length = *std::min_element(plan.lengths.begin(), plan.lengths.end());
  const TaskShape shape = timed_task(length);
  return {"", {}, shape, random_batch({length}, shape, 1)};
}

// A model at any width.
class SizedModel {
 public:
  SizedModel(const Suite& suite, const ModelEntry& row, const MeasuredTask& task,
             const Registry& registry)
      : match_(suite.match),
        info_(registry.model(row.base)),
        given_(row.options),
        settings_(settings_of(suite, row, task.entry)),
        task_(task) {}

  int64_t d_model() const { return settings_.d_model; }

  bool is_possible(int64_t d_model) const {
    Settings settings = settings_;
    settings.d_model = d_model;
    return check_model(info_, settings, task_.shape.max_length, given_).ok();
  }

  // Parameters, or operations a token.
  double size(int64_t d_model) const {
    const OptionCheck tried =
        try_plugin(info_.origin, text("running ", info_.name, " of d_model ", d_model),
                   [&] { measure(d_model); });
    require(tried.ok(), tried.crash, tried.failure);
    return measure(d_model);
  }

 private:
  double measure(int64_t d_model) const {
    Settings settings = settings_;
    settings.d_model = d_model;
    Options options(given_);
    const Model model(info_, options, settings, task_.shape, 1);
    if (match_ == Match::parameters) return static_cast<double>(model.parameter_count());
    Lanes lanes(model, 1, gradient_layout(model.parameters()));
    lanes.run({task_.batch}, 1);
    return static_cast<double>(lanes.measured().flops) /
           static_cast<double>(task_.batch.token_count());
  }

  Match match_;
  const ModelInfo info_;
  OptionMap given_;
  Settings settings_;
  const MeasuredTask& task_;
};

struct Sized {
  int64_t d_model;
  double size;
};

// Looks for the width with the size nearest to `target`, which grows with the width.
class WidthSearch {
 public:
  WidthSearch(const SizedModel& model, double target) : model_(model), target_(target) {}

  std::optional<Sized> run() {
    for (int64_t width = model_.d_model(); width <= kWidest && !above_; width *= 2)
      if (const auto possible = nearest_possible(width, 0, kWidest + 1)) admit(*possible);
    for (int64_t width = model_.d_model(); width > 0 && !below_; width /= 2)
      if (const auto possible = nearest_possible(width, 0, kWidest + 1)) admit(*possible);
    while (below_ && above_) {
      const int64_t low = below_->d_model, high = above_->d_model;
      const auto possible = nearest_possible((low + high) / 2, low, high);
      if (!possible) break;
      admit(*possible);
    }
    if (!below_ || !above_) return below_ ? below_ : above_;
    return target_ - below_->size <= above_->size - target_ ? below_ : above_;
  }

 private:
  // The possible width nearest to `width` between low and high, both left out.
  std::optional<int64_t> nearest_possible(int64_t width, int64_t low, int64_t high) const {
    for (int64_t apart = 0; apart <= width; ++apart)  // beyond lies what a doubled width finds
      for (const int64_t candidate : {width + apart, width - apart})
        if (low < candidate && candidate < high && model_.is_possible(candidate)) return candidate;
    return std::nullopt;
  }

  void admit(int64_t width) {
    const Sized sized{width, model_.size(width)};
    (sized.size > target_ ? above_ : below_) = sized;
  }

  const SizedModel& model_;
  double target_;
  std::optional<Sized> below_, above_;
};

std::string unit(Match match) {
  return match == Match::parameters ? "parameters" : "FLOPs a token";
}

std::string percent(double share) { return fmt::format("{:+.1f}%", 100 * (share - 1)); }

std::string place(const std::string& task) {
  return task.empty() ? "in the throughput phase" : "on " + task;
}

// Why no width will do.
std::string too_far(const Suite& suite, const MeasuredTask& task, double target,
                    const std::optional<Sized>& nearest) {
  std::string why = fmt::format("match: no width has the {} {} of {} {}", short_count(target),
                                unit(suite.match), suite.models.front().name, place(task.name));
  if (nearest)
    why += fmt::format(" within 5%; nearest: d_model {} with {} ({})", nearest->d_model,
                       short_count(nearest->size), percent(nearest->size / target));
  return why + "; heads, mlp_ratio or a wider first model leave more to choose from";
}

}  // namespace

const EnumNames<Match>& names_of(Match) {
  static const EnumNames<Match> names = {
      {Match::none, "none"}, {Match::parameters, "parameters"}, {Match::flops, "flops"}};
  return names;
}

Match read_match(const Section& suite) {
  const ConfigNode& node = *suite.find("match");
  try {
    const std::string given = node.kind == ConfigNode::Kind::scalar ? node.written : "";
    return names_of(Match()).value(given);
  } catch (const Error& error) {
    suite.problem("match", error.what());
    return Match::none;
  }
}

std::vector<MatchedWidth> match_widths(const Suite& suite, const Registry& registry,
                                       const MatchFailure& fail) {
  std::vector<MeasuredTask> tasks;
  for (const TaskEntry& entry : suite.tasks)  // trials of a plugin's task that crashes will fail
    if (entry.facts.ok())
      tasks.push_back({entry.name, entry, entry.facts.shape, entry.facts.batch});
  if (suite.throughput) tasks.push_back(measured(*suite.throughput));

  std::vector<MatchedWidth> widths;
  const ModelEntry& first = suite.models.front();
  for (const MeasuredTask& task : tasks) {
    const SizedModel reference(suite, first, task, registry);
    double target = 0;
    try {
      target = reference.size(reference.d_model());
    } catch (const Error& error) {
      fail(first.name, fmt::format("match: the first model is what the others are matched to, and "
                                   "cannot run {}: {}",
                                   place(task.name), error.what()));
      continue;
    }
    for (std::size_t i = 1; i < suite.models.size(); ++i) {
      const ModelEntry& row = suite.models[i];
      try {
        const std::optional<Sized> solved =
            WidthSearch(SizedModel(suite, row, task, registry), target).run();
        if (solved && std::abs(solved->size / target - 1) <= kTolerance)
          widths.push_back(
              {row.name, task.name, solved->d_model, solved->size, solved->size / target});
        else
          fail(row.name, too_far(suite, task, target, solved));
      } catch (const Unsupported&) {  // a row of the table that says so
      } catch (const Error& error) {
        fail(row.name, fmt::format("match: it cannot run {}: {}", place(task.name), error.what()));
      }
    }
  }
  return widths;
}

std::vector<std::string> match_lines(const Suite& suite) {
  std::vector<std::string> lines;
  for (const MatchedWidth& width : suite.matched)
    lines.push_back(fmt::format("matched {} {}: d_model {}, {} {} ({} against {})", width.model,
                                place(width.task), width.d_model, short_count(width.size),
                                unit(suite.match), percent(width.share),
                                suite.models.front().name));
  return lines;
}

}  // namespace longhaul
