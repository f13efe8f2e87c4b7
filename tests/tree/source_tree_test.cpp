// The rules of the house that no compiler checks.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = LONGHAUL_SOURCE_DIR;

// The rooms of the house, lowest first. A room may include rooms that stand before it, and itself.
const std::vector<std::string> kRooms = {"include",         "support",        "math",
                                         "parts",           "core",           "harness/settings",
                                         "harness/results", "harness/data",   "harness/model",
                                         "harness/train",   "harness/check",  "harness/throughput",
                                         "harness/tables",  "harness/report", "harness/suite",
                                         "harness/run",     "harness/status", "harness/plan",
                                         "harness/claims",  "harness/cli",    "python"};
// Plugins: they know the public headers, and what a family of tasks keeps beside itself.
const std::vector<std::string> kPlugins = {"models", "tasks"};

// Sources without a header of their own: entries of a table that one header lists.
struct Table {
  const char* sources;  // a regular expression
  const char* header;
};
constexpr Table kTables[] = {
    {"harness/claims/measurements/.*", "harness/claims/measurement.h"},
    {"harness/cli/(.*_command|main)", "harness/cli/command.h"},
    {"harness/report/report_.*", "harness/report/report_sections.h"},
    {"math/(attention|ops|scans)/.*", "longhaul/ops.h"},
};

// docs/architecture.md says why these are larger than others.
const std::vector<std::string> kLargeRooms = {"math", "harness/cli"};
constexpr std::size_t kFewestSources = 3, kMostSources = 23;

using Strings = std::vector<std::string>;

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> sources_below(const std::string& folder) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".h" || extension == ".cpp")
      found.push_back(fs::relative(entry.path(), kRoot));
  }
  std::sort(found.begin(), found.end());
  return found;
}

Strings includes_of(const fs::path& file) {
  static const std::regex quoted("^\\s*#include \"([^\"]+)\"");
  Strings found;
  std::istringstream in(read(kRoot / file));
  std::smatch match;
  for (std::string line; std::getline(in, line);)
    if (std::regex_search(line, match, quoted)) found.push_back(match[1]);
  return found;
}

// The room that a path from the root, or an include, belongs to; "" for what CMake generates.
std::string room_of(const std::string& path) {
  if (path.rfind("longhaul/", 0) == 0) return "include";
  std::string room;
  for (const Strings& rooms : {kRooms, kPlugins})
    for (const std::string& candidate : rooms)
      if (path.rfind(candidate + "/", 0) == 0 && candidate.size() > room.size()) room = candidate;
  return room;
}

// Which rooms each room includes, itself left out.
std::map<std::string, std::set<std::string>> arrows() {
  std::map<std::string, std::set<std::string>> found;
  for (const Strings& rooms : {kRooms, kPlugins})
    for (const std::string& room : rooms)
      for (const fs::path& file : sources_below(room))
        for (const std::string& header : includes_of(file))
          if (const std::string to = room_of(header); !to.empty() && to != room)
            found[room].insert(to);
  return found;
}

}  // namespace

TEST_CASE("every room includes only rooms below it", "[tree]") {
  Strings wrong;
  for (const auto& [from, targets] : arrows()) {
    const auto place = [](const std::string& room) {
      return std::find(kRooms.begin(), kRooms.end(), room) - kRooms.begin();
    };
    const bool is_plugin = std::find(kPlugins.begin(), kPlugins.end(), from) != kPlugins.end();
    for (const std::string& to : targets)
      if (is_plugin ? to != "include" : place(to) >= place(from))
        wrong.push_back(from + " includes " + to);
  }
  CHECK(wrong == Strings{});
}

TEST_CASE("every source of the library stands in a room", "[tree]") {
  Strings homeless;
  for (const char* folder : {"include", "support", "math", "parts", "core", "harness"})
    for (const fs::path& file : sources_below(folder))
      if (room_of(file.string()).empty()) homeless.push_back(file.string());
  CHECK(homeless == Strings{});
}

