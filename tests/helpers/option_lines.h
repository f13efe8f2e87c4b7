#pragma once

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "longhaul/options.h"

namespace longhaul {

// The lines "option: default  # meaning" of a file of configs/, comments aside.
inline std::vector<std::string> option_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#')
      lines.push_back(std::regex_replace(line, std::regex(" +#"), "  #"));
  return lines;
}

// What they should be.
inline std::vector<std::string> option_lines(const std::vector<OptionInfo>& declared) {
  std::vector<std::string> lines;
  for (const OptionInfo& info : declared) {
    const std::string standard = to_text(info.default_value);
    lines.push_back(info.name + ": " + (standard.empty() ? "\"\"" : standard) + "  # " +
                    info.description);
  }
  return lines;
}

}  // namespace longhaul
