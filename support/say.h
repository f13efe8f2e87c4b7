#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longhaul {

// Writes to standard error. A pipe that nobody reads keeps nobody waiting: after a second without
// room the rest of the text is left out, and so is what comes later, until there is room again.
void say_text(std::string_view text);

template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say_text(fmt::format(format, std::forward<Args>(args)...));
}

// Writes as much of the text as there is room for within `patience` milliseconds for each part,
// and returns how many bytes that was.
std::size_t write_what_fits(int descriptor, std::string_view text, int patience);

// A command that a person can copy into a shell: words with other than plain characters are quoted.
std::string shell_command(const std::vector<std::string>& words);

}  // namespace longhaul
