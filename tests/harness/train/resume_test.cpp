#include "harness/train/resume.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

#include "harness/results/points.h"
#include "harness/train/stop_request.h"
#include "harness/train/trainer.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "support/exit_status.h"
#include "support/process.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

// What a training leaves that must not depend on whether it was stopped.
struct Ended {
  std::string curve, diagnostics;
  std::vector<std::vector<float>> weights;
  Training training;
  std::string message;
  int processes = 0;
  // Heard first of the last process.
  int64_t first_step = 0;
  std::string first_curve;
};

// Trains, asked to stop after each of those steps, in a process that is new as far as training can
// tell: on another number of threads, by another object. After step `broken`, a weight is not a
// number.
Ended trained(const TrialSpec& spec, const fs::path& dir, std::vector<int64_t> stops = {},
              int64_t broken = 0) {
  const Registry registry = registry_with_seen_task();
  const StopRequests requests;
  Ended ended;
  for (bool is_done = false; !is_done;) {
    const Threads scope(1 + ended.processes++ % 2);
    Options task_options(spec.task_options), model_options(spec.model_options);
    const std::unique_ptr<Task> task = registry.task(spec.task).make(task_options);
    Model model(registry.model(spec.model), model_options, spec.settings, shape_of(*task),
                spec.seed);
    ResumeFiles files(dir, spec, 3600);
    ended.first_step = 0;
    ended.first_curve.clear();
    const auto so_far = [&](const Training& found) {
      if (ended.first_curve.empty()) ended.first_curve = to_csv(found.curve);
    };
    const auto step = [&](const Progress& progress) {
      if (ended.first_step == 0) ended.first_step = progress.step;
      const Tensor head = model.head();
      if (progress.step == broken)
        std::fill_n(head.data(), head.size(), std::numeric_limits<float>::quiet_NaN());
      if (stops.empty() || progress.step != stops.front()) return;
      stops.erase(stops.begin());
      raise(SIGUSR1);
    };
    Training training;
    try {
      train(model, *task, spec, {step, so_far}, files, training, Registry());
      is_done = true;
    } catch (const StoredToResume&) {
      continue;
    } catch (const Diverged& diverged) {
      ended.message = diverged.what();
      is_done = true;
    }
    ended.curve = to_csv(training.curve);
    ended.diagnostics = to_csv(training.state.diagnostics.points);
    ended.training = training;
    for (const Parameter& parameter : model.parameters())
      ended.weights.emplace_back(parameter.value.data(),
                                 parameter.value.data() + parameter.value.size());
  }
  return ended;
}

// With all that has a state: dropout, diagnostics of steps and layers, best weights.
TrialSpec eventful(const std::string& model) {
  TrialSpec spec = seen_trial(model, 24);
  spec.settings.dropout = 0.1;
  spec.settings.evaluations = 6;
  spec.diagnostics = {"update_cosine", "gradient_norm", "attended_distance"};
  return spec;
}

void check_same(const Ended& stopped, const Ended& whole) {
  CHECK(stopped.curve == whole.curve);
  CHECK(stopped.diagnostics == whole.diagnostics);
  CHECK(stopped.weights == whole.weights);
  CHECK(stopped.training.train_loss == whole.training.train_loss);
  CHECK(stopped.training.flops_per_token == whole.training.flops_per_token);
  CHECK(stopped.training.state.steps == whole.training.state.steps);
  CHECK(stopped.training.state.tokens == whole.training.state.tokens);
  CHECK(stopped.training.state.losses == whole.training.state.losses);
  CHECK(stopped.training.state.selected_step == whole.training.state.selected_step);
  CHECK(stopped.training.state.validation == whole.training.state.validation);
  CHECK(stopped.training.state.notes == whole.training.state.notes);
}

void check_resumes(const TrialSpec& spec) {
  const TemporaryFolder alone, folder;
  const Ended whole = trained(spec, alone.path);
  const Ended stopped = trained(spec, folder.path, {1, 2, 7, 13, 24});
  CHECK(stopped.processes == 6);  // the last of them had nothing left to train
  check_same(stopped, whole);
}

void damage(const fs::path& file) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
  bytes.seekg(middle);
  const auto changed = static_cast<char>(bytes.get() ^ 1);
  bytes.seekp(middle);
  bytes.put(changed);
}

}  // namespace

TEST_CASE("resume: a training that is stopped five times ends with the bytes of one that is not",
          "[resume]") {
  for (const char* model : {"transformer", "lru", "rnn"}) {
    INFO(model);
    check_resumes(eventful(model));
  }
}

TEST_CASE("resume: a training in bf16 goes on in bf16", "[resume]") {
  TrialSpec spec = eventful("transformer");
  spec.settings.precision = "bf16_emulated";
  check_resumes(spec);
  const TemporaryFolder one, other;
  const Ended emulated = trained(spec, one.path);
  spec.settings.precision = "float32";
  CHECK(trained(spec, other.path).weights != emulated.weights);
}

