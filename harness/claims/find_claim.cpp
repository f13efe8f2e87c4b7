#include "harness/claims/find_claim.h"

#include <map>
#include <system_error>

#include "harness/suite/find_suite.h"
#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

namespace fs = std::filesystem;

std::vector<fs::path> claim_files() {
  // A claim of the current directory hides an installed one.
  std::map<std::string, fs::path> by_name;
  for (const fs::path& suites : suite_folders()) {
    const fs::path folder = suites.parent_path() / "claims";
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".yaml") by_name.emplace(entry.path().stem(), entry.path());
  }
  std::vector<fs::path> files;
  for (const auto& [name, file] : by_name) files.push_back(file);
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
