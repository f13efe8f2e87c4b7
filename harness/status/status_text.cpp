#include "harness/status/status_text.h"

#include <fmt/format.h>

#include <functional>
#include <sstream>

#include "harness/run/progress.h"
#include "harness/status/sparkline.h"
#include "support/text_table.h"

namespace longhaul {
namespace {

constexpr std::size_t kMostFailures = 20;    // that are shown
constexpr std::size_t kLongestReason = 400;  // bytes
constexpr std::size_t kSparkline = 60;       // columns

using Parts = std::vector<std::string>;

// The parts in lines of at most `width` columns; none is cut.
std::string filled(const Parts& parts, const std::string& between, int width,
                   const std::string& indent) {
  std::string text, line;
  for (const std::string& part : parts) {
    const std::string longer = line.empty() ? indent + part : line + between + part;
    if (line.empty() || display_width(longer) <= width) {
      line = longer;
      continue;
    }
    text += line + '\n';
    line = indent + part;
  }
  return line.empty() ? text : text + line + '\n';
}

Parts words_of(const std::string& text) {
  std::istringstream in(text.size() > kLongestReason ? text.substr(0, kLongestReason) + "..."
                                                     : text);
  Parts words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string headline(const SuiteStatus& suite) {
  Parts statuses;
  for (const auto& [status, count] : suite.statuses)
    if (status != "ok") statuses.push_back(fmt::format("{} {}", count, status));
  std::string text = fmt::format("{} of {} trials done", suite.done, suite.total);
  if (!statuses.empty()) text += fmt::format(" ({})", fmt::join(statuses, ", "));
  Parts parts = {text};
  const auto add = [&](int64_t count, const char* what) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, what));
  };
  add(suite.running, "running");
  add(suite.stopped, "stopped");
  add(suite.waiting, "waiting");
  if (suite.running > 0)
    parts.push_back(suite.seconds_left ? duration_text(*suite.seconds_left) + " left"
                                       : "time left unknown");
  return parts.size() == 1 ? text : fmt::format("{}", fmt::join(parts, " | "));
}

// "on vm 2s ago": who spoke of the trial last, and when.
std::string heard_text(const TrialStatus& trial) {
  return fmt::format("on {} {} ago", trial.host.value_or("?"),
                     duration_text(trial.heard_seconds_ago.value_or(0)));
}

std::string running_text(const TrialStatus& trial, int width) {
  Parts parts;
  if (trial.step) parts.push_back(fmt::format("step {}", *trial.step));
  if (trial.fraction) parts.push_back(fmt::format("{:.0f}%", 100 * *trial.fraction));
  if (trial.loss) parts.push_back(fmt::format("loss {:.3f}", *trial.loss));
  if (trial.accuracy) parts.push_back(fmt::format("{} {:.3f}", trial.metric, *trial.accuracy));
  if (trial.tokens_per_second) parts.push_back(count_text(*trial.tokens_per_second) + " tokens/s");
  if (trial.resident_bytes) parts.push_back(fmt::format("{} MiB", *trial.resident_bytes >> 20));
  parts.push_back(heard_text(trial));
  std::string text = "  " + trial.label + '\n' + filled(parts, ", ", width, "    ");
  if (!trial.losses.empty()) text += "    loss " + sparkline(trial.losses, kSparkline) + '\n';
  return text;
}

std::string stopped_text(const TrialStatus& trial, int width) {
  return "  " + trial.label + '\n' +
         filled({fmt::format("stopped at step {}", trial.step.value_or(0)), heard_text(trial)},
                ", ", width, "    ");
}

std::string failed_text(const TrialStatus& trial, int width) {
  std::string how = *trial.status;
  if (trial.step.value_or(0) > 0) how += fmt::format(" at step {}", *trial.step);
  const std::string why = trial.message ? how + ": " + *trial.message : how;
  return "  " + trial.label + '\n' + filled(words_of(why), " ", width, "    ") + "    " +
         trial.folder + "/log.txt\n";
}

using Describe = std::string (*)(const TrialStatus&, int width);

// The trials that are so, under a title; none: nothing.
std::string section(const SuiteStatus& suite, const char* title, int width, std::size_t most,
                    const std::function<bool(const TrialStatus&)>& is_so, Describe describe) {
  std::string text;
  std::size_t count = 0;
  for (const TrialStatus& trial : suite.trials)
    if (is_so(trial) && ++count <= most) text += describe(trial, width);
  if (count > most) text += fmt::format("  ... and {} more: --json has all\n", count - most);
  return text.empty() ? text : fmt::format("\n{}\n{}", title, text);
}

}  // namespace

std::string to_text(const SuiteStatus& suite, int width) {
  const auto in = [](TrialState state) {
    return [state](const TrialStatus& trial) { return trial.state == state; };
  };
  const auto without_score = [](const TrialStatus& trial) {
    return trial.status && *trial.status != "ok";
  };
  const std::string name = suite.suite.empty() ? suite.folder : suite.suite;
  std::string text = filled({name + ":", headline(suite)}, " ", width, "");
  text +=
      section(suite, "running", width, suite.trials.size(), in(TrialState::running), running_text);
  text += section(suite, "stopped: `longhaul run` goes on with them", width, kMostFailures,
                  in(TrialState::stopped), stopped_text);
  text += section(suite, "ended without a score", width, kMostFailures, without_score, failed_text);
  if (!suite.problems.empty()) text += "\ndamaged\n";
  for (const std::string& problem : suite.problems)
    text += filled(words_of(problem), " ", width, "  ");
  return text;
}

}  // namespace longhaul
