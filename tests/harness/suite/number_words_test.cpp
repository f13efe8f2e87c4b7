#include "harness/settings/trial_spec.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/made_up_claim.h"
#include "tests/helpers/temporary_file.h"

// Words that are nearly numbers, in every kind of place of a suite: each is read as what it says,
// or refused with its place.

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const std::string kHead = "suite: s\nmodels: [copy]\ntasks: [coin]\n";  // lines 1 to 3
const std::string kSeeds = "seeds: [0]\n", kBudget = "budget: {steps: 5}\n";

// A place of a suite: the path that --set takes and messages name, what stands before a word and
// behind it, and the other lines that a suite needs.
struct WordPlace {
  std::string path, before, behind, rest;
};

const std::vector<WordPlace> kWordPlaces = {
    {"defaults.batch", "defaults: {batch: ", "}", kSeeds + kBudget},
    {"defaults.label_smoothing", "defaults: {label_smoothing: ", "}", kSeeds + kBudget},
    {"models.copy.heads", "models: [{model: copy, heads: ", "}]", kSeeds + kBudget},
    {"budget.steps", "budget: {steps: ", "}", kSeeds},
    {"budget.seconds", "budget: {seconds: ", "}", kSeeds},
    {"limits.seconds", "limits: {seconds: ", "}", kSeeds + kBudget},
    {"limits.memory", "limits: {memory: ", "}", kSeeds + kBudget},
    {"retry.delay", "retry: {delay: ", "}", kSeeds + kBudget},
    {"checkpoint_seconds", "checkpoint_seconds: ", "", kSeeds + kBudget},
    {"seeds", "seeds: ", "", kBudget},
    {"seeds", "seeds: [", "]", kBudget},
    {"evaluate.lengths", "evaluate: {lengths: [", "]}", kSeeds + kBudget},
    {"throughput.lengths", "throughput: {lengths: [", "]}", kSeeds + kBudget},
    {"engine.cpus", "engine: {name: slurm, cpus: ", "}", kSeeds + kBudget},
};

Suite load_words(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  const TemporaryFile file("s.yaml", yaml);
  Registry registry = fake_registry();
  return load_suite(file.path(), registry, overrides);
}

std::string refusal(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  try {
    load_words(yaml, overrides);
  } catch (const Error& error) {
    return error.what();
  }
  return "no complaint";
}

Suite with_default(const std::string& setting) {
  return load_words(kHead + kSeeds + kBudget + "defaults: {" + setting + "}\n");
}

}  // namespace

TEST_CASE("suite: what is nearly a number is refused by its place", "[config]") {
  const std::vector<std::string> words = {
      "5_000", "0x10", "0b1", "0o17", "1e400", "1e-400", "nan",    "inf",    "-inf", ".nan",
      ".inf",  "5e",   "+-5", "--5",  "5;",    "1.2.3",  "\u0665", "\uff15", "1e3.0"};
  for (const WordPlace& place : kWordPlaces)
    for (const std::string& word : words) {
      INFO(place.path << " " << word);
      std::string head = kHead;
      if (place.path.starts_with("models")) head = "suite: s\ntasks: [coin]\n\n";
      const std::string line = place.before + word + place.behind + "\n";
      CHECK_THAT(refusal(head + line + place.rest),
                 Contains("s.yaml:4: " + place.path + ": ") && Contains("found "));
    }
}

TEST_CASE("suite: --set refuses what is nearly a number and names its path", "[config]") {
  const std::string yaml = kHead + kSeeds + kBudget;
  for (const char* word : {" 5", "5 ", "5_000", "0x10", "1e400", "nan", "\u0665", "\"5\""})
    for (const char* path : {"defaults.batch", "defaults.label_smoothing", "budget.steps"}) {
      INFO(path << "=" << word);
      CHECK_THAT(refusal(yaml, {std::string(path) + "=" + word}),
                 Contains(std::string("--set ") + path + ": expected a"));
    }
}

TEST_CASE("suite: a number may be written in every way of YAML", "[config]") {
  for (const char* word : {"10", "+10", "010", "1e1", "1E+1", "10.0", "10."}) {
    INFO(word);
    const std::string value = word;
    CHECK(with_default("batch: " + value).defaults.batch == 10);
    CHECK(load_words(kHead + kBudget + "seeds: " + value + "\n").seeds.size() == 10);
    CHECK(load_words(kHead + kBudget + "seeds: [" + value + "]\n").seeds ==
          std::vector<uint64_t>{10});
    CHECK(load_words(kHead + kSeeds + kBudget + "throughput: {lengths: [" + value + "]}\n")
              .throughput->lengths == std::vector<int64_t>{10});
    CHECK(load_words(kHead + kSeeds + kBudget + "limits: {seconds: " + value + "}\n")
              .limits.seconds == 10);
  }
  for (const char* word : {".5", "+.5", "0.5", "5e-1", "00.5"})
    CHECK(with_default(std::string("label_smoothing: ") + word).defaults.label_smoothing == 0.5);
  CHECK(with_default("short_conv: -0").defaults.short_conv == 0);
}

TEST_CASE("suite: -0 is the same trial as 0", "[config]") {
  const Registry registry = fake_registry();
  const std::string zero = grid(with_default("loss_gamma: 0"), registry)[0].id();
  for (const char* word : {"-0", "-0.0", "0.0", "0e5"})
    CHECK(grid(with_default(std::string("loss_gamma: ") + word), registry)[0].id() == zero);
}

TEST_CASE("claim: a bound that is no finite number is refused", "[claim]") {
  for (const char* word : {".nan", ".inf", "-.inf", "1e400", "0x1", "much"}) {
    INFO(word);
    const std::string rule =
        "confirmed:\n  - {number: gap, seeds: every, at_least: " + std::string(word) +
        "}\nrefuted:\n  - {number: gap, at_most: 0}\n";
    CHECK_THAT(made_up::complaint(made_up::kTexts + made_up::kSuite + made_up::kNumbers + rule),
               Contains("at_least: found '") && Contains("allowed: a number"));
  }
}
