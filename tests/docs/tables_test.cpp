#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/program.h"

using namespace longhaul;

namespace {

// A table of a page: the command that prints it, and the lines that stand there.
struct PrintedTable {
  std::string page, command, lines;
};

std::vector<PrintedTable> printed_tables() {
  const std::string begin = "<!-- longhaul ", close = " -->", end = "<!-- end -->";
  std::vector<PrintedTable> tables;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(LONGHAUL_SOURCE_DIR "/docs")) {
    std::ifstream in(entry.path());
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
      if (line == end) {
        inside = false;
      } else if (line.rfind(begin, 0) == 0) {
        inside = true;
        const std::size_t size = line.size() - begin.size() - close.size();
        tables.push_back({entry.path().filename(), line.substr(begin.size(), size), ""});
      } else if (inside) {
        tables.back().lines += line + "\n";
      }
    }
    INFO(entry.path());
    CHECK_FALSE(inside);
  }
  return tables;
}

}  // namespace

TEST_CASE("tables in docs are what the program prints", "[docs][cli]") {
  for (const PrintedTable& table : printed_tables()) {
    INFO(table.page << ": longhaul " << table.command << "; scripts/update_docs.sh writes it");
    const Outcome printed = longhaul_run(table.command + " --markdown");
    CHECK(printed.status == 0);
    CHECK(table.lines == "\n" + printed.out + "\n");
  }
}

TEST_CASE("README's table is that of the reference results", "[docs][cli]") {
  const std::string printed = longhaul_run("table results/reference/quick").out;
  std::ifstream in(LONGHAUL_SOURCE_DIR "/README.md");
  int rows = 0;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("<!-- longhaul table", 0) == 0) inside = true;
    if (line == "<!-- end -->") inside = false;
    if (!inside || line.rfind("    ", 0) != 0) continue;
    INFO(line << "; scripts/update_docs.sh writes it");
    CHECK(printed.find(line.substr(4) + "\n") != std::string::npos);
    ++rows;
  }
  CHECK(rows > 10);
}

TEST_CASE("docs have the table of every choice and of every CSV file", "[docs][cli]") {
  std::set<std::string> commands;
  for (const PrintedTable& table : printed_tables()) commands.insert(table.command);
  for (const char* kind :
       {"settings", "losses", "optimizers", "metrics", "pretraining", "diagnostics"}) {
    INFO(kind);
    CHECK(commands.count(std::string("list ") + kind) == 1);
  }
  const nlohmann::json files = nlohmann::json::parse(longhaul_run("list csv --json").out);
  CHECK(files.size() > 5);
  for (const nlohmann::json& file : files) {
    INFO(file);
    CHECK(commands.count("show csv " + file.at("name").get<std::string>()) == 1);
  }
}