TEST_CASE("every source has its header beside it, implements a public one or is in a table",
          "[tree]") {
  const auto has_header = [](const fs::path& source) {
    const std::string name = source.stem().string() + ".h";
    for (const fs::path& folder :
         {source.parent_path(), fs::path("include/longhaul"), fs::path("include/longhaul/parts")})
      if (fs::exists(kRoot / folder / name)) return true;
    const Strings included = includes_of(source);
    return std::any_of(std::begin(kTables), std::end(kTables), [&](const Table& table) {
      return std::regex_match(source.string(), std::regex(table.sources + std::string("\\.cpp"))) &&
             std::find(included.begin(), included.end(), table.header) != included.end();
    });
  };
  Strings wrong;
  for (const char* folder :
       {"support", "math", "parts", "core", "harness", "tasks/files", "tasks/pathfinder"})
    for (const fs::path& file : sources_below(folder))
      if (file.extension() == ".cpp" && !has_header(file)) wrong.push_back(file.string());
  CHECK(wrong == Strings{});
}

TEST_CASE("no room is larger than is soon known, or too small to be one", "[tree]") {
  for (const std::string& room : kRooms) {
    if (room == "include" ||
        std::find(kLargeRooms.begin(), kLargeRooms.end(), room) != kLargeRooms.end())
      continue;
    std::set<fs::path> sources;  // one with its header counts once
    for (const fs::path& file : sources_below(room))
      sources.insert(fs::path(file).replace_extension());
    INFO(room);
    CHECK(sources.size() >= kFewestSources);
    CHECK(sources.size() <= kMostSources);
  }
}

TEST_CASE("the harness names no model, claims aside", "[tree]") {
  longhaul::Registry registry;
  longhaul::register_builtins(registry);
  Strings wrong;
  for (const fs::path& file : sources_below("harness"))
    if (room_of(file.string()) != "harness/claims")
      for (const auto& [name, info] : registry.models())
        if (read(kRoot / file).find('"' + name + '"') != std::string::npos)
          wrong.push_back(file.string() + " names " + name);
  CHECK(wrong == Strings{});
}

TEST_CASE("docs/architecture.md draws the arrows that the sources have", "[tree]") {
  const std::map<std::string, std::set<std::string>> found = arrows();
  std::string drawn;
  for (const std::string& room : kRooms) {
    if (room == "include") continue;
    drawn += "    " + room + std::string(20 - room.size(), ' ') + "->";
    for (const std::string& below : kRooms)
      if (found.count(room) && found.at(room).count(below))
        drawn += " " + below.substr(below.rfind('/') + 1);
    drawn += "\n";
  }
  INFO("the picture should be:\n" << drawn);
  CHECK(read(kRoot / "docs/architecture.md").find(drawn) != std::string::npos);
}

TEST_CASE("a model is one file that includes public headers alone", "[tree]") {
  Strings wrong;
  for (const fs::path& file : sources_below("models")) {
    if (file.extension() != ".cpp") wrong.push_back(file.string());
    for (const std::string& header : includes_of(file))
      if (room_of(header) != "include") wrong.push_back(file.string() + " includes " + header);
  }
  CHECK(wrong == Strings{});
}

namespace {

// The sources of the program and its library that say `text`.
Strings sources_with(const std::string& text) {
  Strings found;
  for (const char* folder :
       {"include", "support", "math", "parts", "core", "models", "tasks", "harness"})
    for (const fs::path& file : sources_below(folder))
      if (read(kRoot / file).find(text) != std::string::npos) found.push_back(file.string());
  return found;
}

}  // namespace

TEST_CASE("only one file includes CLI11, whose templates take seconds to compile", "[tree]") {
  CHECK(sources_with("#include <CLI/") == Strings{"harness/cli/command.cpp"});
}
