#include "harness/suite/find_suite.h"

#include <system_error>

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

namespace fs = std::filesystem;

std::vector<fs::path> suite_folders() {
  std::vector<fs::path> folders = {fs::path("configs") / "suites"};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error)
    folders.push_back(program.parent_path().parent_path() / "share/longhaul/configs/suites");
  std::erase_if(folders, [&](const fs::path& folder) { return !fs::is_directory(folder, error); });
  return folders;
}

fs::path find_suite(const std::string& name) {
  if (fs::is_regular_file(name)) return name;
  std::vector<std::string> known;
  for (const fs::path& folder : suite_folders()) {
    const fs::path file = folder / (name + ".yaml");
    if (fs::is_regular_file(file)) return file;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".yaml") known.push_back(entry.path().stem());
  }
  throw Error(text("no suite '", name, "': neither a file nor a name under configs/suites",
                   did_you_mean(name, known)));
}

fs::path results_folder(const std::string& suite, const std::string& asked) {
  return asked.empty() ? fs::path("results") / "runs" / suite : fs::path(asked);
}

}  // namespace longhaul
