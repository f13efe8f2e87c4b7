// What does something depend on: Brevo, reasoning breadth (Allen-Zhu 2025, "Physics of Language
// Models: Part 4.1", arXiv:2512.17351).
//
// A directed graph without cycles as a shuffled list of edges "p c": c depends on p. Then a node is
// named, and all that it depends on is to be listed, directly and through others, each node after
// those that it depends on, the named one last.
//
//   nodes 4, vocabulary 5
//   edges   1 -> 3, 2 -> 3, 3 -> 4
//   input   2 3, 3 4, 1 3, ? 4 = 1 2 3 4:          2 3 3 4 1 3 6 4 7 1 2 3 4
//   target  the list, and then the end             . . . . . . . . 0 1 2 3 5
//
// Of several nodes that could come next the smallest comes: that makes the answer one. The answer
// stands in the input one position late: only a causal model is put to the test.
//
// The graph: so many nodes (below) in random order, with random names of 1 .. vocabulary. The first
// few, uniformly 1 .. (n-1)/4 + 1, depend on nothing. Each later one depends on 1 .. `degree`
// earlier ones, a uniform number of those that fewer than `degree` depend on. Asked is the last.
//
// test_set says how many nodes there are:
//   trained   3 .. `nodes`, few more often than many (symbols.h)
//   largest   `nodes`
//
// Ids: nodes 1 .. V, "?" V+1, "=" V+2 (0 pads). A target is its node minus 1, the end is V. The
// shallow baseline knows the token before the answer, and whether it is the node asked for.
//
// Where this differs from the original: any order that keeps dependencies is right there, since it
// scores lists that a model writes itself; here the list is one and each of its nodes is scored, a
// list as a whole by string_accuracy. Its sizes are up to 110 nodes of degree 4. It also has words
// of several tokens for nodes.

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

// parents[i] are the places, all below i, of what the node at place i depends on.
using Graph = std::vector<std::vector<int64_t>>;

class Dependencies final : public Task {
 public:
  explicit Dependencies(Options& options)
      : nodes_(options.integer("nodes", 30, "most nodes of a graph", 3, 20'000)),
        vocabulary_(static_cast<int32_t>(
            options.integer("vocabulary", 110, "different names of nodes", 3, 100'000))),
        degree_(options.integer("degree", 4,
                                "most nodes that one depends on, or that depend on one", 1, 100)),
        largest_(options.choice("test_set", "trained", {"trained", "largest"},
                                "graphs of any size, or all of the largest") == "largest") {
    if (nodes_ > vocabulary_)
      options.problem("nodes", text("found ", nodes_, ", allowed: at most ", vocabulary_,
                                    " (the names of vocabulary)"));
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return vocabulary_ + 3; }
  int64_t classes() const override { return vocabulary_ + 1; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return length_with(nodes_); }

  Example draw(Rng& rng) const override {
    const int64_t count = largest_ ? nodes_ : symbols::draw_size(rng, nodes_);
    std::vector<int32_t> names(vocabulary_);
    std::iota(names.begin(), names.end(), 1);
    rng.shuffle(names);
    const Graph parents = draw_graph(rng, count);
    std::vector<std::pair<int32_t, int32_t>> edges;
    for (int64_t node = 0; node < count; ++node)
      for (const int64_t parent : parents[node]) edges.emplace_back(names[parent], names[node]);
    rng.shuffle(edges);
    Example example;
    for (const auto& [from, to] : edges) {
      symbols::append(example, 1, from);
      symbols::append(example, 1, to);
    }
    symbols::append(example, 1, query());
    symbols::append(example, 1, names[count - 1]);
    symbols::append(example, 1, query() + 1);
    for (const int32_t name : listed(parents, names))
      symbols::append_answer(example, name - 1, name);
    example.targets.back() = vocabulary_;
    return example;
  }

  // As many nodes as make examples no longer than that.
  OptionMap at_length(int64_t length) const override {
    int64_t nodes = std::min<int64_t>(vocabulary_, length);
    while (nodes >= 3 && length_with(nodes) > length) --nodes;
    require(nodes >= 3, "dependencies: found length ", length, ", allowed: at least ",
            length_with(3), " (3 nodes)");
    return {{"nodes", nodes}};
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    const auto mark = std::find(example.tokens.begin(), example.tokens.end(), query());
    const bool is_asked = example.tokens[t] == mark[1];
    return {.key = example.tokens[t] + (is_asked ? vocab() : 0)};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    std::size_t t = 0;
    for (; example.tokens[t] != query(); t += 2)
      shown += text(example.tokens[t], " -> ", example.tokens[t + 1], "  ");
    shown += text("\n? ", example.tokens[t + 1], " =");
    for (t += 3; t < example.tokens.size(); ++t) shown += text(' ', example.tokens[t]);
    return shown + '\n';
  }

 private:
  int32_t query() const { return vocabulary_ + 1; }

  // At most: all but the first node have `degree` edges, or as many as nodes before them.
  int64_t length_with(int64_t nodes) const {
    const int64_t full = std::max<int64_t>(nodes - degree_, 0), few = std::min(nodes, degree_);
    return 2 * (full * degree_ + few * (few - 1) / 2) + 3 + nodes;
  }

  Graph draw_graph(Rng& rng, int64_t count) const {
    Graph parents(count);
    std::vector<int64_t> children(count);
    for (int64_t node = rng.between(1, (count - 1) / 4 + 1); node < count; ++node) {
      std::vector<int64_t> free;
      for (int64_t place = 0; place < node; ++place)
        if (children[place] < degree_) free.push_back(place);
      rng.shuffle(free);
      free.resize(rng.between(1, std::min<int64_t>(degree_, static_cast<int64_t>(free.size()))));
      for (const int64_t place : free) ++children[place];
      parents[node] = free;
    }
    return parents;
  }

  // The names of all that the last node depends on, and its own.
  static std::vector<int32_t> listed(const Graph& parents, const std::vector<int32_t>& names) {
    const auto last = static_cast<int64_t>(parents.size()) - 1;
    std::vector<int64_t> needed = {last}, missing(parents.size());  // parents not yet listed
    std::vector<bool> known(parents.size());
    std::vector<std::vector<int64_t>> children(parents.size());
    std::set<std::pair<int32_t, int64_t>> ready;
    known[last] = true;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      const int64_t node = needed[i];
      missing[node] = static_cast<int64_t>(parents[node].size());
      if (missing[node] == 0) ready.emplace(names[node], node);
      for (const int64_t parent : parents[node]) {
        children[parent].push_back(node);
        if (!known[parent]) needed.push_back(parent);
        known[parent] = true;
      }
    }
    std::vector<int32_t> list;
    while (!ready.empty()) {
      const auto [name, node] = *ready.begin();
      ready.erase(ready.begin());
      list.push_back(name);
      for (const int64_t child : children[node])
        if (--missing[child] == 0) ready.emplace(names[child], child);
    }
    return list;
  }

  int64_t nodes_;
  int32_t vocabulary_;
  int64_t degree_;
  bool largest_;
};

}  // namespace

LONGHAUL_PLUGIN(dependencies) {
  registry.task<Dependencies>(
      {.name = "dependencies",
       .about = "all that a node of a graph depends on, in order",
       .source = "Allen-Zhu 2025, arXiv:2512.17351, Brevo",
       .published = "none quoted: its figures are plots of models of another size"});
}
