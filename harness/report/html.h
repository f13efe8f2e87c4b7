#pragma once

#include <string>

#include "harness/tables/table.h"

namespace longhaul {

// Text as it stands in an HTML page, between tags or in a quoted attribute.
std::string html_text(const std::string& text);

// A table element: means, intervals and marks of a column stand in line; the title is its caption,
// and the legend follows as a list.
std::string to_html(const Table& table);

}  // namespace longhaul
