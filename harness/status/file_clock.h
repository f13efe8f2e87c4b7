#pragma once

#include <filesystem>
#include <optional>

namespace longhaul {

// Now, by the clock that gives the files of a folder their times. On a shared disk that is the file
// server's, which may differ from this host's. It is read off a file that is made in the folder and
// removed at once; where none can be made, this host's clock is taken.
class FileClock {
 public:
  explicit FileClock(const std::filesystem::path& folder);

  // Not negative; absent for a file that is not there.
  std::optional<double> seconds_since_change(const std::filesystem::path& file) const;

 private:
  double now_;  // seconds since 1970
};

}  // namespace longhaul
