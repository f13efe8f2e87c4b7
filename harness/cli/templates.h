#pragma once

#include <map>
#include <string>

namespace longhaul {

// The files of harness/cli/templates by name, without ".in". `longhaul new` puts its own words in
// the place of {{name}} (my_model), {{Name}} (MyModel) and {{version}} (0.1).
const std::map<std::string, std::string>& templates();

}  // namespace longhaul
