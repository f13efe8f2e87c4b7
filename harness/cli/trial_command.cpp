#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "core/plugin_loader.h"
#include "harness/cli/command.h"
#include "harness/plan/calibration.h"
#include "harness/train/diagnostics.h"
#include "harness/train/resume.h"
#include "harness/train/stop_request.h"
#include "harness/train/trainer.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/process.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string spec;
  std::string out;
  bool calibrate = false;
  double memory = 0;
  TrialPlace place{.dir = "", .threads = 1, .checkpoint_seconds = 60};
};

TrialSpec read_spec(const Arguments& arguments, CommandContext& context) {
  TrialSpec spec = read_json_file(arguments.spec, trial_from_json);
  for (const std::string& name : spec.diagnostics) row_named("diagnostic", name, diagnostics());
  load_plugins(spec.plugins, context.registry);
  return spec;
}

void write_calibration(const TrialSpec& spec, const CommandContext& context,
                       const TrialPlace& place) {
  const Calibration found = calibrate(spec, context.registry, place.dir, place.threads);
  write_atomically(place.dir / "calibration.json", json_text(to_json(found)), Durable::no);
}

void trial(const Arguments& arguments, CommandContext& context) {
  const auto fault = [&](const std::exception& error) {
    report_machine_fault(error.what());
    say("{}\n", error.what());
    context.exit_status = kEnvironmentFault;
  };
  std::optional<StopRequests> stops;
  if (arguments.place.checkpoint_seconds > 0) stops.emplace();
  if (arguments.memory > 0) limit_memory(arguments.memory);
  TrialSpec spec;
  try {
    spec = read_spec(arguments, context);
  } catch (const Error& error) {  // `run` has written the one and loaded the other before
    report_machine_fault(error.what());
    throw;
  }
  try {
    TrialPlace place = arguments.place;
    place.dir = arguments.out;
    fs::create_directories(place.dir);
    if (arguments.calibrate) return write_calibration(spec, context, place);
    write_end(place.dir, run_trial(spec, context.registry, place));
  } catch (const StoredToResume& stopped) {
    say("{}\n", stopped.what());
    context.exit_status = kStoredToResume;
  } catch (const MachineFault& error) {  // a full disk meets every other trial too
    fault(error);
  } catch (const std::system_error& error) {
    fault(error);
  }
}

}  // namespace

void add_trial_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "trial", "One trial, as `longhaul run` starts it: trains, scores and writes record.json.");
  command.add("SPEC", arguments->spec, "The trial's spec.json").required();
  command.add("--out", arguments->out, "Folder for its record, curve and checkpoint").required();
  command.add("--threads", arguments->place.threads, "Threads to train on")
      .range(1, 1024)
      .show_default();
  command
      .add("--checkpoint-seconds", arguments->place.checkpoint_seconds,
           "Time between two files to resume from; 0: none. With them SIGTERM, SIGHUP and SIGUSR1 "
           "make it store what it reached and leave with status 75")
      .not_negative()
      .show_default();
  command
      .add("--memory", arguments->memory,
           "Bytes of its own that it may ask the system for; 0: as many as there are")
      .not_negative()
      .show_default();
  command.flag("--calibrate", arguments->calibrate,
               "Train some steps alone and write calibration.json, as `longhaul plan` starts it");
  command.footer("Example: longhaul trial spec.json --out /tmp/trial");
  command.run([arguments, &context] { trial(*arguments, context); });
}

}  // namespace longhaul
