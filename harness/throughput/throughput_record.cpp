#include "harness/throughput/throughput_record.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "longhaul/error.h"
#include "longhaul/options.h"
#include "support/file.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr const char* kFile = "throughput.json";

// The one list of what a row of throughput.json holds, read and written alike; phase and status,
// which are words, stand apart.
template <class Row, class Visit>
void each_field(Row& row, Visit&& visit) {
  visit("model", row.model);
  visit("model_id", row.model_id);
  visit("length", row.length);
  visit("batch", row.batch);
  visit("series", row.series);
  visit("planned", row.planned);
  visit("message", row.message);
  visit("step_seconds", row.step_seconds);
  visit("peak_activation_bytes", row.peak_activation_bytes);
  visit("parameter_bytes", row.parameter_bytes);
  visit("optimizer_bytes", row.optimizer_bytes);
  visit("state_bytes", row.state_bytes);
  visit("flops_per_token", row.flops_per_token);
  visit("peak_gflops", row.peak_gflops);
  visit("kernel", row.kernel);
  visit("isa", row.isa);
  visit("threads", row.threads);
  visit("precision", row.precision);
  visit("host", row.host);
  visit("cpu", row.cpu);
  visit("version", row.version);
}

json to_json(const ThroughputRow& row) {
  json object = {{"phase", to_string(row.phase)}, {"status", to_string(row.status)}};
  each_field(row, [&](const char* key, const auto& value) { object[key] = value; });
  return object;
}

ThroughputRow row_from_json(const json& object) {
  ThroughputRow row;
  row.phase = phase_from(object.at("phase").get<std::string>());
  row.status = status_from(object.at("status").get<std::string>());
  each_field(row, [&](const char* key, auto& value) { object.at(key).get_to(value); });
  return row;
}

}  // namespace

const std::vector<std::string>& phase_names() {
  static const std::vector<std::string> names = {"train", "prefill", "decode"};
  return names;
}

std::string to_string(Phase phase) { return phase_names().at(static_cast<std::size_t>(phase)); }

Phase phase_from(const std::string& name) {
  const std::vector<std::string>& names = phase_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Phase>(found - names.begin());
  const std::string near = nearest(name, names);
  throw Error(text("found '", name, "'", near.empty() ? "" : "; did you mean '" + near + "'?",
                   " allowed: train, prefill, decode"));
}

double ThroughputRow::median_seconds() const { return median(step_seconds); }

double ThroughputRow::tokens_per_second(double p) const {
  std::vector<double> rates;
  for (const double seconds : step_seconds)
    rates.push_back(static_cast<double>(tokens()) / seconds);
  return quantile(rates, p);
}

double ThroughputRow::fraction_of_peak() const {
  return flops_per_token * tokens_per_second(0.5) / (peak_gflops * 1e9);
}

bool is_same_measurement(const ThroughputRow& kept, const ThroughputRow& wanted) {
  const auto key = [](const ThroughputRow& row) {
    return std::tie(row.model, row.model_id, row.phase, row.length, row.batch, row.threads);
  };
  return key(kept) == key(wanted);
}

std::vector<ThroughputRow> read_throughput(const std::filesystem::path& dir) {
  std::vector<ThroughputRow> rows;
  std::ifstream in(dir / kFile);
  if (!in) return rows;
  try {
    for (const json& object : json::parse(in)) rows.push_back(row_from_json(object));
  } catch (const std::exception& error) {
    throw Error(text((dir / kFile).string(), ": damaged: ", error.what()));
  }
  return rows;
}

void write_throughput(const std::filesystem::path& dir, const std::vector<ThroughputRow>& rows) {
  json list = json::array();
  for (const ThroughputRow& row : rows) list.push_back(to_json(row));
  write_atomically(dir / kFile, list.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace longhaul
