#pragma once

#include <string>
#include <vector>

#include "support/text_table.h"

namespace longhaul {

// A table for documents and for programs. support/text_table.h has it for a terminal.
std::string to_markdown(const Table& table);

// Without title and legend. Beside the column of a task stand NAME_half_width, NAME_at_baseline and
// NAME_note, which says what is no number ("diverged", "1 of 3 waiting").
std::string to_csv(const Table& table);

// A list of tables: [{"title", "columns", "rows": [{"name", "kind", "cells": {...}}], "legend"}].
std::string to_json(const std::vector<Table>& tables);
// The rows of all tables, an object a line, with the title of their table.
std::string to_jsonl(const std::vector<Table>& tables);

// Needs booktabs. The best of each column is bold; `label` may be empty.
std::string to_latex(const Table& table, const std::string& label = "");

}  // namespace longhaul
