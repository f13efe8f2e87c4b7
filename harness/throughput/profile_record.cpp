#include "harness/throughput/profile_record.h"

#include <nlohmann/json.hpp>
#include <tuple>

#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

constexpr const char* kProfileFile = "profile.json";

}  // namespace

template <>
inline constexpr auto json_fields<OperatorCost> =
    std::tuple{field("calls", &OperatorCost::calls), field("seconds", &OperatorCost::seconds),
               field("flops", &OperatorCost::flops), field("bytes", &OperatorCost::bytes)};

template <>
inline constexpr auto json_fields<OperatorCosts> = std::tuple{
    field("forward", &OperatorCosts::forward), field("backward", &OperatorCosts::backward),
    field("update", &OperatorCosts::update)};

template <>
inline constexpr auto json_fields<ProfiledKind> =
    std::tuple{field("name", &ProfiledKind::name), field("costs", &ProfiledKind::costs)};

template <>
inline constexpr auto json_fields<ProfileRow> =
    std::tuple{field("model", &ProfileRow::model),
               field("model_id", &ProfileRow::model_id),
               field("phase", &ProfileRow::phase),
               field("length", &ProfileRow::length),
               field("batch", &ProfileRow::batch),
               field("status", &ProfileRow::status),
               field("message", &ProfileRow::message),
               field("step_seconds", &ProfileRow::step_seconds),
               field("kinds", &ProfileRow::kinds),
               field("flops_per_token", &ProfileRow::flops_per_token),
               field("peak_gflops", &ProfileRow::peak_gflops),
               field("gigabytes_per_second", &ProfileRow::gigabytes_per_second),
               field("isa", &ProfileRow::isa),
               field("threads", &ProfileRow::threads),
               field("precision", &ProfileRow::precision),
               field("host", &ProfileRow::host),
               field("cpu", &ProfileRow::cpu),
               field("version", &ProfileRow::version),
               field("build", &ProfileRow::build)};

OperatorCost whole(const OperatorCosts& costs) {
  OperatorCost sum = costs.forward;
  sum.add(costs.backward);
  sum.add(costs.update);
  return sum;
}

double ProfiledKind::seconds() const { return whole(costs).seconds; }

double ProfileRow::share(double seconds) const {
  return seconds / (step_seconds * static_cast<double>(threads));
}

double ProfileRow::gflops(const OperatorCost& cost) const {
  return 1e-9 * static_cast<double>(cost.flops * threads) / cost.seconds;
}

double ProfileRow::gigabytes(const OperatorCost& cost) const {
  return 1e-9 * static_cast<double>(cost.bytes * threads) / cost.seconds;
}

std::vector<ProfileRow> read_profile(const std::filesystem::path& dir) {
  if (!std::filesystem::exists(dir / kProfileFile)) return {};
  return read_json_file(dir / kProfileFile, [](const nlohmann::json& rows) {
    return from_json<std::vector<ProfileRow>>(rows, unknown_keys_of(rows));
  });
}

void write_profile(const std::filesystem::path& dir, const std::vector<ProfileRow>& rows) {
  write_atomically(dir / kProfileFile, json_text(json_of(rows), 1));
}

}  // namespace longhaul
