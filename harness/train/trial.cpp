#include "harness/train/trial.h"

#include <limits>
#include <system_error>

#include "harness/data/batches.h"
#include "harness/data/examples.h"
#include "harness/model/pretrained.h"
#include "harness/model/stored_model.h"
#include "harness/results/machine.h"
#include "harness/results/points.h"
#include "harness/results/store.h"
#include "harness/settings/pretrainings.h"
#include "harness/train/evaluation.h"
#include "harness/train/resume.h"
#include "harness/train/trainer.h"
#include "harness/train/trial_end.h"
#include "harness/train/trial_progress.h"
#include "harness/train/trial_tasks.h"
#include "math/checkpoint.h"
#include "math/parallel.h"
#include "math/ranks.h"
#include "support/exit_status.h"
#include "support/file.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

fs::path weights_in(const fs::path& dir) { return dir / "checkpoint.safetensors"; }

// Calls what reads or writes our own files: where that fails, the machine is at fault.
template <class Action>
auto with_files(const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw MachineFault(error.what());
  } catch (const std::system_error& error) {
    throw MachineFault(error.what());
  }
}

// All that a trial which chooses settings may know.
Evaluation untested(double validation) {
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  Evaluation evaluation;
  evaluation.test = kMissing;
  evaluation.validation = validation;
  evaluation.baselines = {kMissing, kMissing, kMissing};
  return evaluation;
}

// Puts down the points of a training, while it runs too.
void write_points(const Training& training, const TrialSpec& spec, const fs::path& dir,
                  Durable durable) {
  if (!Ranks::all().is_first()) return;
  write_atomically(dir / "curve.csv", to_csv(training.curve), durable);
  if (!spec.diagnostics.empty())
    write_atomically(dir / "diagnostics.csv", to_csv(training.state.diagnostics.points), durable);
}

// Puts down what training found, or had found when it failed.
void note_training(const Training& training, const TrialSpec& spec, const fs::path& dir,
                   TrialRecord& record) {
  const TrainingState& state = training.state;
  record.selected_step = state.selected_step;
  record.train_loss = training.train_loss;
  record.flops_per_token = training.flops_per_token;
  record.steps = state.steps;
  record.tokens_seen = state.tokens;
  record.train_seconds = state.seconds;
  if (state.seconds > 0)
    record.train_tokens_per_second = static_cast<double>(state.tokens) / state.seconds;
  record.peak_activation_bytes = state.peak_activation_bytes;
  record.notes = state.notes;
  with_files([&] { write_points(training, spec, dir, Durable::yes); });
}

// Trains on the task's stream; the validation score.
double train_and_note(Model& model, const Task& task, const TrialSpec& spec,
                      const Registry& registry, const TrialPlace& place, ProgressFile& progress,
                      TrialRecord& record) {
  record.parameters = model.parameter_count();
  ResumeFiles resume(place.dir, spec, place.checkpoint_seconds);
  const auto show = [&](const Training& so_far) {
    try {
      write_points(so_far, spec, place.dir, Durable::no);
    } catch (const std::system_error&) {  // as of progress.json: they are written at the end again
    }
  };
  const Listeners listeners{[&](const Progress& now) { progress.note(now); }, show};
  Training training;
  try {
    train(model, task, spec, listeners, resume, training, registry);
  } catch (...) {
    note_training(training, spec, place.dir, record);
    throw;
  }
  note_training(training, spec, place.dir, record);
  return training.state.validation;
}

void store(const Model& model, const TrialSpec& spec, const fs::path& dir) {
  if (Ranks::all().is_first()) with_files([&] { save_model(weights_in(dir), model, spec); });
}

// Leaves the weights that restore hidden inputs best; nothing is tested.
void pretrain(const TrialSpec& spec, const Registry& registry, const TrialPlace& place,
              ProgressFile& progress, TrialRecord& record) {
  const TrialTasks tasks = tasks_of(spec, registry);
  Model model = make_model(spec, registry, tasks.shape);
  const double validation =
      train_and_note(model, tasks.trained_on(), spec, registry, place, progress, record);
  record.evaluations = {untested(validation)};
  store(model, spec, place.dir);
}

void run(const TrialSpec& spec, const Registry& registry, const TrialPlace& place,
         ProgressFile& progress, TrialRecord& record) {
  record.model_origin = registry.model(spec.model).origin;
  if (spec.is_pretraining) return pretrain(spec, registry, place, progress, record);
  const TrialTasks tasks = tasks_of(spec, registry);
  const Task& task = *tasks.task;
  record.metric = metric_of(task);
  for (const std::string& name : spec.metrics) record.metrics[name] = registry.metric(name).better;
  Model model = make_model(spec, registry, tasks.shape);
  if (!spec.pretrained.empty())
    with_files([&] {
      load_pretrained(model, weights_in(place.dir.parent_path() / spec.pretrained),
                      task.readout() == Readout::token && !task.is_regression() &&
                          pretraining_of(spec.settings).restore == Restore::next);
    });
  const double validation =
      train_and_note(model, tasks.trained_on(), spec, registry, place, progress, record);
  if (spec.tuning.is_candidate) {
    record.evaluations = {untested(validation)};
    return;
  }
  record.evaluations = run_tests(model, spec, registry, task, tasks.tests, tasks.shape, validation);
  if (spec.settings.causal && model.decodes())
    record.state_bytes = measure_state(
        model, Windows(task, Split::test, spec.settings.test_examples).draw(0).back());
  store(model, spec, place.dir);
}

// The same end for all processes that share a trial, also where one of them alone meets it.
TrialEnd do_shared_trial(const std::function<void()>& work) {
  const auto end_of = [](const RankFailure& failure) {
    TrialEnd end{static_cast<Status>(failure.why.at(0)), failure.why.substr(1)};
    if (end.status == Status::out_of_memory && Ranks::all().size() > 1)
      end.message += text(", on MPI rank ", failure.rank, " of ", Ranks::all().size());
    return end;
  };
  try {
    const TrialEnd end = do_trial([&] {
      work();
      Ranks::all().finish();
    });
    if (end.status == Status::ok) return end;
    return end_of(Ranks::all().fail(static_cast<char>(end.status) + end.message));
  } catch (const RankFailure& failure) {
    return end_of(failure);
  }
}

}  // namespace

bool has_weights(const fs::path& dir) {
  try {
    load_checkpoint(weights_in(dir));
    return true;
  } catch (const Error&) {
    return false;
  }
}

TrialRecord run_trial(const TrialSpec& spec, const Registry& registry, const TrialPlace& place) {
  set_threads(place.threads);
  const FlushDenormals flush;
  ProgressFile progress(place.dir / "progress.json");
  TrialRecord record;
  note_settings(record, spec.settings);
  record.ranks = Ranks::all().size();
  const TrialEnd end = do_shared_trial([&] { run(spec, registry, place, progress, record); });
  record.status = end.status;
  record.message = end.message;
  record.peak_resident_bytes = peak_resident_bytes();
  sign(record, place.threads);  // now, at its end
  return record;
}

}  // namespace longhaul
