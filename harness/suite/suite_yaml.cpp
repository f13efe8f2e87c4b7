#include "harness/suite/suite_yaml.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <cctype>
#include <concepts>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/hybrid.h"
#include "harness/suite/match.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

using YAML::Emitter;

// Whether YAML, 1.2 or older, takes the word for text without quotes.
bool is_plain(const std::string& word) {
  static const char* const reserved[] = {"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
  const auto plain = [](unsigned char c) {
    return c < 128 && (std::isalnum(c) || c == '_' || c == '-' || c == '.');
  };
  std::string lower;
  for (const unsigned char c : word) lower += static_cast<char>(std::tolower(c));
  return !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) &&
         std::all_of(word.begin(), word.end(), plain) &&
         std::find(std::begin(reserved), std::end(reserved), lower) == std::end(reserved);
}

// One overload of put() a type. All are declared here, since those of lists call the others.
void put(Emitter& out, const std::string& word) {
  if (!is_plain(word)) out << YAML::DoubleQuoted;
  out << word;
}
void put(Emitter& out, const OptionValue& value) {
  if (const std::string* word = std::get_if<std::string>(&value)) return put(out, *word);
  out << to_text(value);
}
template <std::integral Integer>
void put(Emitter& out, Integer value) {
  out << value;
}
void put(Emitter& out, Phase phase) { put(out, to_string(phase)); }

template <class T>
void put(Emitter& out, const std::vector<T>& items) {
  out << YAML::Flow << YAML::BeginSeq;
  for (const T& item : items) put(out, item);
  out << YAML::EndSeq;
}

template <class T>
void put(Emitter& out, const std::string& key, const T& value) {
  put(out, key);
  put(out, value);
}

// A key whose value is left out where it is the default: an empty list.
template <class T>
void put_list(Emitter& out, const std::string& key, const std::vector<T>& items) {
  if (!items.empty()) put(out, key, items);
}

void put_budget(Emitter& out, const Budget& budget) {
  out << "budget" << YAML::Flow << YAML::BeginMap;
  if (budget.steps > 0) put(out, "steps", budget.steps);
  const std::pair<const char*, double> others[] = {{"epochs", budget.epochs},
                                                   {"seconds", budget.seconds},
                                                   {"tokens", budget.tokens},
                                                   {"flops", budget.flops}};
  for (const auto& [name, limit] : others)
    if (limit > 0) put(out, name, OptionValue(limit));
  out << YAML::EndMap;
}

// What is not as by default.
void put_engine(Emitter& out, const Engine& engine) {
  const Engine usual;
  if (engine == usual) return;
  out << "engine" << YAML::Flow << YAML::BeginMap;
  put(out, "name", engine.name);
  for (const EngineKey& key : engine_keys())
    std::visit(
        [&](auto member) {
          if (key.name != "name" && engine.*member != usual.*member)
            put(out, key.name, engine.*member);
        },
        key.value);
  put_list(out, "extra", engine.extra);
  out << YAML::EndMap;
}

void put_evaluate(Emitter& out, const Evaluate& evaluate) {
  if (evaluate.lengths.empty() && evaluate.post_hoc.empty() && evaluate.test_sets.empty()) return;
  out << "evaluate" << YAML::BeginMap;
  put_list(out, "lengths", evaluate.lengths);
  put_list(out, "post_hoc", evaluate.post_hoc);
  put_list(out, "test_sets", evaluate.test_sets);
  out << YAML::EndMap;
}

void put_throughput(Emitter& out, const ThroughputPlan& plan) {
  out << "throughput" << YAML::Flow << YAML::BeginMap;
  put(out, "lengths", plan.lengths);
  put(out, "phases", plan.phases);
  put(out, "tokens", plan.tokens);
  put(out, "repetitions", plan.repetitions);
  out << YAML::EndMap;
}

void put_tune(Emitter& out, const Tune& tune) {
  if (tune.empty()) return;
  out << "tune" << YAML::Flow << YAML::BeginMap;
  for (const auto& [key, values] : tune) put(out, key, values);
  out << YAML::EndMap;
}

// What models and tasks have in common; the row stays open.
template <class Entry>
void begin_row(Emitter& out, const Entry& entry, const std::string& kind) {
  out << YAML::Flow << YAML::BeginMap;
  put(out, "name", entry.name);
  const std::vector<std::string> mixers = mixers_of(entry.base);
  if (mixers.size() > 1)
    put(out, "mixers", mixers);
  else
    put(out, kind, entry.base);
  for (const OptionMap* part : {&entry.settings, &entry.options})
    for (const auto& [key, value] : *part) put(out, key, value);
}

void put_models(Emitter& out, const std::vector<ModelEntry>& models) {
  out << "models" << YAML::BeginSeq;
  for (const ModelEntry& model : models) {
    begin_row(out, model, "model");
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void put_tasks(Emitter& out, const std::vector<TaskEntry>& tasks) {
  if (tasks.empty()) return;
  out << "tasks" << YAML::BeginSeq;
  for (const TaskEntry& task : tasks) {
    begin_row(out, task, "task");
    put_budget(out, task.budget);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

}  // namespace

std::string to_yaml(const Suite& suite) {
  Emitter out;
  out << YAML::BeginMap;
  put(out, "suite", suite.name);
  put_list(out, "seeds", suite.seeds);
  out << "retry" << YAML::Flow << YAML::BeginMap;
  put(out, "tries", suite.retry.tries);
  put(out, "delay", OptionValue(suite.retry.delay_seconds));
  out << YAML::EndMap;
  if (suite.limits.memory + suite.limits.seconds + suite.limits.stall > 0) {
    out << "limits" << YAML::Flow << YAML::BeginMap;
    put(out, "memory", OptionValue(suite.limits.memory));
    put(out, "seconds", OptionValue(suite.limits.seconds));
    put(out, "stall", OptionValue(suite.limits.stall));
    out << YAML::EndMap;
  }
  put(out, "checkpoint_seconds", OptionValue(suite.checkpoint_seconds));
  put_engine(out, suite.engine);
  out << "defaults" << YAML::BeginMap;
  for (const auto& [key, value] : to_options(suite.defaults)) put(out, key, value);
  out << YAML::EndMap;
  if (suite.match != Match::none) put(out, "match", to_string(suite.match));
  for (const std::string& line : match_lines(suite)) out << YAML::Newline << YAML::Comment(line);
  put_list(out, "pretrain", suite.pretrain);
  put_list(out, "loss", suite.loss);
  put_list(out, "diagnostics", suite.diagnostics);
  put_list(out, "baselines", suite.baselines);
  put_list(out, "metrics", suite.metrics);
  put_tune(out, suite.tune);
  put_evaluate(out, suite.evaluate);
  put_list(out, "plugins", suite.plugins);
  put_models(out, suite.models);
  if (suite.throughput) put_throughput(out, *suite.throughput);
  put_tasks(out, suite.tasks);
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace longhaul
