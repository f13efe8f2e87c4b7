#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "harness/cli/command.h"
#include "harness/status/status.h"
#include "harness/status/status_text.h"
#include "support/clock.h"
#include "support/json.h"

namespace longhaul {
namespace {

constexpr double kRedrawEvery = 1;  // seconds
constexpr int kPlainWidth = 80;

struct StatusArguments {
  std::string dir;
  bool watch = false;
  bool json = false;
};

struct Screen {
  bool is_terminal = false;
  int columns = kPlainWidth;
  int lines = 0;  // 0: any number
};

Screen screen() {
  Screen screen{.is_terminal = isatty(STDOUT_FILENO) != 0};
  winsize size{};
  if (!screen.is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return screen;
  if (size.ws_col > 0) screen.columns = size.ws_col;
  screen.lines = size.ws_row;
  return screen;
}

std::string text_of(const SuiteStatus& status, const StatusArguments& arguments, int width) {
  return arguments.json ? json_text(to_json(status), arguments.watch ? -1 : 2)
                        : to_text(status, width);
}

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

// As much of the text as the screen has lines, drawn over what stood there.
std::string redrawn(const std::string& text, int lines) {
  std::string drawing = "\033[H";
  int line = 1;
  for (const char each : text) {
    if (each == '\n') {
      if (++line >= lines && lines > 0) return drawing + "\033[K\n...\033[J";
      drawing += "\033[K";
    }
    drawing += each;
  }
  return drawing + "\033[J";
}

// Until the suite has ended, or nobody reads any more. Ctrl-C ends the program as ever.
void watch(const StatusArguments& arguments) {
  for (bool first = true;; first = false) {
    const Stopwatch cost;
    const SuiteStatus status = read_status(arguments.dir);
    const Screen shown = screen();
    std::string text = text_of(status, arguments, shown.columns);
    if (shown.is_terminal && !arguments.json)
      text = (first ? "\033[2J" : "") + redrawn(text, shown.lines);
    else if (!first && !arguments.json)
      text = '\n' + text;
    if (!print(text) || status.ended) return;
    // A large folder on a shared disk is read less often.
    const double pause = std::max(kRedrawEvery, 4 * cost.seconds());
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  }
}

}  // namespace

void add_status_command(Program& program, CommandContext&) {
  const auto arguments = std::make_shared<StatusArguments>();
  Command command = program.add(
      "status", "How far a results folder is: done, running, waiting, failed, time left");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command.flag("--watch", arguments->watch,
               "Show it again every second until the suite has ended, or Ctrl-C");
  command.flag("--json", arguments->json,
               "One JSON object with every trial; with --watch one a line");
  command.footer(
      "It reads the folder alone, so that it works while `longhaul run` is at work, and from\n"
      "another host that has the folder. A trial counts as running if it was heard of within\n"
      "the last minute.\n"
      "Example: longhaul status results/runs/quick --watch");
  command.run([arguments] {
    if (arguments->watch) return watch(*arguments);
    print(text_of(read_status(arguments->dir), *arguments, screen().columns));
  });
}

}  // namespace longhaul
