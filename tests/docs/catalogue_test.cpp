// Pages that list models, tasks, suites, claims or commands list all of them and nothing else.
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/builtins.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;

namespace fs = std::filesystem;

namespace {

using Names = std::set<std::string>;

const fs::path kRoot = LONGHAUL_SOURCE_DIR;

std::vector<std::string> lines_of(const std::string& content) {
  std::vector<std::string> lines;
  std::istringstream in(content);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string page(const std::string& name) { return read_text(kRoot / name); }

// What a page says under a heading, up to the next one.
std::string section(const std::string& name, const std::string& heading) {
  const std::string content = page(name);
  const std::size_t begin = content.find("\n## " + heading + "\n");
  INFO(name << ": " << heading);
  REQUIRE(begin != std::string::npos);
  return content.substr(begin, content.find("\n## ", begin + 1) - begin);
}

// What `pattern` finds in the lines of a text, one name a line.
Names found(const std::string& pattern, const std::string& content) {
  const std::regex regex(pattern);
  Names names;
  std::smatch match;
  for (const std::string& line : lines_of(content))
    if (std::regex_search(line, match, regex)) names.insert(match[1]);
  return names;
}

// The names in backticks in the first cell of a table's rows.
Names first_cells(const std::string& content) { return found("^\\| `([a-z0-9_]+)", content); }

Names yaml_files(const std::string& folder) {
  Names names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kRoot / folder))
    if (entry.path().extension() == ".yaml") names.insert(entry.path().stem().string());
  return names;
}

template <class Map>
Names keys_of(const Map& map) {
  Names names;
  for (const auto& [name, value] : map) names.insert(name);
  return names;
}

Registry builtins() {
  Registry registry;
  register_builtins(registry);
  return registry;
}

}  // namespace

TEST_CASE("docs/models.md leads from every model to the page that describes it", "[docs]") {
  static const std::regex row("^\\| \\[[^\\]]*\\]\\((models/[a-z-]+\\.md)\\) \\| (.*) \\|$");
  for (const std::string& name : keys_of(builtins().models())) {
    const std::regex as_word("(^|[ ,(])" + name + "([ ,:)]|$)");
    bool is_described = false;
    std::smatch match;
    for (const std::string& line : lines_of(page("docs/models.md"))) {
      if (!std::regex_match(line, match, row) || !std::regex_search(match[2].str(), as_word))
        continue;
      for (const std::string& words : lines_of(page("docs/" + match[1].str())))
        is_described |= words.rfind('#', 0) == 0 && std::regex_search(words, as_word);
    }
    INFO(name);
    CHECK(is_described);
  }
}

TEST_CASE("the tables of docs/tasks are all tasks", "[docs]") {
  const Names tasks = keys_of(builtins().tasks());
  Names listed;
  for (const char* name : {"memory", "formal-languages", "long-range", "language"})
    listed.merge(first_cells(page("docs/tasks/" + std::string(name) + ".md")));
  CHECK(listed == tasks);
  for (const std::string& name : first_cells(page("docs/tasks/real-files.md"))) {
    INFO("docs/tasks/real-files.md: " << name);
    CHECK(tasks.count(name) == 1);
  }
}

TEST_CASE("docs/suites.md lists the suites that ship", "[docs]") {
  CHECK(first_cells(section("docs/suites.md", "Suites that ship")) == yaml_files("configs/suites"));
}

TEST_CASE("docs/claims/verdicts.md lists the claims that ship", "[docs][claim]") {
  CHECK(found("^\\| \\[([a-z0-9_]+)\\]", page("docs/claims/verdicts.md")) ==
        yaml_files("configs/claims"));
}

TEST_CASE("docs/commands.md and docs/contract.md have every command of the program",
          "[docs][cli]") {
  const std::string help = longhaul_run("--help").out;
  const std::size_t begin = help.find("Subcommands:"), end = help.find("Examples:");
  REQUIRE(begin < end);
  const Names commands = found("^  ([a-z]+) ", help.substr(begin, end - begin));
  CHECK(commands.size() > 10);
  CHECK(first_cells(page("docs/commands.md")) == commands);
  const std::string contract = section("docs/contract.md", "Commands and exit statuses");
  for (const std::string& command : commands) {
    INFO("docs/contract.md: " << command);
    CHECK(has(contract, '`' + command + '`'));
  }
}

TEST_CASE("docs/glossary.md explains every word of the table in README.md", "[docs]") {
  const std::string glossary = page("docs/glossary.md");
  const auto is_explained = [&](const std::string& word) {
    for (const std::string& line : lines_of(glossary))
      if ((line.rfind("### ", 0) == 0 || line.rfind("- **", 0) == 0) && has(line, word))
        return true;
    return false;
  };
  static const std::regex gap("  +");
  Names words;
  bool inside = false;
  for (const std::string& line : lines_of(page("README.md"))) {
    if (line.rfind("    model  ", 0) == 0) {
      const std::string head = line.substr(4);
      for (std::sregex_token_iterator it(head.begin(), head.end(), gap, -1), none; it != none; ++it)
        words.insert(*it);
      inside = true;
    } else if (line.empty()) {
      inside = false;
    } else if (inside && line.find("---") == std::string::npos) {
      words.insert(line.substr(4, line.find(' ', 4) - 4));
    }
  }
  CHECK(words.size() == 17);
  for (const std::string& word : words) {
    INFO(word);
    CHECK(is_explained(word));
  }
}
