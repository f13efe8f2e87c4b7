#pragma once

#include <string>
#include <vector>

namespace longhaul {

// What the program's parser knows of a command, for manual pages and for shells that complete.

struct ArgumentInfo {
  std::vector<std::string> names;  // "--format", "-n"; of a positional one its name alone: "DIR"
  std::string help;
  std::vector<std::string> allowed;  // words that it may be; empty: any
  bool is_positional = false, takes_value = false;
};

struct CommandInfo {
  std::string name, about;
  std::string footer;  // an example, and notes
  std::vector<ArgumentInfo> arguments;
};

struct ProgramInfo {
  std::string about, footer;
  std::vector<CommandInfo> commands;
};

}  // namespace longhaul
