#include <cstdio>
#include <new>
#include <system_error>

#include "core/builtins.h"
#include "harness/cli/command.h"
#include "harness/cli/complaint.h"
#include "harness/cli/environment.h"
#include "harness/results/machine.h"
#include "longhaul/error.h"
#include "support/exit_status.h"

namespace longhaul {
namespace {

// In the order that --help lists them.
constexpr void (*kCommands[])(CLI::App&, CommandContext&) = {
    add_run_command,    add_throughput_command, add_table_command,     add_export_command,
    add_report_command, add_claim_command,      add_list_command,      add_show_command,
    add_sample_command, add_data_command,       add_eval_command,      add_forward_command,
    add_new_command,    add_check_command,      add_gradcheck_command, add_doctor_command,
    add_trial_command,
};

constexpr const char* kAbout =
    "longhaul trains and times sequence models on long-sequence tasks, the same budget for all.\n"
    "A suite file says which models, tasks and seeds; results go to results/runs/<suite>/.";

constexpr const char* kExamples =
    "Examples:\n"
    "  longhaul run quick                         train a suite, print its table\n"
    "  longhaul throughput throughput             tokens/s and memory from length 256 to 16384\n"
    "  longhaul table results/runs/quick          the table again\n"
    "  longhaul export results/runs/quick         the results as CSV files\n"
    "  longhaul report results/runs/quick         the results as one page, with pictures\n"
    "  longhaul claim keynorm                     a published claim: confirmed or refuted?\n"
    "  longhaul list models                       what can be trained\n"
    "  longhaul show task listops                 its options, and what an example looks like\n"
    "  longhaul sample listops -n 3 --seed 7      three examples\n"
    "  longhaul data path_x -n 20000              draw a task's examples once, for all trials\n"
    "  longhaul eval CHECKPOINT                   score a stored model again\n"
    "  longhaul forward CHECKPOINT --tokens IN.npy --out OUT.npy\n"
    "                                             its logits on given tokens\n"
    "  longhaul new model my_model                a folder with a model of your own to fill in\n"
    "  longhaul check lru                         does a model or task keep what it promises?\n"
    "  longhaul gradcheck transformer             gradients against finite differences\n"
    "  longhaul doctor                            what this machine and this build can do\n"
    "  longhaul trial SPEC.json --out DIR         one trial, as run starts it\n"
    "\n"
    "longhaul COMMAND --help explains one command. Exit status: 0 done, 1 some trials failed,\n"
    "2 bad arguments or config, 3 the environment is at fault (disk full, out of memory),\n"
    "70 internal error (please report it), 130 interrupted.";

int complain(const std::string& message, int status) {
  std::fprintf(stderr, "longhaul: %s\n", message.c_str());
  return status;
}

int internal_error(const char* what) {
  return complain(text("internal error: ", what,
                       "\nThis is a bug of longhaul, or of a plugin that it has loaded. Please "
                       "report it together with the command line."),
                  kInternalError);
}

int run(int argc, char** argv) {
  Registry registry;
  register_builtins(registry);
  CommandContext context{registry};

  CLI::App app{kAbout, "longhaul"};
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "longhaul " + longhaul_version());
  app.get_formatter()->column_width(28);
  app.footer(kExamples);
  for (const auto add_command : kCommands) add_command(app, context);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help and --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return complain(complaint(app, error), kBadArguments);
  }
  if (app.get_subcommands().empty()) std::fputs(app.help().c_str(), stdout);
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    return complain("standard output cannot be written", kEnvironmentFault);
  return context.exit_status;
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  using namespace longhaul;
  leave_out_library_settings(argv);
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return complain(error.what(), kBadArguments);
  } catch (const std::bad_alloc&) {
    return complain("out of memory", kEnvironmentFault);
  } catch (const std::system_error& error) {
    return complain(error.what(), kEnvironmentFault);
  } catch (const std::exception& error) {
    return internal_error(error.what());
  } catch (...) {  // a plugin may throw what it likes
    return internal_error("an exception that is no std::exception");
  }
}
