// `longhaul data`, `sample --format png` and the cards of tasks, by the program itself.

#include <nlohmann/json.hpp>

#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// What it prints on both streams.
Outcome run_in(const std::filesystem::path& folder, const std::string& arguments) {
  return longhaul_run(arguments + " 2>&1", "cd '" + folder.string() + "' && LONGHAUL_CACHE=cache");
}

}  // namespace

TEST_CASE("cli: data writes a task's caches once, then verifies them", "[cli][cache]") {
  const TemporaryFolder folder;
  const std::string data = "data mqar -n 30 --seed 4 ";
  const Outcome first = run_in(folder.path, data);
  CHECK(first.status == 0);
  CHECK_THAT(first.out, Contains("train seed 5: 30 examples") && Contains("test seed 0: 3 ex"));
  CHECK_THAT(first.out, Contains(", written\n") && !Contains("verified"));
  CHECK_THAT(run_in(folder.path, data).out, Contains(", verified\n") && !Contains("written"));
  CHECK_THAT(run_in(folder.path, data + "--set length=32").out, !Contains("verified"));
  CHECK_THAT(run_in(folder.path, "data mqar -n 40 --seed 4 --split validation").out,
             Contains("4 examples") && Contains("written") && !Contains("train"));

  for (const auto& entry : std::filesystem::directory_iterator(folder.path / "cache"))
    std::filesystem::resize_file(entry.path(), 100);
  const Outcome broken = run_in(folder.path, data);
  CHECK(broken.status == 2);
  CHECK_THAT(broken.out, Contains("cache/mqar-train-5-") && Contains("has 100 bytes instead of"));
}

TEST_CASE("cli: sample writes pictures as a PNG sheet", "[cli]") {
  const TemporaryFolder folder;
  const std::string sample = "sample image_synthetic -n 5 --set size=16 --format png ";
  const Outcome written = run_in(folder.path, sample + "-o sheet.png");
  CHECK(written.status == 0);
  CHECK_THAT(written.out, Contains("sheet.png: 5 examples, 3 in a row; targets "));
  const std::string png = read_text(folder.path / "sheet.png");
  REQUIRE(png.size() > 24);
  CHECK(png.substr(1, 3) == "PNG");
  const auto size = [&](int at) {
    return static_cast<unsigned char>(png[at + 2]) * 256 + static_cast<unsigned char>(png[at + 3]);
  };
  CHECK(size(16) == 3 * (128 + 4) + 4);
  CHECK(size(20) == 2 * (128 + 4) + 4);

  CHECK(run_in(folder.path, sample).status == 2);  // no file
  CHECK(run_in(folder.path, sample + "-o no/such/folder.png").status == 3);
  CHECK_THAT(run_in(folder.path, "sample mqar --format png -o x.png").out,
             Contains("an example of mqar is no picture"));
}

TEST_CASE("cli: lists and cards of tasks say what baselines score", "[cli]") {
  const TemporaryFolder folder;
  const Outcome listed = run_in(folder.path, "list tasks");
  CHECK(listed.status == 0);
  CHECK_THAT(listed.out, Contains("chance  majority  shallow  examples"));
  const Outcome card = run_in(folder.path, "show task text_synthetic");
  CHECK(card.status == 0);
  CHECK_THAT(card.out, Contains("\nbaselines, on 1000 test examples") && Contains("50.0%") &&
                           Contains("\npublished ") && Contains("\nexample\n"));
}

TEST_CASE("cli: eval says if the data are others than those that the model learned from", "[cli]") {
  const TemporaryFolder folder;
  const auto write = [&](uint64_t stream) {
    sample::write_file(folder.path / "rows.csv", sample::csv_rows(60, stream));
  };
  write(1);
  sample::write_file(folder.path / "s.yaml",
                     "suite: s\nseeds: [0]\nbudget: {steps: 1}\n"
                     "defaults: {d_model: 8, layers: 1, batch: 4, test_examples: 4}\n"
                     "models: [lru]\ntasks: [{name: rows, task: files, data: rows.csv}]\n");
  REQUIRE(run_in(folder.path, "run s.yaml --out out").status == 0);
  const std::string eval = "eval out/trials/*/checkpoint.safetensors";
  const Outcome same = run_in(folder.path, eval);
  CHECK(same.status == 0);
  CHECK_THAT(same.out, !Contains("other data"));
  write(2);
  const Outcome changed = run_in(folder.path, eval);
  CHECK(changed.status == 0);
  CHECK_THAT(changed.out, Contains("rows.csv: holds other data than the model was trained on"));
}

TEST_CASE("cli: a damaged verdict costs its claim alone", "[cli][claims]") {
  const TemporaryFolder folder;
  const std::filesystem::path tree = LONGHAUL_SOURCE_DIR;
  std::filesystem::create_symlink(tree / "configs", folder.path / "configs");
  for (const std::string name : {"deer_depth", "keynorm"}) {
    const std::filesystem::path verdict =
        std::filesystem::path("results") / "claims" / name / "verdict.json";
    std::filesystem::create_directories((folder.path / verdict).parent_path());
    std::filesystem::copy_file(tree / verdict, folder.path / verdict);
  }
  const Outcome whole = run_in(folder.path, "list claims");
  CHECK(whole.status == 0);
  std::filesystem::resize_file(folder.path / "results/claims/deer_depth/verdict.json", 100);
  const Outcome damaged = run_in(folder.path, "list claims");
  CHECK(damaged.status == 1);
  CHECK_THAT(damaged.out, Contains("deer_depth/verdict.json: damaged: "));
  CHECK_THAT(damaged.out, Catch::Matchers::Matches("[^]*\ndeer_depth +damaged [^]*"));
  const std::string row = "\nkeynorm ";
  const std::size_t at = whole.out.find(row);
  REQUIRE(at != std::string::npos);
  CHECK_THAT(damaged.out, Contains(whole.out.substr(at, whole.out.find('\n', at + 1) - at)));
}
