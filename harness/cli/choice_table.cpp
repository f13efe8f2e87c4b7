#include "harness/cli/choice_table.h"

#include <fmt/format.h>

#include "core/plugin_loader.h"
#include "harness/settings/pretrainings.h"
#include "harness/settings/settings.h"
#include "harness/tables/export.h"
#include "harness/train/diagnostics.h"
#include "math/schedule.h"

namespace longhaul {
namespace {

using Json = nlohmann::ordered_json;

Json settings_entries(const Registry& registry) {
  Options options;
  read_settings(options, {}, registry);
  Json entries = Json::array();
  for (const OptionInfo& option : options.declared()) {
    Json& entry = entries.emplace_back(Json{{"name", option.name}, {"type", option.type}});
    std::visit([&](const auto& value) { entry["default"] = value; }, option.default_value);
    entry["allowed"] = option.allowed;
    entry["about"] = option.description;
  }
  return entries;
}

// An entry says where it comes from, if that is a plugin.
template <class Info>
Json from(const Info& info, Json entry) {
  if (is_of_plugin(info.origin)) entry["origin"] = info.origin;
  return entry;
}

Json loss_entries(const Registry& registry) {
  Json entries = Json::array();
  for (const LossInfo& loss : registry.losses())
    entries.push_back(
        from(loss, {{"name", loss.name}, {"about", loss.formula}, {"source", loss.source}}));
  return entries;
}

Json optimizer_entries(const Registry& registry) {
  Json entries = Json::array();
  for (const OptimizerInfo& optimizer : registry.optimizers())
    entries.push_back(
        from(optimizer, {{"name", optimizer.name},
                         {"about", optimizer.step},
                         {"keeps", fmt::format("{}", fmt::join(optimizer.keeps, ", "))},
                         {"source", optimizer.source}}));
  return entries;
}

Json metric_entries(const Registry& registry) {
  Json entries = Json::array();
  for (const MetricInfo& metric : registry.metrics())
    entries.push_back(from(metric, {{"name", metric.name},
                                    {"about", metric.about},
                                    {"better", to_string(metric.better)},
                                    {"of", metric.is_of_numbers ? "real numbers" : "classes"},
                                    {"source", metric.source}}));
  return entries;
}

Json schedule_entries(const Registry&) {
  Json entries = Json::array();
  for (const ScheduleInfo& schedule : schedules())
    entries.push_back(
        {{"name", schedule.name}, {"about", schedule.formula}, {"source", schedule.source}});
  return entries;
}

Json pretraining_entries(const Registry&) {
  Json entries = Json::array();
  for (const PretrainingInfo& pretraining : pretrainings())
    entries.push_back({{"name", pretraining.name}, {"about", pretraining.description}});
  return entries;
}

// What a diagnostic says: "name: description" of each of its numbers, or the one description.
std::string about(const DiagnosticInfo& diagnostic) {
  if (diagnostic.quantities.size() == 1) return diagnostic.quantities.front().description;
  std::string all;
  for (const DiagnosticInfo::Quantity& quantity : diagnostic.quantities)
    all += fmt::format("{}`{}`: {}", all.empty() ? "" : "; ", quantity.name, quantity.description);
  return all;
}

Json diagnostic_entries(const Registry&) {
  Json entries = Json::array();
  for (const DiagnosticInfo& diagnostic : diagnostics())
    entries.push_back({{"name", diagnostic.name},
                       {"measured", diagnostic.of_step ? "steps" : "validation"},
                       {"about", about(diagnostic)}});
  return entries;
}

Json csv_entries(const Registry&) {
  Json entries = Json::array();
  for (const CsvFile& file : csv_files())
    entries.push_back({{"name", file.name}, {"about", file.description}});
  return entries;
}

std::string cell(const Json& entry, const std::string& key) {
  const Json& value = entry.at(key);
  std::string text = value.is_string()         ? value.get<std::string>()
                     : value.is_number_float() ? to_text(value.get<double>())
                                               : value.dump();
  if (key == "name") return "`" + text + "`" + (entry.value("measured", "") == "m" ? " (m)" : "");
  for (std::size_t i = text.find('|'); i != std::string::npos; i = text.find('|', i + 2))
    text.insert(i, "\\");
  return text;
}

}  // namespace

const std::vector<ChoiceTable>& choice_tables() {
  static const std::vector<ChoiceTable> tables = {
      {"settings",
       "setting",
       {{"setting", "name"}, {"default", "default"}, {"allowed", "allowed"}, {"meaning", "about"}},
       settings_entries},
      {"losses",
       "loss",
       {{"`loss`", "name"}, {"minimises", "about"}, {"source", "source"}},
       loss_entries},
      {"optimizers",
       "optimizer",
       {{"`optimizer`", "name"}, {"step", "about"}, {"keeps", "keeps"}, {"source", "source"}},
       optimizer_entries},
      {"metrics",
       "metric",
       {{"metric", "name"},
        {"value", "about"},
        {"better", "better"},
        {"answers", "of"},
        {"source", "source"}},
       metric_entries},
      {"schedules",
       "schedule",
       {{"`schedule`", "name"}, {"share of learning_rate", "about"}, {"source", "source"}},
       schedule_entries},
      {"pretraining",
       "pretraining",
       {{"`pretrain`", "name"}, {"what happens", "about"}},
       pretraining_entries},
      {"diagnostics",
       "diagnostic",
       {{"`diagnostics`", "name"}, {"measured at", "measured"}, {"numbers", "about"}},
       diagnostic_entries},
      {"csv", "csv", {{"file, without .csv", "name"}, {"holds", "about"}}, csv_entries},
  };
  return tables;
}

Json csv_column_entries(const std::string& file) {
  Json entries = Json::array();
  for (const ColumnInfo& column : csv_file(file).columns)
    entries.push_back({{"name", column.name},
                       {"measured", column.measured ? "m" : ""},
                       {"about", column.description}});
  return entries;
}

std::string to_markdown(const Headings& headings, const Json& entries) {
  std::string text = "|", rule = "\n|";
  for (const auto& [heading, key] : headings) {
    text += fmt::format(" {} |", heading);
    rule += ":--|";
  }
  text += rule + "\n";
  for (const Json& entry : entries) {
    text += "|";
    for (const auto& [heading, key] : headings) text += fmt::format(" {} |", cell(entry, key));
    text += "\n";
  }
  return text;
}

std::string csv_markdown(const std::string& file) {
  return fmt::format(
      "**{}.csv**: {}.\n\n{}", file, csv_file(file).description,
      to_markdown({{"column", "name"}, {"meaning", "about"}}, csv_column_entries(file)));
}

}  // namespace longhaul
