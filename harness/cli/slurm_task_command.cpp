#include <memory>

#include "harness/cli/command.h"
#include "harness/run/slurm_task.h"

namespace longhaul {

void add_slurm_task_command(Program& program, CommandContext& context) {
  const auto folder = std::make_shared<std::string>();
  Command command = program.add(
      "slurm-task", "One task of a job that `longhaul run --engine slurm` submits; on its node.");
  command.add("FOLDER", *folder, "Of the job: OUT/slurm/<name>").required();
  command.footer("Example: longhaul run quick --engine slurm --out /shared/quick");
  command.run([folder, &context] { context.exit_status = run_slurm_task(*folder); });
}

}  // namespace longhaul
