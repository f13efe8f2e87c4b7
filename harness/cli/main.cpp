#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>
#include <system_error>

#include "core/builtins.h"
#include "harness/cli/command.h"
#include "harness/cli/environment.h"
#include "harness/results/machine.h"
#include "longhaul/error.h"
#include "math/instruction_set.h"
#include "support/exit_status.h"
#include "support/say.h"

namespace longhaul {

// Each stands in a file of its name.
void add_check_command(Program& program, CommandContext& context);
void add_claim_command(Program& program, CommandContext& context);
void add_compare_command(Program& program, CommandContext& context);
void add_completion_command(Program& program, CommandContext& context);
void add_data_command(Program& program, CommandContext& context);
void add_doctor_command(Program& program, CommandContext& context);
void add_eval_command(Program& program, CommandContext& context);
void add_export_command(Program& program, CommandContext& context);
void add_forward_command(Program& program, CommandContext& context);
void add_gradcheck_command(Program& program, CommandContext& context);
void add_list_command(Program& program, CommandContext& context);
void add_man_command(Program& program, CommandContext& context);
void add_merge_command(Program& program, CommandContext& context);
void add_new_command(Program& program, CommandContext& context);
void add_plan_command(Program& program, CommandContext& context);
void add_report_command(Program& program, CommandContext& context);
void add_run_command(Program& program, CommandContext& context);
void add_sample_command(Program& program, CommandContext& context);
void add_schema_command(Program& program, CommandContext& context);
void add_show_command(Program& program, CommandContext& context);
void add_status_command(Program& program, CommandContext& context);
void add_table_command(Program& program, CommandContext& context);
void add_throughput_command(Program& program, CommandContext& context);
void add_slurm_task_command(Program& program, CommandContext& context);
void add_trial_command(Program& program, CommandContext& context);
void add_verify_command(Program& program, CommandContext& context);

namespace {

// A command: what adds it, an example, and what the example does.
struct Row {
  void (*add)(Program&, CommandContext&);
  const char *example, *does;
};

// In the order that --help lists them.
constexpr Row kCommands[] = {
    {add_run_command, "run quick", "train a suite, print its table"},
    {add_plan_command, "plan quick", "what a suite will cost: time, memory, operations"},
    {add_throughput_command, "throughput throughput",
     "tokens/s and memory from length 256 to 16384"},
    {add_status_command, "status results/runs/quick --watch", "what is done, what runs, time left"},
    {add_table_command, "table results/runs/quick", "the table again"},
    {add_export_command, "export results/runs/quick", "the results as CSV files"},
    {add_report_command, "report results/runs/quick", "the results as one page, with pictures"},
    {add_compare_command, "compare results/runs/a results/runs/b", "cell by cell: what got worse?"},
    {add_merge_command, "merge host1/quick host2/quick -o quick", "two results folders as one"},
    {add_verify_command, "verify results/runs/quick", "are its files those that were written?"},
    {add_claim_command, "claim keynorm", "a published claim: confirmed or refuted?"},
    {add_list_command, "list models", "what can be trained"},
    {add_show_command, "show task listops", "its options, and what an example looks like"},
    {add_sample_command, "sample listops -n 3 --seed 7", "three examples"},
    {add_data_command, "data path_x -n 20000", "draw a task's examples once, for all trials"},
    {add_eval_command, "eval CHECKPOINT", "score a stored model again"},
    {add_forward_command, "forward CHECKPOINT --tokens IN.npy --out OUT.npy",
     "its logits on given tokens"},
    {add_new_command, "new model my_model", "a folder with a model of your own to fill in"},
    {add_schema_command, "schema suite", "a JSON Schema of suite files, for editors"},
    {add_check_command, "check lru", "does a model or task keep what it promises?"},
    {add_gradcheck_command, "gradcheck transformer", "gradients against finite differences"},
    {add_doctor_command, "doctor", "what this machine and this build can do"},
    {add_completion_command, "completion bash", "words of longhaul, completed by a shell"},
    {add_man_command, "man | man -l -", "this and all options as a manual page"},
    {add_trial_command, "trial SPEC.json --out DIR", "one trial, as run starts it"},
    {add_slurm_task_command, "slurm-task FOLDER",
     "one trial, as a job of run --engine slurm starts it"},
};

constexpr const char* kAbout =
    "longhaul trains and times sequence models on long-sequence tasks, the same budget for all.\n"
    "A suite file says which models, tasks and seeds; results go to results/runs/<suite>/.";

constexpr const char* kStatuses =
    "\nlonghaul COMMAND --help explains one command. Exit status: 0 done, 1 some trials failed,\n"
    "2 bad arguments or config, 3 the environment is at fault (disk full, out of memory),\n"
    "70 internal error (please report it), 130 interrupted.";

std::string footer() {
  constexpr std::size_t kWidth = 34;
  std::string text = "Examples:\n";
  for (const auto& [add, example, does] : kCommands) {
    text += fmt::format("  longhaul {:<{}}", example, kWidth);
    if (std::string_view(example).size() >= kWidth) text += fmt::format("\n{:<45}", "");
    text += does + std::string("\n");
  }
  return text + kStatuses;
}

int complain(const std::string& message, int status) {
  say("longhaul: {}\n", message);
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

  Program program(
      kAbout,
      "longhaul " + longhaul_version() + ", build " + longhaul_build() + ", " + instruction_set(),
      footer());
  for (const auto& [add, example, does] : kCommands) add(program, context);
  program.run(argc, argv);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) || !std::cout.flush())
    return complain("standard output cannot be written", kEnvironmentFault);
  return context.exit_status;
}

}  // namespace
}  // namespace longhaul

int main(int argc, char** argv) {
  using namespace longhaul;
  open_standard_streams();
  leave_out_library_settings(argv);
  std::signal(SIGXFSZ, SIG_IGN);  // `ulimit -f`: a write fails and says so, as on a full disk
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
