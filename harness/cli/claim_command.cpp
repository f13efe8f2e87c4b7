#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/claims/claim.h"
#include "harness/claims/explain.h"
#include "harness/claims/run_claim.h"
#include "harness/claims/verdict_text.h"
#include "harness/cli/command.h"
#include "harness/cli/plugin_option.h"
#include "harness/suite/find_suite.h"
#include "longhaul/error.h"
#include "support/exit_status.h"
#include "support/say.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string name;
  std::string out;
  std::vector<std::string> overrides;
  bool explains = false;
  RunOptions options;
};

fs::path folder_of(const Claim& claim, const Arguments& arguments) {
  return (arguments.out.empty() ? fs::path("results") / "claims" : fs::path(arguments.out)) /
         claim.name;
}

std::vector<Claim> load_claims(const Arguments& arguments, Registry& registry) {
  if (arguments.name != "all")
    return {load_claim(find_shipped("claim", arguments.name), registry, arguments.overrides)};
  require(arguments.overrides.empty(), "claim all: --set goes with one claim");
  std::vector<Claim> claims;
  std::string problems;
  for (const auto& [name, file] : shipped_files("claims")) try {
      claims.push_back(load_claim(file, registry));
    } catch (const Error& error) {
      problems += text(problems.empty() ? "" : "\n", error.what());
    }
  require(problems.empty(), problems);
  return claims;
}

// What keeps a claim from its verdict, and how to go on.
void report(const ClaimOutcome& outcome, const Claim& claim, CommandContext& context) {
  for (const auto* lines : {&outcome.run.damaged, &outcome.run.failures, &outcome.run.killed})
    for (const std::string& line : *lines) say("{}\n", line);
  if (!outcome.run.fault.empty())
    say("{}: stopped: {}\n", claim.name, outcome.run.fault);
  else if (outcome.run.interrupted)
    say("{}: interrupted; the same command goes on with it\n", claim.name);
  else if (!outcome.run.killed.empty())
    say("{}: no verdict, trials were killed; the same command does them\n", claim.name);
  context.exit_status = std::max(context.exit_status, exit_status(outcome.run));
}

// Of the stored verdict; nothing runs.
void explain_one(const Claim& claim, const Arguments& arguments) {
  const fs::path dir = folder_of(claim, arguments);
  require(fs::exists(dir / "verdict.json"), dir.string(), ": holds no verdict yet; longhaul claim ",
          claim.name, " finds one");
  fmt::print("{}", explain(claim, read_whole_verdict(dir)));
}

// Whether the claim's rule, as it is now, has been judged.
bool has_verdict(const Claim& claim, const fs::path& dir) {
  const std::optional<VerdictSummary> verdict = read_verdict(dir);
  return verdict && verdict->rule_hash == claim.rule_hash;
}

void judge_one(const Claim& claim, const Arguments& arguments, CommandContext& context) {
  require(arguments.overrides.empty() || !arguments.out.empty(),
          "claim: --set needs --out DIR, so that a changed claim does not pass for the stored one");
  ProgressDisplay display(stderr);
  const ClaimOutcome outcome =
      run_claim(claim, context.registry, folder_of(claim, arguments), arguments.options, display);
  display.clear();
  report(outcome, claim, context);
  if (outcome.is_done) fmt::print("{}", verdict_text(outcome.verdict));
}

void judge_all(const std::vector<Claim>& claims, const Arguments& arguments,
               CommandContext& context) {
  ProgressDisplay display(stderr);
  std::vector<VerdictSummary> verdicts;
  for (const Claim& claim : claims) try {
      const fs::path dir = folder_of(claim, arguments);
      if (!has_verdict(claim, dir)) {
        say("{}\n", claim.name);
        const ClaimOutcome outcome =
            run_claim(claim, context.registry, dir, arguments.options, display);
        display.clear();
        report(outcome, claim, context);
        if (!outcome.is_done) break;
      }
      verdicts.push_back(*read_verdict(dir));
    } catch (const Error& error) {  // of one claim, such as a damaged verdict
      say("{}: left out: {}\n", claim.name, error.what());
      context.exit_status = std::max(context.exit_status, kSomeFailed);
    }
  fmt::print("{}", verdict_table(verdicts));
}

}  // namespace

void add_claim_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add("claim",
                                "Tests a published claim by its rule: CONFIRMED, REFUTED or\n"
                                "INCONCLUSIVE, with the numbers");
  command
      .add("NAME", arguments->name,
           "A claim that ships, a claim file, or all: those without a verdict run, then\n"
           "the table of verdicts is printed")
      .required();
  command.add("--out", arguments->out, "Folder of the claims' folders [results/claims]");
  command.add("--jobs", arguments->options.jobs, "Trials at once [cores / threads]").range(1, 1024);
  command.add("--threads", arguments->options.threads, "Threads of each trial")
      .range(1, 1024)
      .show_default();
  command
      .add("--set", arguments->overrides, "PATH=VALUE: override an entry of the claim; needs --out")
      .one_value_each();
  command.flag("--explain", arguments->explains,
               "Of a stored verdict: how far each number is from its bound, and what would\n"
               "change the answer; nothing runs");
  add_plugin_option(command, context);
  command.footer(
      "Example: longhaul claim keynorm --set suite.budget.steps=20 --out /tmp/claims\n"
      "Writes verdict.txt, verdict.json, numbers.csv and the results behind them to\n"
      "results/claims/NAME. How a claim is written: docs/claims/writing.md.");
  command.run([arguments, &context] {
    require(!arguments->explains || arguments->name != "all",
            "claim all: --explain goes with one claim");
    const std::vector<Claim> claims = load_claims(*arguments, context.registry);
    if (arguments->explains)
      explain_one(claims.front(), *arguments);
    else if (arguments->name == "all")
      judge_all(claims, *arguments, context);
    else
      judge_one(claims.front(), *arguments, context);
  });
}

}  // namespace longhaul
