#include "harness/throughput/solver_record.h"

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "longhaul/error.h"
#include "support/file.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr const char* kFile = "solvers.json";

// The one list of what a row of solvers.json holds, read and written alike; speedup, which may be
// missing, stands apart.
template <class Row, class Visit>
void each_field(Row& row, Visit&& visit) {
  visit("model", row.model);
  visit("model_id", row.model_id);
  visit("solver", row.solver);
  visit("length", row.length);
  visit("width", row.width);
  visit("threads", row.threads);
  visit("left_out", row.left_out);
  visit("iterations", row.iterations);
  visit("residual", row.residual);
  visit("unconverged_fraction", row.unconverged_fraction);
  visit("output_error", row.output_error);
  visit("gradient_error", row.gradient_error);
  visit("seconds_sequential", row.seconds_sequential);
  visit("seconds_parallel", row.seconds_parallel);
  visit("depth_sequential", row.depth_sequential);
  visit("depth_parallel", row.depth_parallel);
}

// What is not finite stands as null.
double number_of(const json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

SolverRecord from_json(const json& object) {
  SolverRecord row;
  each_field(row, [&](const char* key, auto& value) {
    if constexpr (std::is_same_v<decltype(value), double&>)
      value = number_of(object.at(key));
    else
      object.at(key).get_to(value);
  });
  if (object.contains("speedup")) row.speedup = object["speedup"].get<double>();
  return row;
}

}  // namespace

std::vector<SolverRecord> read_solvers(const std::filesystem::path& dir) {
  std::vector<SolverRecord> rows;
  std::ifstream in(dir / kFile);
  if (!in) return rows;
  try {
    for (const json& object : json::parse(in)) rows.push_back(from_json(object));
  } catch (const std::exception& error) {
    throw Error(text((dir / kFile).string(), ": damaged: ", error.what()));
  }
  return rows;
}

void write_solvers(const std::filesystem::path& dir, const std::vector<SolverRecord>& rows) {
  json list = json::array();
  for (const SolverRecord& row : rows) {
    json object;
    each_field(row, [&](const char* key, const auto& value) { object[key] = value; });
    if (row.speedup) object["speedup"] = *row.speedup;
    list.push_back(std::move(object));
  }
  write_atomically(dir / kFile, list.dump(1) + "\n");
}

}  // namespace longhaul
