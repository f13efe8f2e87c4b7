#include "harness/suite/seeds.h"

#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;

// The integer at `key`, if it is one within low .. high; else a problem.
std::optional<int64_t> read_integer(const Section& suite, const std::string& key, int64_t low,
                                    int64_t high, const std::string& allowed) {
  const ConfigNode& node = *suite.find(key);
  const std::optional<int64_t> value =
      node.kind == Kind::scalar ? whole_number(node.scalar) : std::nullopt;
  if (value && *value >= low && *value <= high) return value;
  suite.problem(key, found_text(node) + ", allowed: " + allowed);
  return std::nullopt;
}

// Different seeds that look unrelated, the same for the same root; more of them begin alike.
std::vector<uint64_t> derive_seeds(int64_t count, uint64_t root) {
  std::vector<uint64_t> seeds;
  for (uint64_t i = 0; static_cast<int64_t>(seeds.size()) < count; ++i) {
    const uint64_t seed = Rng(root, "seeds", i).bits();
    if (!contains(seeds, seed)) seeds.push_back(seed);
  }
  return seeds;
}

std::vector<uint64_t> listed_seeds(const Section& suite, const ConfigNode& list) {
  std::vector<uint64_t> seeds;
  if (list.children.empty()) suite.problem("seeds", "is empty, allowed: at least one seed");
  for (const ConfigNode& item : list.children) {
    const std::optional<int64_t> seed = whole_number(item.scalar);
    if (item.kind != Kind::scalar || !seed || *seed < 0)
      suite.problem("seeds", found_text(item) + ", allowed: integers, at least 0");
    else if (contains(seeds, *seed))
      suite.problem("seeds", text(*seed, " is given twice"));
    else
      seeds.push_back(static_cast<uint64_t>(*seed));
  }
  return seeds;
}

}  // namespace

std::vector<uint64_t> read_seeds(const Section& suite) {
  const ConfigNode* node = suite.find("seeds");
  const bool is_count = node && node->kind == Kind::scalar;
  if (suite.find("root_seed") && !is_count)
    suite.problem("root_seed", "stands beside a number of seeds, such as seeds: 5");
  if (!is_count) {
    const ConfigNode* list = suite.expect("seeds", Kind::list, "[0, 1, 2]");
    return list ? listed_seeds(suite, *list) : std::vector<uint64_t>();
  }
  std::optional<int64_t> root = 0;
  if (suite.find("root_seed"))
    root = read_integer(suite, "root_seed", 0, std::numeric_limits<int64_t>::max(),
                        "an integer, at least 0");
  const std::optional<int64_t> count =
      read_integer(suite, "seeds", 1, kMostSeeds,
                   text("a list such as [0, 1, 2], or how many: 1 .. ", kMostSeeds));
  if (!root || !count) return {};
  return derive_seeds(*count, static_cast<uint64_t>(*root));
}

}  // namespace longhaul
