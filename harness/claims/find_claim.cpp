#include "harness/claims/find_claim.h"

#include "harness/suite/find_suite.h"
#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

namespace fs = std::filesystem;

std::vector<fs::path> claim_files() {
  std::vector<fs::path> files;
  for (const auto& [name, file] : shipped_files("claims")) files.push_back(file);
  return files;
}

fs::path find_claim(const std::string& name) {
  if (fs::is_regular_file(name)) return name;
  std::vector<std::string> known;
  for (const fs::path& file : claim_files()) {
    if (file.stem() == name) return file;
    known.push_back(file.stem());
  }
  throw Error(text("no claim '", name, "': neither a file nor a name under configs/claims",
                   did_you_mean(name, known)));
}

}  // namespace longhaul
