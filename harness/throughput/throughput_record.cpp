#include "harness/throughput/throughput_record.h"

#include <nlohmann/json.hpp>
#include <tuple>

#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr const char* kThroughputFile = "throughput.json";

}  // namespace

template <>
inline constexpr auto json_fields<ThroughputRow> =
    std::tuple{field("model", &ThroughputRow::model),
               field<Key::newer>("model_id", &ThroughputRow::model_id),
               field("phase", &ThroughputRow::phase),
               field("length", &ThroughputRow::length),
               field("batch", &ThroughputRow::batch),
               field<Key::newer>("series", &ThroughputRow::series),
               field<Key::newer>("planned", &ThroughputRow::planned),
               field("status", &ThroughputRow::status),
               field<Key::newer>("message", &ThroughputRow::message),
               field<Key::newer>("step_seconds", &ThroughputRow::step_seconds),
               field<Key::newer>("peak_activation_bytes", &ThroughputRow::peak_activation_bytes),
               field<Key::newer>("parameter_bytes", &ThroughputRow::parameter_bytes),
               field<Key::newer>("optimizer_bytes", &ThroughputRow::optimizer_bytes),
               field<Key::newer>("state_bytes", &ThroughputRow::state_bytes),
               field<Key::newer>("flops_per_token", &ThroughputRow::flops_per_token),
               field<Key::newer>("peak_gflops", &ThroughputRow::peak_gflops),
               field<Key::newer>("kernel", &ThroughputRow::kernel),
               field<Key::newer>("isa", &ThroughputRow::isa),
               field<Key::newer>("threads", &ThroughputRow::threads),
               field<Key::newer>("precision", &ThroughputRow::precision),
               field<Key::newer>("host", &ThroughputRow::host),
               field<Key::newer>("cpu", &ThroughputRow::cpu),
               field<Key::newer>("version", &ThroughputRow::version),
               field<Key::newer>("build", &ThroughputRow::build)};

const EnumNames<Phase>& names_of(Phase) {
  static const EnumNames<Phase> names = {
      {Phase::train, "train"}, {Phase::prefill, "prefill"}, {Phase::decode, "decode"}};
  return names;
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
  if (!std::filesystem::exists(dir / kThroughputFile)) return {};
  return read_json_file(dir / kThroughputFile, [](const json& rows) {
    return from_json<std::vector<ThroughputRow>>(rows, unknown_keys_of(rows));
  });
}

void write_throughput(const std::filesystem::path& dir, const std::vector<ThroughputRow>& rows) {
  write_atomically(dir / kThroughputFile, json_text(json_of(rows), 1));
}

}  // namespace longhaul
