#pragma once

#include <CLI/CLI.hpp>

namespace longhaul {

class Registry;

// What every command shares: the names it may use, and the exit status it leaves
// (0 done, 1 some trials failed, 2 bad arguments or config, 3 environment fault).
struct CommandContext {
  Registry& registry;
  int exit_status = 0;
};

// One file a command: each adds its subcommand, options and callback. Errors are thrown as
// longhaul::Error and printed once by main.
void add_check_command(CLI::App& app, CommandContext& context);
void add_claim_command(CLI::App& app, CommandContext& context);
void add_data_command(CLI::App& app, CommandContext& context);
void add_doctor_command(CLI::App& app, CommandContext& context);
void add_eval_command(CLI::App& app, CommandContext& context);
void add_export_command(CLI::App& app, CommandContext& context);
void add_forward_command(CLI::App& app, CommandContext& context);
void add_gradcheck_command(CLI::App& app, CommandContext& context);
void add_list_command(CLI::App& app, CommandContext& context);
void add_new_command(CLI::App& app, CommandContext& context);
void add_report_command(CLI::App& app, CommandContext& context);
void add_run_command(CLI::App& app, CommandContext& context);
void add_sample_command(CLI::App& app, CommandContext& context);
void add_schema_command(CLI::App& app, CommandContext& context);
void add_show_command(CLI::App& app, CommandContext& context);
void add_table_command(CLI::App& app, CommandContext& context);
void add_throughput_command(CLI::App& app, CommandContext& context);
void add_trial_command(CLI::App& app, CommandContext& context);

}  // namespace longhaul
