#include "harness/run/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/say.h"

namespace longhaul {
namespace {

constexpr double kPlainLineEvery = 60;      // seconds
constexpr std::size_t kMostKept = 1 << 16;  // bytes that wait for a reader

double share_running(const SuiteProgress& progress) {
  return std::accumulate(progress.running.begin(), progress.running.end(), 0.0);
}

int terminal_width(std::FILE* stream) {
  winsize size{};
  const bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

std::optional<double> time_left(const SuiteProgress& progress) {
  const auto running = static_cast<int64_t>(progress.running.size());
  const int64_t waiting = progress.total - progress.kept - progress.finished - running;
  if (waiting + running == 0) return 0;
  const double done = static_cast<double>(progress.finished) + share_running(progress);
  if (done <= 0 || progress.busy_seconds <= 0) return std::nullopt;

  const double seconds_per_trial = progress.busy_seconds / done;
  const double open = static_cast<double>(waiting + running) - share_running(progress);
  double rounds = open / static_cast<double>(std::max<int64_t>(progress.jobs, 1));
  for (double share : progress.running) rounds = std::max(rounds, 1 - share);  // the last one alone
  return rounds * seconds_per_trial;
}

std::string duration_text(double seconds) {
  const auto s = static_cast<int64_t>(std::llround(std::max(seconds, 0.0)));
  const int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  if (s < minute) return fmt::format("{}s", s);
  if (s < hour) return fmt::format("{}m {:02}s", s / minute, s % minute);
  if (s < day) return fmt::format("{}h {:02}m", s / hour, s % hour / minute);
  return fmt::format("{}d {:02}h", s / day, s % day / hour);
}

std::string count_text(double count) {
  if (count < 999.5) return fmt::format("{:.0f}", count);
  if (count < 999.95e3) return fmt::format("{:.1f}k", count / 1e3);
  if (count < 999.95e6) return fmt::format("{:.1f}M", count / 1e6);
  return fmt::format("{:.1f}G", count / 1e9);
}

namespace {

std::string progress_text(const SuiteProgress& progress, bool with_speed) {
  std::string line = fmt::format("{}/{}", progress.kept + progress.finished, progress.total);
  if (progress.failed > 0) line += fmt::format(", {} failed", progress.failed);
  const std::optional<double> left = time_left(progress);
  line += left ? fmt::format(" | {} left", duration_text(*left)) : " | time left unknown";
  if (with_speed && progress.tokens_per_second > 0)
    line += fmt::format(" | {} tokens/s", count_text(progress.tokens_per_second));
  if (!progress.last.empty()) line += " | " + progress.last;
  return line;
}

}  // namespace

std::string progress_text(const SuiteProgress& progress) { return progress_text(progress, true); }

// Where it does not fit, the speed goes before the name of the trial at its end does.
std::string progress_bar(const SuiteProgress& progress, int width) {
  constexpr int kLeastBar = 8 + 3;
  const std::string whole = progress_text(progress, true);
  const bool fits = static_cast<int>(whole.size()) + kLeastBar <= width;
  const std::string text = fits ? whole : progress_text(progress, false);
  const int cells = std::clamp(width - static_cast<int>(text.size()) - 3, 8, 30);
  const double done =
      static_cast<double>(progress.kept + progress.finished) + share_running(progress);
  const double share = progress.total > 0 ? done / static_cast<double>(progress.total) : 1;
  const int full = std::clamp(static_cast<int>(share * cells), 0, cells);
  const std::string line =
      '[' + std::string(full, '#') + std::string(cells - full, '.') + "] " + text;
  return line.substr(0, static_cast<std::size_t>(std::max(width, 0)));
}

ProgressDisplay::ProgressDisplay(std::FILE* stream)
    : stream_(stream), terminal_(isatty(fileno(stream)) != 0) {}

// A pipe that nobody reads must not stop the suite: what it has no room for is kept for the next
// time, and left out where that becomes too much.
void ProgressDisplay::write(const std::string& text) {
  if (kept_.size() < kMostKept) kept_ += text;
  kept_.erase(0, write_what_fits(fileno(stream_), kept_, 0));
}

void ProgressDisplay::clear() {
  if (drawn_) write("\r\033[K");
  drawn_ = false;
}

void ProgressDisplay::update(const SuiteProgress& progress) {
  if (terminal_) {
    // One column stays free: some terminals wrap as soon as the last one is written.
    write('\r' + progress_bar(progress, terminal_width(stream_) - 1) + "\033[K");
    drawn_ = true;
    return;
  }
  if (since_last_line_.seconds() < kPlainLineEvery) return;
  since_last_line_.restart();
  write(progress_text(progress) + '\n');
}

void ProgressDisplay::trial_finished(const SuiteProgress& progress, bool failed) {
  if (terminal_ && !failed) return;  // the bar tells
  clear();
  write(
      fmt::format("{}/{} {}\n", progress.kept + progress.finished, progress.total, progress.last));
  since_last_line_.restart();
}

}  // namespace longhaul
