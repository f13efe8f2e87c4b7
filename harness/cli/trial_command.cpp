#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/plugin_loader.h"
#include "harness/cli/command.h"
#include "harness/results/store.h"
#include "harness/train/diagnostics.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/process.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string spec;
  std::string out;
  int threads = 1;
};

TrialSpec read_spec(const Arguments& arguments, CommandContext& context) {
  TrialSpec spec = read_json_file(arguments.spec, trial_from_json);
  for (const std::string& name : spec.diagnostics) row_named("diagnostic", name, diagnostics());
  load_plugins(spec.plugins, context.registry);
  return spec;
}

void trial(const Arguments& arguments, CommandContext& context) {
  const auto fault = [&](const std::exception& error) {
    report_machine_fault(error.what());
    fmt::print(stderr, "{}\n", error.what());
    context.exit_status = kEnvironmentFault;
  };
  TrialSpec spec;
  try {
    spec = read_spec(arguments, context);
  } catch (const Error& error) {  // `run` has written the one and loaded the other before
    report_machine_fault(error.what());
    throw;
  }
  try {
    fs::create_directories(arguments.out);
    write_record(arguments.out,
                 run_trial(spec, context.registry, arguments.out, arguments.threads));
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
  command.add("--threads", arguments->threads, "Threads to train on").range(1, 1024).show_default();
  command.footer("Example: longhaul trial spec.json --out /tmp/trial");
  command.run([arguments, &context] { trial(*arguments, context); });
}

}  // namespace longhaul
