#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/plugin_loader.h"
#include "harness/cli/command.h"
#include "harness/results/store.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string spec;
  std::string out;
  int threads = 1;
};

TrialSpec read_spec(const std::string& file) {
  std::ifstream in(file);
  require(in.good(), file, ": cannot be read");
  try {
    return trial_from_json(nlohmann::json::parse(in));
  } catch (const nlohmann::json::exception& error) {
    throw Error(text(file, ": ", error.what()));
  }
}

void trial(const Arguments& arguments, CommandContext& context) {
  const TrialSpec spec = read_spec(arguments.spec);
  load_plugins(spec.plugins, context.registry);
  try {
    fs::create_directories(arguments.out);
    write_record(arguments.out,
                 run_trial(spec, context.registry, arguments.out, arguments.threads));
  } catch (const std::system_error& error) {  // a full disk meets every other trial too
    fmt::print(stderr, "{}\n", error.what());
    context.exit_status = 3;
  }
}

}  // namespace

void add_trial_command(CLI::App& app, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "trial", "One trial, as `longhaul run` starts it: trains, scores and writes record.json.");
  command->add_option("SPEC", arguments->spec, "The trial's spec.json")->required();
  command->add_option("--out", arguments->out, "Folder for its record, curve and checkpoint")
      ->required();
  command->add_option("--threads", arguments->threads, "Threads to train on")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->footer("Example: longhaul trial spec.json --out /tmp/trial");
  command->callback([arguments, &context] { trial(*arguments, context); });
}

}  // namespace longhaul
