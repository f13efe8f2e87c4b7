// What a model of any origin can say of changes after training (ModelInfo::post_hoc).
#include "harness/train/evaluation.h"

#include <tuple>

#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// Multiplies by a weight and by an option.
class Stretch final : public Mixer {
 public:
  explicit Stretch(MixerContext& c)
      : factor_(c.options().number("factor", 1, "multiplies")),
        weight_(c.weight("w", c.d_model(),
                         c.d_model() * c.options().integer("wide", 1, "times d_model", 1))) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    return static_cast<float>(factor_) * slice(matmul(x, weight_), 2, 0, x.dim(2));
  }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State& state) const override {
    ++state.position;
    return static_cast<float>(factor_) * slice(matmul(x, weight_), 1, 0, x.dim(1));
  }

 private:
  double factor_;
  Tensor weight_;
};

using PostHoc = decltype(ModelInfo::post_hoc);

TrialRecord run_with(const PostHoc& post_hoc) {
  Registry registry = registry_with_seen_task();
  registry.mixer<Stretch>({.name = "stretch", .about = "", .source = "", .post_hoc = post_hoc});
  TrialSpec spec = seen_trial("stretch", 3);
  spec.evaluate.lengths = {24, 48};
  spec.evaluate.post_hoc = {"longer"};
  const TemporaryFolder folder;
  const Threads one(1);
  return run_trial(spec, registry, {folder.path, 1});
}

}  // namespace

TEST_CASE("a model's own change after training is tested at every length", "[evaluation]") {
  std::vector<std::tuple<std::string, int64_t, int64_t>> asked;
  const TrialRecord record = run_with([&](OptionMap options, const PostHocChange& change) {
    asked.emplace_back(change.name, change.trained_length, change.tested_length);
    options["factor"] = 2.0;
    return options;
  });
  INFO(record.message);
  REQUIRE(record.evaluations.size() == 4);
  CHECK(record.evaluations[0].post_hoc.empty());
  CHECK(record.evaluations[3].post_hoc == "longer");
  CHECK(asked == decltype(asked){{"longer", 24, 24}, {"longer", 24, 48}});
}

TEST_CASE("a model without changes after training is tested as it is", "[evaluation]") {
  CHECK(run_with(nullptr).evaluations.size() == 2);
}

TEST_CASE("a change that cannot be is a failed trial that says why", "[evaluation]") {
  const TrialRecord larger = run_with([](OptionMap options, const PostHocChange&) {
    options["wide"] = int64_t{2};
    return options;
  });
  CHECK(larger.status == Status::failed);
  CHECK_THAT(larger.message, Contains("model 'stretch': its post-hoc change longer has other "
                                      "parameters than the trained model"));
  const TrialRecord unknown = run_with([](OptionMap options, const PostHocChange&) {
    options["factr"] = 2.0;
    return options;
  });
  CHECK_THAT(unknown.message, Contains("did you mean 'factor'?"));
  const TrialRecord thrown =
      run_with([](const OptionMap&, const PostHocChange&) -> OptionMap { throw 1; });
  CHECK_THAT(thrown.message, Contains("model 'stretch' (builtin): its post_hoc throws"));
}
