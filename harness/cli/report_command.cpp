
#include <filesystem>
#include <iostream>
#include <memory>

#include "harness/claims/claim.h"
#include "harness/claims/claim_page.h"
#include "harness/claims/verdict.h"
#include "harness/cli/command.h"
#include "harness/cli/selection_option.h"
#include "harness/report/report.h"
#include "harness/suite/find_suite.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "support/say.h"

namespace longhaul {

namespace {

namespace fs = std::filesystem;

// Of a claim's folder: its own run, what it exported, or nothing of a claim that trains nothing.
Results results_of(const fs::path& dir) {
  const bool is_claim = fs::exists(dir / "verdict.json");
  if (is_claim && fs::exists(dir / "run" / "suite.yaml")) return load_results(dir / "run");
  if (is_claim && !fs::exists(dir / "results.csv")) return {};
  return load_results(dir);
}

// The verdict of a claim's folder, with its rule if that is still the one that was judged.
ReportHead head_of(const fs::path& dir, Registry& registry) {
  if (!fs::exists(dir / "verdict.json")) return {};
  const auto verdict = std::make_shared<Verdict>(read_whole_verdict(dir));
  std::shared_ptr<Claim> claim;
  const auto files = shipped_files("claims");
  if (const auto file = files.find(verdict->claim);
      file != files.end() && rule_hash(file->second) == verdict->rule_hash)
    claim = std::make_shared<Claim>(load_claim(file->second, registry));
  return {"longhaul: claim " + verdict->claim,
          [=](Page& page) { add_claim(page, *verdict, claim.get()); }};
}

}  // namespace

void add_report_command(Program& program, CommandContext& context) {
  struct Arguments {
    std::string dir, file;
    Selection selection;
  };
  auto arguments = std::make_shared<Arguments>();
  Command command =
      program.add("report", "Writes the results as one self-contained HTML page, with pictures");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command.add("-o,--out", arguments->file, "The file to write (default: DIR/report.html)");
  add_selection_options(command, arguments->selection, "Of its table: these columns alone");
  command.footer(
      "Of a claim's folder: its verdict, rule and numbers first.\n"
      "Needs gnuplot for the pictures (apt install gnuplot-nox).\n"
      "Example: longhaul report results/runs/quick -o /tmp/quick.html");
  command.run([arguments, &context] {
    Results results = results_of(arguments->dir);
    const ReportHead head = head_of(arguments->dir, context.registry);
    select(results, arguments->selection);
    for (const std::string& problem : results.problems) say("{}\n", problem);
    if (!results.problems.empty()) context.exit_status = 1;
    require(head.add || has_report(results), arguments->dir,
            ": nothing to report yet: no trial has finished");
    const std::filesystem::path file = arguments->file.empty()
                                           ? std::filesystem::path(arguments->dir) / "report.html"
                                           : std::filesystem::path(arguments->file);
    write_atomically(file, report_html(results, arguments->selection.columns, head));
    std::cout << file.string() << '\n';
  });
}

}  // namespace longhaul
