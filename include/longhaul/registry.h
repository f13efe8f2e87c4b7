#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "longhaul/loss.h"
#include "longhaul/metric.h"
#include "longhaul/network.h"
#include "longhaul/optimizer.h"
#include "longhaul/task.h"

namespace longhaul {

// Which positions a model can be built to see.
enum class Direction { causal, bidirectional, either };

// A change of a trained model, made to score it on inputs longer than those it was trained on.
struct PostHocChange {
  std::string name;  // a word of a suite's `evaluate: {post_hoc: [...]}`
  int64_t trained_length, tested_length;
};

struct StudiedRecurrence;  // longhaul/ops.h

struct ModelInfo {
  std::string name;    // equals the file's stem
  std::string about;   // one line
  std::string source;  // paper and equation
  Direction direction = Direction::causal;
  std::string origin = {};  // "builtin" or the plugin's path; filled in by the registry
  std::function<std::unique_ptr<Mixer>(MixerContext&)> make = {};
  std::function<std::unique_ptr<Network>(NetworkContext&)> make_network = {};  // or this one

  // What some models tell the harness beside; most leave both empty.
  // For a model with post-hoc changes: the options to build it with again, from those it was
  // trained with. No parameter may depend on what is changed. The constructor refuses a name that
  // it does not know, as any wrong option.
  std::function<OptionMap(OptionMap options, const PostHocChange&)> post_hoc = {};
  // For a mixer around nonlinear_recurrence: the recurrence that these options make at this
  // d_model. A throughput phase compares its solver with the loop over time (solver.csv).
  std::function<StudiedRecurrence(Options&, int64_t d_model)> recurrence = {};
};

struct TaskInfo {
  std::string name;
  std::string about;
  std::string source;
  std::string published = {};  // figures of others, a line each, and where they stand
  std::string origin = {};
  std::function<std::unique_ptr<Task>(Options&)> make = {};
};

// Names of models, tasks, losses, optimizers and metrics. An ordinary value: the program owns one,
// each test makes its own.
class Registry {
 public:
  Registry();  // with what is built in, but for models and tasks

  template <class T>
  void mixer(ModelInfo info) {
    info.make = [](MixerContext& context) { return std::make_unique<T>(context); };
    add(std::move(info));
  }
  template <class T>
  void network(ModelInfo info) {
    info.make_network = [](NetworkContext& context) { return std::make_unique<T>(context); };
    add(std::move(info));
  }
  template <class T>
  void task(TaskInfo info) {
    info.make = [](Options& options) { return std::make_unique<T>(options); };
    add(std::move(info));
  }
  void loss(LossInfo info) { add(std::move(info)); }
  void optimizer(OptimizerInfo info) { add(std::move(info)); }
  void metric(MetricInfo info) { add(std::move(info)); }

  // Throw Error if the name is unknown (naming the nearest), already taken (naming both origins) or
  // not lower-case snake_case. The model "lru+lru+transformer" is a hybrid: layer i has the mixer
  // that its i-th name says, from the first again after the last.
  ModelInfo model(const std::string& name) const;
  const TaskInfo& task(const std::string& name) const;
  const LossInfo& loss(const std::string& name) const;
  const OptimizerInfo& optimizer(const std::string& name) const;
  const MetricInfo& metric(const std::string& name) const;
  void add(ModelInfo info);
  void add(TaskInfo info);
  void add(LossInfo info);
  void add(OptimizerInfo info);
  void add(MetricInfo info);

  const std::map<std::string, ModelInfo>& models() const { return models_; }
  const std::map<std::string, TaskInfo>& tasks() const { return tasks_; }
  const std::vector<LossInfo>& losses() const { return losses_; }  // built-in ones first
  const std::vector<OptimizerInfo>& optimizers() const { return optimizers_; }
  const std::vector<MetricInfo>& metrics() const { return metrics_; }
  std::set<std::string> origins() const;  // of all

  void set_origin(std::string origin) { origin_ = std::move(origin); }  // of what is added next

 private:
  std::map<std::string, ModelInfo> models_;
  std::map<std::string, TaskInfo> tasks_;
  std::vector<LossInfo> losses_;
  std::vector<OptimizerInfo> optimizers_;
  std::vector<MetricInfo> metrics_;
  std::string origin_ = "builtin";
};

}  // namespace longhaul
