// `longhaul data`, `sample --format png` and the cards of tasks, by the program itself.

#include <nlohmann/json.hpp>

#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

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
