#include "longhaul/registry.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/hybrid.h"
#include "core/losses.h"
#include "core/metrics.h"
#include "core/unexpected_throw.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/optimizer.h"
#include "support/choices.h"

namespace longhaul {
namespace {

// Throws Error unless `info` may stand beside the entry of its name that there is, if any.
template <class Info>
void check_name(const Info* known, const Info& info, const char* kind) {
  require(is_snake_case(info.name), kind, " name '", info.name, "' (from ", info.origin,
          ") must be lower-case letters, digits and '_', starting with a letter");
  if (known)
    throw Error(text(kind, " '", info.name, "' from ", info.origin, " is already registered from ",
                     known->origin));
}

template <class Info>
void insert(std::map<std::string, Info>& entries, Info info, const char* kind) {
  const auto known = entries.find(info.name);
  check_name(known == entries.end() ? nullptr : &known->second, info, kind);
  entries.emplace(info.name, std::move(info));
}

// Of choices, which are listed in the order of their table.
template <class Info>
void insert(std::vector<Info>& entries, Info info, const char* kind) {
  const auto known = std::find_if(entries.begin(), entries.end(),
                                  [&](const Info& entry) { return entry.name == info.name; });
  check_name(known == entries.end() ? nullptr : &*known, info, kind);
  entries.push_back(std::move(info));
}

// What a plugin hands in may throw what it likes; the host knows Error and a lack of memory.
template <class Info, class Function>
Function named(const Info& info, const char* kind, const char* part, Function function) {
  if (!function) return function;
  return [=, name = info.name, origin = info.origin](auto&&... given) {
    const auto failed = [&](const char* why) {
      return UnexpectedThrow(
          text(kind, " '", name, "' (", origin, "): its ", part, " throws: ", why));
    };
    try {
      return function(std::forward<decltype(given)>(given)...);
    } catch (const Error&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      throw failed(error.what());
    } catch (...) {
      throw failed("something that is no std::exception");
    }
  };
}

template <class Info>
const Info& lookup(const std::map<std::string, Info>& entries, const std::string& name,
                   const char* kind) {
  const auto found = entries.find(name);
  if (found != entries.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, info] : entries) names.push_back(known);
  refuse_name(kind, name, names);
}

}  // namespace

Registry::Registry() {
  for (const LossInfo& info : longhaul::losses()) add(info);
  for (const OptimizerInfo& info : longhaul::optimizers()) add(info);
  for (const MetricInfo& info : builtin_metrics()) add(info);
}

void Registry::add(ModelInfo info) {
  info.origin = origin_;
  const auto name = [&](const char* part, auto& function) {
    function = named(info, "model", part, std::move(function));
  };
  name("constructor", info.make);
  name("constructor", info.make_network);
  name("post_hoc", info.post_hoc);
  name("recurrence", info.recurrence);
  insert(models_, std::move(info), "model");
}

void Registry::add(TaskInfo info) {
  info.origin = origin_;
  info.make = named(info, "task", "constructor", std::move(info.make));
  insert(tasks_, std::move(info), "task");
}

void Registry::add(LossInfo info) {
  info.origin = origin_;
  require(info.make != nullptr, "loss '", info.name, "' (from ", origin_, ") has no make");
  info.make = named(info, "loss", "make", std::move(info.make));
  insert(losses_, std::move(info), "loss");
}

void Registry::add(OptimizerInfo info) {
  info.origin = origin_;
  require(info.update != nullptr, "optimizer '", info.name, "' (from ", origin_, ") has no update");
  require(info.keeps.size() <= kMostArraysKept, "optimizer '", info.name, "' (from ", origin_,
          ") keeps ", info.keeps.size(), " arrays, allowed: at most ", kMostArraysKept);
  insert(optimizers_, std::move(info), "optimizer");
}

void Registry::add(MetricInfo info) {
  info.origin = origin_;
  require(info.sums && info.value, "metric '", info.name, "' (from ", origin_, ") has no ",
          info.sums ? "value" : "sums");
  info.sums = named(info, "metric", "sums", std::move(info.sums));
  info.value = named(info, "metric", "value", std::move(info.value));
  insert(metrics_, std::move(info), "metric");
}

ModelInfo Registry::model(const std::string& name) const {
  std::vector<ModelInfo> parts;
  for (const std::string& part : mixers_of(name)) parts.push_back(lookup(models_, part, "model"));
  return parts.size() == 1 ? parts.front() : hybrid(name, parts);
}

const TaskInfo& Registry::task(const std::string& name) const {
  return lookup(tasks_, name, "task");
}

const LossInfo& Registry::loss(const std::string& name) const {
  return row_named("loss", name, losses_);
}

const OptimizerInfo& Registry::optimizer(const std::string& name) const {
  return row_named("optimizer", name, optimizers_);
}

const MetricInfo& Registry::metric(const std::string& name) const {
  return row_named("metric", name, metrics_);
}

std::set<std::string> Registry::origins() const {
  std::set<std::string> origins;
  for (const auto& [name, info] : models_) origins.insert(info.origin);
  for (const auto& [name, info] : tasks_) origins.insert(info.origin);
  for (const LossInfo& info : losses_) origins.insert(info.origin);
  for (const OptimizerInfo& info : optimizers_) origins.insert(info.origin);
  for (const MetricInfo& info : metrics_) origins.insert(info.origin);
  return origins;
}

}  // namespace longhaul
