#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "harness/cli/command.h"
#include "harness/results/trial_files.h"
#include "harness/tables/results.h"
#include "support/exit_status.h"
#include "support/values.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> trial_folders(const fs::path& dir) {
  std::vector<fs::path> folders;
  if (fs::is_directory(dir / "trials"))
    for (const fs::directory_entry& entry : fs::directory_iterator(dir / "trials"))
      if (entry.is_directory()) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

void verify(const std::string& dir, CommandContext& context) {
  std::vector<std::string> lines = load_results(dir).problems;
  const auto add = [&](const std::string& line) {
    if (!contains(lines, line)) lines.push_back(line);
  };
  int64_t finished = 0, waiting = 0, without_sums = 0;
  // All folders: also of pretrainings, and of trials that the suite no longer asks for.
  for (const fs::path& folder : trial_folders(dir)) {
    std::string problem;
    const std::optional<TrialRecord> record = read_record(folder, &problem);
    ++(record ? finished : waiting);
    if (!problem.empty()) add(problem);
    if (!record) continue;
    without_sums += record->files.empty();
    for (const auto& [name, fault] : damaged_files(folder, *record)) add(fault);
  }
  for (const std::string& line : lines) fmt::print("{}\n", line);
  fmt::print("{} trials are finished, {} wait; {}\n", finished, waiting,
             lines.empty() ? "no file is damaged or missing"
                           : fmt::format("{} of the files are damaged or missing", lines.size()));
  if (without_sums > 0)
    fmt::print(
        "{} records are of a version without checksums: only damage that cannot be read is "
        "seen\n",
        without_sums);
  if (!lines.empty()) context.exit_status = kSomeFailed;
}

}  // namespace

void add_verify_command(Program& program, CommandContext& context) {
  const auto dir = std::make_shared<std::string>();
  Command command =
      program.add("verify", "Whether the files of a results folder are those that were written");
  command.add("DIR", *dir, "Results folder, such as results/runs/quick").required();
  command.footer(
      "A line for each file that is damaged or missing, and exit status 1 if there is one;\n"
      "`longhaul run` runs the trials of such files again.\n"
      "Example: longhaul verify results/runs/quick");
  command.run([dir, &context] { verify(*dir, context); });
}

}  // namespace longhaul
