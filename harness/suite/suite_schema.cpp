#include "harness/suite/suite_schema.h"

#include <cmath>
#include <map>

#include "core/losses.h"
#include "harness/settings/pretrainings.h"
#include "harness/suite/engine.h"
#include "harness/suite/limits.h"
#include "harness/suite/match.h"
#include "harness/suite/section.h"
#include "harness/suite/seeds.h"
#include "harness/suite/throughput_section.h"
#include "harness/train/diagnostics.h"
#include "support/choices.h"

namespace longhaul {
namespace {

using Json = nlohmann::ordered_json;
using Names = std::vector<std::string>;

constexpr const char* kNamePattern = "^[A-Za-z0-9_-]+$";

Json described(const std::string& description, const Json& schema) {
  Json with = {{"description", description}};
  with.update(schema);
  return with;
}

Json reference(const std::string& part) { return {{"$ref", "#/$defs/" + part}}; }

Json name_schema() { return {{"type", "string"}, {"pattern", kNamePattern}}; }

Json list_of(Json items, bool may_be_empty = true) {
  Json list = {{"type", "array"}};
  if (!may_be_empty) list["minItems"] = 1;
  list["uniqueItems"] = true;
  list["items"] = std::move(items);
  return list;
}

Json enum_of(const Names& names) { return {{"enum", names}}; }

// A built-in name, or one that a plugin brings.
Json name_of(const Names& builtin) {
  return {{"anyOf", {enum_of(builtin), {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*$"}}}}};
}

// A name, or several that come in turn.
Json axis_of(const Json& name) { return {{"oneOf", {name, list_of(name, false)}}}; }

// Rows by bare name or as a map.
Json rows_of(const std::string& part) {
  return {
      {"type", "array"}, {"minItems", 1}, {"items", {{"oneOf", {name_schema(), reference(part)}}}}};
}

Json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

template <class Owner>
Json schema_of(const Field<Owner>& field, const Owner& defaults, bool has_default) {
  using F = Field<Owner>;
  Json schema = {{"description", field.description}};
  if (const auto* integer = std::get_if<typename F::Integer>(&field.value)) {
    schema["type"] = "integer";
    schema["minimum"] = integer->low;
    if (integer->high < std::numeric_limits<int64_t>::max()) schema["maximum"] = integer->high;
    if (has_default) schema["default"] = defaults.*integer->member;
  } else if (const auto* real = std::get_if<typename F::Number>(&field.value)) {
    schema["type"] = "number";
    schema["minimum"] = number(real->low);
    if (std::isfinite(real->high)) schema["maximum"] = number(real->high);
    if (has_default) schema["default"] = number(defaults.*real->member);
  } else if (const auto* flag = std::get_if<typename F::Flag>(&field.value)) {
    schema["type"] = "boolean";
    schema["default"] = defaults.*flag->member;
  } else if (const auto* choice = std::get_if<typename F::Choice>(&field.value)) {
    schema["enum"] = choice->names;
    schema["default"] = defaults.*choice->member;
  } else if (const auto* open = std::get_if<typename F::Name>(&field.value)) {
    schema.update(name_of(open->builtin));
    schema["default"] = defaults.*open->member;
  } else if (const auto* duration = std::get_if<typename F::Duration>(&field.value)) {
    schema["type"] = {"string", "number"};
    schema["pattern"] = "^[0-9.]+(ms|s|m|h)?$";
    if (has_default) schema["default"] = to_text(defaults.*duration->member) + "s";
  } else if (std::holds_alternative<typename F::Size>(field.value)) {
    schema["type"] = {"string", "integer"};
    schema["pattern"] = "^[0-9.]+([KMGT]iB)?$";
  }
  return schema;
}

template <class Row, class Owner>
std::vector<FileKey> keys_of(const std::vector<Row>& fields, const Owner& defaults,
                             bool has_defaults = true) {
  std::vector<FileKey> keys;
  for (const Field<Owner>& field : fields)
    keys.push_back({field.name, schema_of(field, defaults, has_defaults)});
  return keys;
}

std::vector<FileKey> suite_keys_table() {
  return {
      {"suite",
       {{"description", "Name of the suite and of its results folder."},
        {"type", "string"},
        {"pattern", kNamePattern}}},
      {"seeds",
       {{"description",
         "One trial of every model and task for each: a list, or how many are derived from "
         "root_seed."},
        {"oneOf",
         {list_of({{"type", "integer"}, {"minimum", 0}}, false),
          {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostSeeds}}}}}},
      {"root_seed",
       {{"description", "What a number of seeds is derived from."},
        {"type", "integer"},
        {"minimum", 0},
        {"default", 0}}},
      {"budget", reference("budget")},
      {"match",
       {{"description",
         "What the models have in common with the first: widths are solved so that they are "
         "within 5% of it on each task."},
        {"enum", names_of(Match()).words()},
        {"default", "none"}}},
      {"tune",
       {{"description",
         "Settings and options with values to choose from: the same for every model, chosen on "
         "validation by the first seed."},
        {"type", "object"},
        {"minProperties", 1},
        {"additionalProperties", list_of({{"type", {"boolean", "number", "string"}}}, false)}}},
      {"sweep",
       {{"description",
         "Options and settings with values: a model that has one, and does not give it itself, is "
         "a "
         "row for each value."},
        {"type", "object"},
        {"minProperties", 1},
        {"additionalProperties", list_of({{"type", {"boolean", "number", "string"}}}, false)}}},
      {"baselines",
       described("Rules that are scored beside chance, majority and the task's shallow rule: "
                 "logistic regression on a bag of tokens.",
                 list_of(enum_of(extra_baselines())))},
      {"metrics",
       described("Metrics of plugins (longhaul list metrics), measured beside the built-in ones on "
                 "validation and test examples.",
                 list_of({{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*$"}}))},
      {"diagnostics",
       described("What is measured while models train, without a change to what they learn: "
                 "diagnostics.csv.",
                 list_of(enum_of(names_of(diagnostics()))))},
      {"pretrain",
       described("Ways to begin, each of which every model takes in turn: the setting pretrain.",
                 axis_of(enum_of(names_of(pretrainings()))))},
      {"loss", described("Losses that every model lowers in turn: the setting loss.",
                         axis_of(name_of(names_of(losses()))))},
      {"retry", reference("retry")},
      {"limits", reference("limits")},
      {"checkpoint_seconds",
       {{"description",
         "Seconds between two files from which a trial goes on after it was stopped or killed; 0: "
         "none is written, and it starts anew."},
        {"type", "number"},
        {"minimum", 0},
        {"default", Suite().checkpoint_seconds}}},
      {"engine", reference("engine")},
      {"defaults",
       {{"description", "Settings of every trial, unless a task or a model overrides them."},
        {"$ref", "#/$defs/settings"},
        {"unevaluatedProperties", false}}},
      {"models", described("Rows of the table.", rows_of("model"))},
      {"tasks", described("Columns of the table.", rows_of("task"))},
      {"evaluate", reference("evaluate")},
      {"plugins",
       {{"description", "Shared objects loaded before names are looked up."},
        {"type", "array"},
        {"items", {{"type", "string"}}}}},
      {"throughput", reference("throughput")},
  };
}

std::vector<FileKey> entry_keys(const std::string& kind) {
  const Json base =
      described(text("Registered ", kind, " (longhaul list ", kind, "s)."), name_schema());
  const Json name = described(
      text("Name in the table; the registered name if ", kind, " is left out."), name_schema());
  return {{"name", name}, {kind, base}};
}

std::vector<FileKey> model_keys() {
  std::vector<FileKey> keys = entry_keys("model");
  keys.push_back(
      {"mixers",
       {{"description",
         "Registered models in place of one: the mixers of the layers, in turn. A map under a "
         "mixer's name holds options for it alone."},
        {"type", "array"},
        {"minItems", 1},
        {"items", {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*$"}}}}});
  return keys;
}

std::vector<FileKey> task_keys() {
  std::vector<FileKey> keys = entry_keys("task");
  keys.push_back({"budget", reference("budget")});
  return keys;
}

std::vector<FileKey> evaluate_keys() {
  const Json words = list_of({{"type", "string"}});
  return {{"lengths", described("Lengths to test at, in place of the task's own.",
                                list_of({{"type", "integer"}, {"minimum", 1}}))},
          {"post_hoc",
           described("Values of the mixer's option post_hoc, beside the model as trained.", words)},
          {"test_sets", described("Values of the task's option test_set.", words)}};
}

std::vector<FileKey> throughput_keys() {
  const ThroughputPlan plan;
  Json lengths =
      described("of the sequences",
                list_of({{"type", "integer"}, {"minimum", 1}, {"maximum", kLongestTimed}}, false));
  lengths["default"] = plan.lengths;
  Json phases = described(
      "what is timed: a training step, a forward pass, one position after "
      "another",
      list_of(enum_of(names_of(Phase()).words()), false));
  for (const Phase phase : plan.phases) phases["default"].push_back(to_string(phase));
  std::vector<FileKey> keys = {{"lengths", lengths}, {"phases", phases}};
  for (FileKey& key : keys_of(throughput_fields(), plan)) keys.push_back(std::move(key));
  return keys;
}

std::vector<FileKey> engine_file_keys() {
  const Engine usual;
  std::vector<FileKey> keys;
  for (const EngineKey& key : engine_keys()) {
    Json schema = {{"description", key.description}};
    if (const auto* number = std::get_if<int64_t Engine::*>(&key.value)) {
      schema["type"] = "integer";
      schema["minimum"] = 0;
      schema["default"] = usual.**number;
    } else {
      schema["type"] = {"string", "integer"};
      schema["pattern"] = key.pattern;
    }
    keys.push_back({key.name, schema});
  }
  keys.push_back({"extra", described("further options of sbatch",
                                     list_of({{"type", "string"}, {"pattern", "^-"}}))});
  return keys;
}

// A part without a key of its own.
Json closed(const std::string& part, const std::string& description) {
  return {{"description", description},
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", properties(suite_part(part))}};
}

// An entry of `models` or `tasks`, whose other keys are settings and options.
Json entry_schema(const std::string& kind, Json options) {
  return {
      {"description", text("A ", kind,
                           ": its registered name, a name of its own, settings that it overrides, "
                           "and its options (longhaul show ",
                           kind, " NAME).")},
      {"type", "object"},
      {"properties", properties(suite_part(kind))},
      {"anyOf", {{{"required", {"name"}}}, {{"required", {kind}}}}},
      {"allOf", {reference("settings")}},
      {"additionalProperties", {{"type", std::move(options)}}}};
}

Json budget_schema() {
  Json budget = closed("budget",
                       "Training of a trial ends with the first limit reached. A task's own budget "
                       "takes the place of the suite's.");
  budget["minProperties"] = 1;
  return budget;
}

}  // namespace

const std::vector<FileKey>& suite_part(const std::string& part) {
  static const std::map<std::string, std::vector<FileKey>> parts = {
      {"suite", suite_keys_table()},
      {"budget", keys_of(budget_fields(), Budget(), false)},
      {"retry", keys_of(retry_fields(), Retry())},
      {"limits", keys_of(limit_fields(), Limits(), false)},
      {"engine", engine_file_keys()},
      {"defaults", keys_of(setting_table(), Settings())},
      {"model", model_keys()},
      {"task", task_keys()},
      {"evaluate", evaluate_keys()},
      {"throughput", throughput_keys()},
  };
  return parts.at(part);
}

nlohmann::ordered_json properties(const std::vector<FileKey>& keys) {
  Json object = Json::object();
  for (const FileKey& key : keys) object[key.name] = key.schema;
  return object;
}

nlohmann::ordered_json suite_schema() {
  return {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "longhaul suite"},
      {"description", "Models x tasks x seeds, trained on the same budget."},
      {"type", "object"},
      {"required", {"suite", "models"}},
      {"anyOf", {{{"required", {"seeds", "tasks"}}}, {{"required", {"throughput"}}}}},
      {"additionalProperties", false},
      {"properties", properties(suite_part("suite"))},
      {"$defs",
       {{"budget", budget_schema()},
        {"retry", closed("retry", "What happens to a trial that crashes.")},
        {"limits", closed("limits",
                          "What an attempt at a trial may take. It ends as out_of_memory or "
                          "timed_out, and the suite goes on.")},
        {"engine", closed("engine",
                          "Where trials run. Their numbers do not depend on it, and --engine "
                          "overrides its name.")},
        {"settings", {{"type", "object"}, {"properties", properties(suite_part("defaults"))}}},
        {"model", entry_schema("model", {"boolean", "number", "string", "object"})},
        {"task", entry_schema("task", {"boolean", "number", "string"})},
        {"evaluate", closed("evaluate", "Tests of each trained model beside its task's own.")},
        {"throughput", closed("throughput",
                              "What the models cost, timed with nothing else running. A suite that "
                              "asks for this alone needs no seeds and tasks.")}}}};
}

}  // namespace longhaul
