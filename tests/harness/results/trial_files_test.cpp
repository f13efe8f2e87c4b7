#include "harness/results/trial_files.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/results/points.h"
#include "harness/results/store.h"
#include "harness/tables/export.h"
#include "harness/tables/results.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr const char* kCurve =
    "step,split,metric,value\n10,train,loss,2.25\n20,validation,accuracy,0.5\n";

// A results folder with one finished trial; its folder.
fs::path leave_results(const fs::path& dir) {
  const Trial trial = made_up_trial("lru", "mqar", 1, 0.5);
  const fs::path folder = dir / "trials" / trial.spec.id();
  fs::create_directories(folder);
  write_order(dir, {trial.spec});
  write_atomically(folder / "spec.json", to_json(trial.spec).dump());
  write_atomically(folder / "curve.csv", kCurve);
  write_atomically(folder / "checkpoint.safetensors", "weights");
  write_record(folder, *trial.record);
  return folder;
}

void overwrite(const fs::path& file, const std::string& content) { std::ofstream(file) << content; }

// Makes the record one of a version that had no sums.
void drop_sums(const fs::path& folder) {
  nlohmann::json record = nlohmann::json::parse(read_text(folder / "record.json"));
  record.erase("files");
  write_atomically(folder / "record.json", record.dump());
}

}  // namespace

TEST_CASE("a record has the sums of the files beside it", "[store]") {
  const TemporaryFolder folder;
  const fs::path trial = leave_results(folder.path);
  const TrialRecord record = *read_record(trial);
  REQUIRE(record.files.size() == 3);
  CHECK(record.files.at("checkpoint.safetensors").bytes == 7);
  CHECK(record.files.at("curve.csv").hash.size() == 16);
  CHECK(damaged_files(trial, record).empty());
  CHECK(load_results(folder.path).problems.empty());
}

TEST_CASE("a file that changed, by a bit or in length, or is gone is named", "[store]") {
  const TemporaryFolder folder;
  const fs::path trial = leave_results(folder.path);
  const TrialRecord record = *read_record(trial);
  overwrite(trial / "checkpoint.safetensors", "weighty");
  overwrite(trial / "curve.csv", std::string(kCurve) + "30,train,loss,2\n");
  fs::remove(trial / "spec.json");
  const auto damage = damaged_files(trial, record);
  REQUIRE(damage.size() == 3);
  CHECK_THAT(damage.at("checkpoint.safetensors"), Contains("its content is not what"));
  CHECK_THAT(damage.at("curve.csv"), Contains("damaged: it has 86 bytes, its record says 70"));
  CHECK_THAT(damage.at("spec.json"), Contains("is missing"));
}

TEST_CASE("points of a damaged curve are left out of an export, with a message", "[store]") {
  const TemporaryFolder folder;
  const fs::path trial = leave_results(folder.path);
  const bool with_sums = GENERATE(true, false);
  if (!with_sums) drop_sums(trial);
  // Truncated, at the end of a line where only a sum can tell, and inside one.
  std::string damaged = std::string(kCurve).substr(0, with_sums ? 43 : 50);
  overwrite(trial / "curve.csv", damaged);
  const Results results = load_results(folder.path);
  REQUIRE(results.problems.size() == 1);
  CHECK_THAT(results.problems[0], Contains("curve.csv: damaged"));
  export_csv(results, folder.path);
  CHECK(read_text(folder.path / "curves.csv") ==
        "trial,step,split,metric,value,model,task,seed,tokens,seconds\n");
}

TEST_CASE("a record without sums, of an older version, stays valid", "[store]") {
  const TemporaryFolder folder;
  const fs::path trial = leave_results(folder.path);
  drop_sums(trial);
  fs::remove(trial / "checkpoint.safetensors");
  CHECK(damaged_files(trial, *read_record(trial)).empty());
  CHECK(load_results(folder.path).trials[0].ok());
}

TEST_CASE("cli: verify names damaged and missing files, with status 1", "[store][cli]") {
  const TemporaryFolder folder;
  const fs::path trial = leave_results(folder.path);
  const std::string command = "verify " + folder.path.string();
  const Outcome whole = longhaul_run(command);
  CHECK(whole.status == 0);
  CHECK(whole.out == "1 trials are finished, 0 wait; no file is damaged or missing\n");

  overwrite(trial / "checkpoint.safetensors", "");
  fs::remove(trial / "curve.csv");
  overwrite(folder.path / "throughput.json", "[");
  const Outcome damaged = longhaul_run(command);
  CHECK(damaged.status == 1);
  CHECK_THAT(damaged.out, Contains("checkpoint.safetensors: damaged: it has 0 bytes"));
  CHECK_THAT(damaged.out, Contains("curve.csv: is missing\n"));
  CHECK_THAT(damaged.out, Contains("throughput.json: damaged"));
  CHECK_THAT(damaged.out, Contains("; 3 of the files are damaged or missing\n"));
  CHECK(longhaul_run("verify " + trial.string()).status == 2);

  for (const char* reader : {"table ", "export ", "report "}) {
    const Outcome told = complaint(reader + folder.path.string());
    INFO(reader << told.out);
    CHECK(told.status == 1);
    CHECK(has(told.out, "curve.csv: is missing\n"));
  }
}
