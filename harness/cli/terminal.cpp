#include "harness/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace longhaul {

TextStyle output_style() {
  constexpr int64_t kWidth = 80;
  if (!isatty(STDOUT_FILENO)) return {.width = kWidth};
  winsize size{};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {.width = is_known ? size.ws_col : kWidth, .has_colour = !std::getenv("NO_COLOR")};
}

}  // namespace longhaul
