// The rules of the house that no compiler checks.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "test_paths.h"
#include "tests/support/catch.h"

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = LONGHAUL_SOURCE_DIR;

struct Include {
  std::string file;    // that includes
  std::string header;  // what it includes, in quotes
};

std::vector<Include> includes_below(const std::string& folder) {
  static const std::regex quoted("^#include \"([^\"]+)\"");
  std::vector<Include> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cpp") continue;
    std::ifstream in(entry.path());
    std::smatch match;
    for (std::string line; std::getline(in, line);)
      if (std::regex_search(line, match, quoted))
        found.push_back({fs::relative(entry.path(), kRoot).string(), match[1]});
  }
  return found;
}

// The includes of `folder` that start with none of the allowed prefixes.
std::vector<std::string> strangers(const std::string& folder,
                                   const std::vector<std::string>& allowed) {
  std::vector<std::string> found;
  for (const Include& include : includes_below(folder))
    if (std::none_of(allowed.begin(), allowed.end(), [&](const std::string& prefix) {
          return include.header.rfind(prefix, 0) == 0;
        }))
      found.push_back(include.file + " includes " + include.header);
  return found;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("includes point one way: public headers, then math, then the harness", "[tree]") {
  CHECK(strangers("include", {"longhaul/"}) == Strings{});
  CHECK(strangers("math", {"longhaul/", "math/"}) == Strings{});
  CHECK(strangers("models", {"longhaul/", "models/"}) == Strings{});
  CHECK(strangers("tasks", {"longhaul/", "tasks/"}) == Strings{});
}

TEST_CASE("within the harness, cli uses claims, claims suite, suite train, and all use record",
          "[tree]") {
  const Strings below = {"longhaul/", "math/", "build_info.h", "harness/suite/spec.h",
                         "harness/suite/options"};
  const auto with = [&](Strings more) {
    more.insert(more.end(), below.begin(), below.end());
    return more;
  };
  CHECK(strangers("harness/record", with({"harness/record/"})) == Strings{});
  CHECK(strangers("harness/train", with({"harness/record/", "harness/train/"})) == Strings{});
  CHECK(strangers("harness/suite", with({"harness/record/", "harness/train/", "harness/suite/"})) ==
        Strings{});
  CHECK(strangers("harness/claims", with({"harness/record/", "harness/train/", "harness/suite/",
                                          "harness/claims/"})) == Strings{});
}

TEST_CASE("only one file of the library knows oneDNN", "[tree]") {
  Strings found;
  for (const char* folder : {"include", "math", "models", "tasks", "harness"})
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      const std::string all{std::istreambuf_iterator<char>(in), {}};
      if (all.find("dnnl.hpp") != std::string::npos) found.push_back(entry.path().filename());
    }
  CHECK(found == Strings{"gemm_dnnl.cpp"});
}