TEST_CASE("resume: every optimizer goes on with what it keeps", "[resume]") {
  for (const OptimizerInfo& optimizer : optimizers()) {
    INFO(optimizer.name);
    TrialSpec spec = eventful("min_gru");
    spec.settings.optimizer = optimizer.name;
    check_resumes(spec);
  }
}

TEST_CASE("resume: averaged weights, running statistics and patience go on as they would",
          "[resume]") {
  TrialSpec spec = eventful("min_gru");
  spec.settings.weight_average = 0.9;
  spec.settings.norm = "batch";
  spec.settings.schedule = "warmup_stable_decay";
  check_resumes(spec);

  spec.settings.learning_rate = 1e-9;  // the first validation stays the best
  spec.settings.norm = "rms";          // running statistics would go on moving
  spec.settings.patience = 4;
  const TemporaryFolder alone, folder;
  const Ended whole = trained(spec, alone.path);
  CHECK(whole.training.state.steps == 20);
  check_same(trained(spec, folder.path, {1, 9, 20}), whole);
}

TEST_CASE("resume: random features that are drawn anew on the way go on as they would",
          "[resume]") {
  TrialSpec spec = eventful("linear_attention");
  spec.model_options = {{"feature", std::string("favor")}, {"redraw", int64_t{5}}};
  check_resumes(spec);
}

TEST_CASE("resume: solvers go on from the states of the step before the stop", "[resume]") {
  for (const char* model : {"rnn", "m2rnn"})
    for (const bool checkpoint : {false, true}) {
      INFO(model << " " << checkpoint);
      TrialSpec spec = eventful(model);
      spec.model_options = {{"solver", std::string("newton")},
                            {"start", std::string("last")},
                            {"tolerance", 1e-2}};  // so that another start is seen in the bits
      spec.settings.checkpoint_blocks = checkpoint;
      check_resumes(spec);
    }
}

TEST_CASE("resume: a budget of tokens ends at the same step", "[resume]") {
  TrialSpec spec = eventful("lru");
  const auto tokens_a_step = static_cast<double>(spec.settings.batch * 24);
  spec.budget = {.steps = 0, .seconds = 0, .tokens = 24 * tokens_a_step, .flops = 0};
  check_resumes(spec);
}

TEST_CASE("resume: a damaged file falls back to the one before, two damaged ones to the beginning",
          "[resume]") {
  const TrialSpec spec = eventful("lru");
  const TemporaryFolder alone, folder;
  const Ended whole = trained(spec, alone.path);
  trained(spec, folder.path, {5, 11});
  const fs::path first = folder.path / "resume.0", second = folder.path / "resume.1";
  // The third was written at the end, in place of the first.
  damage(first);
  ResumeFiles files(folder.path, spec, 3600);
  REQUIRE(files.read());
  CHECK(files.read()->state.steps == 11);
  check_same(trained(spec, folder.path), whole);

  damage(first);
  damage(second);
  CHECK_FALSE(ResumeFiles(folder.path, spec, 3600).read());
  check_same(trained(spec, folder.path), whole);

  std::ofstream(first) << "cut off";
  fs::remove(second);
  CHECK_FALSE(ResumeFiles(folder.path, spec, 3600).read());
}

TEST_CASE("resume: files of another trial are not taken", "[resume]") {
  const TrialSpec spec = eventful("lru");
  TrialSpec other = spec;
  other.settings.learning_rate *= 2;
  const TemporaryFolder folder;
  trained(spec, folder.path, {5});
  CHECK(ResumeFiles(folder.path, spec, 3600).read());
  CHECK_FALSE(ResumeFiles(folder.path, other, 3600).read());
  CHECK_FALSE(ResumeFiles(folder.path, spec, 0).read());  // asked for none
}

TEST_CASE("resume: a training that diverges keeps what it found before it was stopped",
          "[resume]") {
  const TrialSpec spec = eventful("lru");
  const TemporaryFolder alone, folder;
  const Ended whole = trained(spec, alone.path, {}, 17);
  CHECK(whole.message == "loss nan, gradient norm nan at step 18");
  const Ended stopped = trained(spec, folder.path, {3, 11}, 17);
  CHECK(stopped.processes == 3);
  CHECK(stopped.message == whole.message);
  CHECK(stopped.curve == whole.curve);
  CHECK(stopped.diagnostics == whole.diagnostics);
}

TEST_CASE("resume: what was found before is told before the next step, which may crash",
          "[resume]") {
  const TrialSpec spec = eventful("lru");
  const TemporaryFolder folder;
  const Ended stopped = trained(spec, folder.path, {11});
  CHECK(stopped.first_step == 11);
  std::string until_then;
  std::istringstream curve(stopped.curve);
  for (std::string line; std::getline(curve, line);)
    if (std::atoi(line.c_str()) <= 11) until_then += line + "\n";  // 0: the header
  CHECK(stopped.first_curve == until_then);
}

TEST_CASE("resume: a stop that nobody asks for ends the process with the status for it",
          "[resume]") {
  const pid_t child = fork();
  if (child == 0) {
    const StopRequests requests;
    raise(SIGTERM);
    _exit(1);
  }
  CHECK(wait_for(child).exit_status == kStoredToResume);
}
