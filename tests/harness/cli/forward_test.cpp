// longhaul forward on inputs of a user's own.
#include <filesystem>
#include <fstream>

#include "math/checkpoint.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace fs = std::filesystem;

namespace {

// A model that was trained for two steps to tell the mean of a series of two channels.
struct Trained {
  Trained() {
    std::ofstream table(folder.path / "mean.csv");
    table << "x,label\n";
    for (int row = 0; row < 60; ++row)
      table << '"' << row << ",1 " << row + 1 << ",2 " << row % 7 << ",3\"," << row / 60.0 << '\n';
    table.close();
    std::ofstream(folder.path / "s.yaml")
        << "suite: s\nseeds: [0]\nbudget: {steps: 2}\nmodels: [lru]\n"
           "defaults: {d_model: 8, layers: 1, batch: 4, test_examples: 8, validation_examples: 8}\n"
           "tasks: [{task: files, kind: numbers, input: x, answers: number, loss: mse, data: "
        << path("mean.csv") << "}]\n";
    REQUIRE(longhaul_run("run " + path("s.yaml") + " --out " + path("out")).status == 0);
    for (const auto& trial : fs::directory_iterator(folder.path / "out" / "trials"))
      checkpoint = (trial.path() / "checkpoint.safetensors").string();
  }
  std::string path(const std::string& name) const { return (folder.path / name).string(); }
  // Says what the program said, on standard error too.
  Outcome forward(const std::string& arguments) const {
    return longhaul_run("forward " + checkpoint + " --out " + path("out.npy") + " " + arguments +
                        " 2>&1");
  }

  const TemporaryFolder folder;
  std::string checkpoint;
};

const float kNaN = std::nanf("");

}  // namespace

TEST_CASE("forward: a regression of real numbers gives its outputs and gradients", "[cli]") {
  const Trained trained;
  // The second series ends after two of its three steps.
  save_npy(trained.path("x.npy"),
           Tensor::from({2, 3, 2}, {1, -1, 0.5f, 0, 2, 1, 0, 1, -1, 0.5f, kNaN, kNaN}));
  save_npy(trained.path("y.npy"), Tensor::from({2, 1}, {0.25f, kNaN}));
  const Outcome outcome =
      trained.forward("--values " + trained.path("x.npy") + " --targets " + trained.path("y.npy") +
                      " --grad " + trained.path("grad.safetensors"));
  INFO(outcome.out);
  REQUIRE(outcome.status == 0);
  const Tensor outputs = load_npy_numbers(trained.path("out.npy"));
  REQUIRE(outputs.shape() == Shape{2, 1});
  const double error = double{outputs.data()[0]} - 0.25;
  CHECK(std::stod(outcome.out.substr(5)) == Approx(error * error));
  CHECK(load_checkpoint(trained.path("grad.safetensors")).tensors.size() > 5);

  // What stands behind the end of a sequence does not count.
  save_npy(trained.path("x.npy"), Tensor::from({1, 2, 2}, {0, 1, -1, 0.5f}));
  REQUIRE(trained.forward("--values " + trained.path("x.npy")).status == 0);
  CHECK(load_npy_numbers(trained.path("out.npy")).item() == Approx(outputs.data()[1]));
}

TEST_CASE("forward: inputs that the model cannot read are named", "[cli]") {
  const Trained trained;
  const auto said_of = [&](const Shape& shape, const std::vector<float>& values) {
    save_npy(trained.path("x.npy"), Tensor::from(shape, values));
    const Outcome outcome = trained.forward("--values " + trained.path("x.npy"));
    CHECK(outcome.status != 0);
    return outcome.out;
  };
  CHECK_THAT(said_of({1, 2}, {1, 2}),
             Contains("x.npy: expected an array [batch, length, 2], found (1, 2)"));
  CHECK_THAT(said_of({1, 1, 2}, {kNaN, kNaN}),
             Contains("x.npy: sequence 0 holds nothing but padding (NaN)"));
  CHECK_THAT(said_of({1, 2, 2}, {1, kNaN, 2, 3}), Contains("x.npy: sequence 0, position 0: found"));
  CHECK_THAT(trained.forward("--tokens " + trained.path("x.npy")).out,
             Contains("x.npy: expected int32 or int64 values"));
  CHECK_THAT(trained.forward("").out, Contains("forward needs --tokens or --values"));
}
