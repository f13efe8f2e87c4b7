#include "longhaul/registry.h"

#include <algorithm>
#include <cctype>
#include <new>
#include <utility>

#include "core/hybrid.h"
#include "core/unexpected_throw.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "support/choices.h"

namespace longhaul {
namespace {

template <class Info>
void insert(std::map<std::string, Info>& entries, Info info, const char* kind) {
  const bool well_formed =
      !info.name.empty() && std::islower(static_cast<unsigned char>(info.name[0])) &&
      std::all_of(info.name.begin(), info.name.end(),
                  [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
  require(well_formed, kind, " name '", info.name, "' (from ", info.origin,
          ") must be lower-case letters, digits and '_', starting with a letter");
  const auto known = entries.find(info.name);
  if (known != entries.end())
    throw Error(text(kind, " '", info.name, "' from ", info.origin, " is already registered from ",
                     known->second.origin));
  entries.emplace(info.name, std::move(info));
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

ModelInfo Registry::model(const std::string& name) const {
  std::vector<ModelInfo> parts;
  for (const std::string& part : mixers_of(name)) parts.push_back(lookup(models_, part, "model"));
  return parts.size() == 1 ? parts.front() : hybrid(name, parts);
}

const TaskInfo& Registry::task(const std::string& name) const {
  return lookup(tasks_, name, "task");
}

}  // namespace longhaul
