#pragma once

#include <string>

namespace longhaul {

// What gnuplot prints when it runs `script`. Throws std::system_error, saying what to install,
// where it is missing, and with its complaint where it fails.
std::string run_gnuplot(const std::string& script);

}  // namespace longhaul
