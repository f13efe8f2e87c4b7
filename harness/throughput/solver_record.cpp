#include "harness/throughput/solver_record.h"

#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

constexpr const char* kSolverFile = "solvers.json";

}  // namespace

template <>
inline constexpr auto json_fields<SolverRecord> =
    std::tuple{field("model", &SolverRecord::model),
               field("model_id", &SolverRecord::model_id),
               field("solver", &SolverRecord::solver),
               field("length", &SolverRecord::length),
               field("width", &SolverRecord::width),
               field("threads", &SolverRecord::threads),
               field("left_out", &SolverRecord::left_out),
               field("iterations", &SolverRecord::iterations),
               field("residual", &SolverRecord::residual),
               field("unconverged_fraction", &SolverRecord::unconverged_fraction),
               field("output_error", &SolverRecord::output_error),
               field("gradient_error", &SolverRecord::gradient_error),
               field("seconds_sequential", &SolverRecord::seconds_sequential),
               field("seconds_parallel", &SolverRecord::seconds_parallel),
               field<Key::unless_default>("speedup", &SolverRecord::speedup),
               field("depth_sequential", &SolverRecord::depth_sequential),
               field("depth_parallel", &SolverRecord::depth_parallel)};

std::vector<SolverRecord> read_solvers(const std::filesystem::path& dir) {
  if (!std::filesystem::exists(dir / kSolverFile)) return {};
  return read_json_file(dir / kSolverFile, [](const nlohmann::json& rows) {
    return from_json<std::vector<SolverRecord>>(rows);
  });
}

void write_solvers(const std::filesystem::path& dir, const std::vector<SolverRecord>& rows) {
  write_atomically(dir / kSolverFile, json_text(json_of(rows), 1));
}

}  // namespace longhaul
