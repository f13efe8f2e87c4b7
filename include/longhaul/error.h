#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace longhaul {

// Whatever a user can cause: a bad option, file, shape or plugin. The message says who complains,
// what was given and what is allowed. A bug of our own is a std::logic_error or an `assert`
// instead.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;  // out of line: one typeinfo for the program and all plugins
};

// Joins the parts as `operator<<` prints them: text("heads ", 3, " do not divide ", 64).
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Throws Error(text(parts...)) unless `ok`. The message is built only on failure.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) throw Error(text(parts...));
}

}  // namespace longhaul
