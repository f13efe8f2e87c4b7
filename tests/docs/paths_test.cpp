// Files that pages and comments name exist: whoever moves one finds every place that speaks of it.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "test_paths.h"
#include "tests/helpers/catch.h"

namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

const fs::path kTree = LONGHAUL_SOURCE_DIR;
constexpr std::size_t kMostLines = 200;  // of a page

Strings lines_of(const fs::path& file) {
  Strings lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The files of the tree below `folder`, without what is built, and what runs leave.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file()) files.push_back(entry.path());
    if (!entry.is_directory() || name.front() == '.' || name == "build" || name == "runs") continue;
    for (const fs::path& file : files_below(entry.path())) files.push_back(file);
  }
  std::sort(files.begin(), files.end());
  return files;
}

const std::vector<fs::path>& tree() {
  static const std::vector<fs::path> files = files_below(kTree);
  return files;
}

bool is_code(const fs::path& file) {
  return file.extension() == ".h" || file.extension() == ".cpp";
}
bool is_page(const fs::path& file) { return file.extension() == ".md"; }

Strings found(const std::regex& pattern, const std::string& line) {
  Strings all;
  for (std::sregex_iterator it(line.begin(), line.end(), pattern), end; it != end; ++it)
    all.push_back((*it)[1]);
  return all;
}

// What of a line is for people: all of a page, the comment of code.
std::string words(const fs::path& file, const std::string& line) {
  if (is_page(file)) return line;
  const std::size_t slashes = line.find("//");
  return slashes == std::string::npos ? "" : line.substr(slashes);
}

// The part of a path that stands before a placeholder such as * or NAME.
std::string fixed_part(std::string path) {
  for (const char* placeholder : {"*", "NAME", "..."})
    if (const std::size_t at = path.find(placeholder); at != std::string::npos)
      path = path.substr(0, path.rfind('/', at) + 1);
  while (!path.empty() && (path.back() == '.' || path.back() == '-')) path.pop_back();
  return path;
}

bool exists_from(const fs::path& file, const std::string& path) {
  return path == "longhaul/abi.h" ||  // which CMake makes
         fs::exists(kTree / path) || fs::exists(kTree / "include" / path) ||
         fs::exists(file.parent_path() / path) || fs::exists(kTree / "docs" / path);
}

// The anchors that a page's headings have: "## Add a model" -> add-a-model.
std::set<std::string> anchors(const fs::path& page) {
  std::set<std::string> all;
  for (const std::string& line : lines_of(page)) {
    if (line.empty() || line[0] != '#') continue;
    std::string anchor;
    for (const char c : line.substr(std::min(line.size(), line.find_first_not_of("# ")))) {
      if (c == ' ' || c == '-') anchor += '-';
      if (std::isalnum(static_cast<unsigned char>(c)) || c == '_')
        anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    all.insert(anchor);
  }
  return all;
}

std::string place(const fs::path& file, const std::string& what) {
  return fs::relative(file, kTree).string() + ": " + what;
}

}  // namespace

TEST_CASE("every path of the tree that a page or a comment names exists", "[docs][tree]") {
  static const std::regex path(
      "(?:^|[^A-Za-z0-9_./~$<>{}*-])((?:bench|cmake|configs|core|docs|examples|harness|include|"
      "longhaul|math|models|parts|scripts|support|tasks|tests|results/reference|results/claims)/"
      "[A-Za-z0-9_./*-]*)");
  Strings missing;
  for (const fs::path& file : tree()) {
    if (!is_code(file) && !is_page(file)) continue;
    for (const std::string& line : lines_of(file))
      for (const std::string& name : found(path, words(file, line)))
        if (!exists_from(file, fixed_part(name))) missing.push_back(place(file, name));
  }
  CHECK(missing == Strings{});
}

TEST_CASE("every source that a page or a comment names by its name alone exists", "[docs][tree]") {
  static const std::regex name("(?:^|[^A-Za-z0-9_./*-])([a-z0-9_]+\\.(?:cpp|h|py|sh))(?![a-z])");
  // What others make or bring, and what a reader makes.
  std::set<std::string> known = {"abi.h", "my_model.cpp", "my_task.cpp"};
  for (const fs::path& file : tree()) known.insert(file.filename().string());
  Strings missing;
  for (const fs::path& file : tree()) {
    if (!is_code(file) && !is_page(file)) continue;
    for (const std::string& line : lines_of(file))
      for (const std::string& found_name : found(name, words(file, line)))
        if (!known.count(found_name)) missing.push_back(place(file, found_name));
  }
  CHECK(missing == Strings{});
}

TEST_CASE("every page that the program names exists", "[docs][tree]") {
  static const std::regex page("(docs/[A-Za-z0-9_./-]+\\.md)");
  Strings missing;
  for (const fs::path& file : tree()) {
    if (is_page(file) || file.extension() == ".npy") continue;
    for (const std::string& line : lines_of(file))
      for (const std::string& name : found(page, line))
        if (!fs::exists(kTree / name)) missing.push_back(place(file, name));
  }
  CHECK(missing == Strings{});
}

TEST_CASE("every link of a page leads somewhere", "[docs]") {
  static const std::regex link("\\]\\(([^)]*)\\)");
  Strings broken;
  for (const fs::path& file : tree()) {
    if (!is_page(file)) continue;
    for (const std::string& line : lines_of(file))
      for (const std::string& target : found(link, line)) {
        if (target.find("://") != std::string::npos) continue;
        const std::size_t hash = std::min(target.size(), target.find('#'));
        const fs::path page = hash == 0 ? file : file.parent_path() / target.substr(0, hash);
        const bool leads = fs::exists(page) &&
                           (hash == target.size() || anchors(page).count(target.substr(hash + 1)));
        if (!leads) broken.push_back(place(file, target));
      }
  }
  CHECK(broken == Strings{});
}

namespace {

// The lines of a page, tables that the program ("<!-- longhaul ... -->") or a script prints aside.
std::size_t written_lines(const fs::path& page) {
  std::size_t count = 0;
  bool printed = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("<!-- longhaul ") || line.starts_with("<!-- bench/")) printed = true;
    if (!printed) ++count;
    if (line == "<!-- end -->") printed = false;
  }
  return count;
}

}  // namespace

TEST_CASE("no page is too long to be read, and docs/index.md leads to every page", "[docs]") {
  Strings too_long;
  std::set<fs::path> pages, reached = {kTree / "docs/index.md"};
  for (const fs::path& file : tree()) {
    if (!is_page(file) || file.filename() == "CHANGELOG.md") continue;
    if (written_lines(file) > kMostLines) too_long.push_back(place(file, ""));
    if (fs::relative(file, kTree / "docs").string().rfind("..", 0) != 0) pages.insert(file);
  }
  CHECK(too_long == Strings{});

  static const std::regex link("\\]\\(([^)#]+)[^)]*\\)");
  for (std::vector<fs::path> next = {kTree / "docs/index.md"}; !next.empty();) {
    const fs::path page = next.back();
    next.pop_back();
    for (const std::string& line : lines_of(page))
      for (const std::string& target : found(link, line)) {
        const fs::path to = (page.parent_path() / target).lexically_normal();
        if (is_page(to) && fs::exists(to) && reached.insert(to).second) next.push_back(to);
        if (fs::is_directory(to))
          for (const fs::path& file : files_below(to))
            if (is_page(file) && reached.insert(file).second) next.push_back(file);
      }
  }
  Strings unreached;
  for (const fs::path& page : pages)
    if (!reached.count(page)) unreached.push_back(place(page, ""));
  CHECK(unreached == Strings{});
}
