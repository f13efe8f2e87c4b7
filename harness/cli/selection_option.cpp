#include "harness/cli/selection_option.h"

namespace longhaul {

void add_selection_options(Command& command, Selection& selection, const char* columns_help) {
  command.add("--models", selection.models, "These models alone; ranks and p are among them")
      .by_commas();
  command.add("--tasks", selection.tasks, "These tasks alone").by_commas();
  command.add("--columns", selection.columns, columns_help).by_commas();
}

}  // namespace longhaul
