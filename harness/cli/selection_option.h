#pragma once

#include "harness/cli/command.h"
#include "harness/tables/selection.h"

namespace longhaul {

// Adds --models, --tasks and --columns, which fill in `selection`; it must outlive the command.
// `columns_help` says what a column is here.
void add_selection_options(Command& command, Selection& selection, const char* columns_help);

}  // namespace longhaul
