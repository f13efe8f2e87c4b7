// State tracking: the word problem of a finite group (Merrill, Petty and Sabharwal 2024, "The
// Illusion of State in State-Space Models", arXiv:2404.08819).
//
// Uniform elements of a group; after each, what is the product of all so far?
//
//   z60   the numbers 0 .. 59 under addition modulo 60: commutative, a sum is enough
//   a5    the 60 even permutations of 5 items: not solvable, so complete for NC1
//   s5    all 120 permutations
//   s3    the 6 permutations of 3 items: not commutative, solvable in two steps
//   s4    the 24 permutations of 4 items: solvable in three
//
//   group s5    element   product           group z60   element   product
//               21345     21345                         7         7
//               23451     13452                         58        5
//   ids  25 34   targets 24 9               ids  8 59   targets 7 5
//
// A product is read left to right: it starts as 12345, or fewer, and each permutation p rearranges
// what is there, so that place i then holds what place p_i held. 21345 swaps the first two items,
// 23451 moves the first to the end.
//
// Elements are numbered from 0 in lexicographic order, so the identity is 0. A token is its number
// plus 1, a target its number.
//
// The original's data are one file for each length. Here lengths are drawn; an input also asks for
// the products of all its beginnings, whatever its length.
//
// The shallow baseline sees one element and whether it is the first.

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "longhaul/parts/formal.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

constexpr int64_t kCyclic = 60;

// A finite group by its table of products, and how its elements are written.
struct Group {
  std::vector<std::string> elements;
  std::vector<int32_t> products;  // [left, right]

  int32_t product(int32_t left, int32_t right) const {
    return products[left * static_cast<int64_t>(elements.size()) + right];
  }
};

Group cyclic_group() {
  Group group;
  for (int64_t left = 0; left < kCyclic; ++left) {
    group.elements.push_back(std::to_string(left));
    for (int64_t right = 0; right < kCyclic; ++right)
      group.products.push_back(static_cast<int32_t>((left + right) % kCyclic));
  }
  return group;
}

bool is_even(const std::string& permutation) {
  int inversions = 0;
  for (std::size_t i = 0; i < permutation.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) inversions += permutation[j] > permutation[i];
  return inversions % 2 == 0;
}

Group permutation_group(int64_t items, bool even_only) {
  Group group;
  std::map<std::string, int32_t> number;
  std::string permutation = std::string("12345").substr(0, items);
  do {
    if (even_only && !is_even(permutation)) continue;
    number[permutation] = static_cast<int32_t>(group.elements.size());
    group.elements.push_back(permutation);
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  for (const std::string& left : group.elements)
    for (const std::string& right : group.elements) {
      std::string product;
      for (char position : right) product += left[position - '1'];
      group.products.push_back(number.at(product));
    }
  return group;
}

class StateTracking final : public Task {
 public:
  explicit StateTracking(Options& options)
      : lengths_(options, {.enough = 2}),
        group_(make_group(options.choice("group", "a5", {"z60", "a5", "s5", "s3", "s4"},
                                         "additions modulo 60, or permutations"))) {}

  int version() const override { return 1; }
  int64_t vocab() const override { return classes() + 1; }
  int64_t classes() const override { return static_cast<int64_t>(group_.elements.size()); }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return lengths_.max(); }
  OptionMap at_length(int64_t length) const override { return lengths_.at(length); }

  Example draw(Rng& rng) const override {
    Example example;
    int32_t product = 0;
    for (int64_t left = lengths_.draw(rng); left > 0; --left) {
      const auto element = static_cast<int32_t>(rng.below(classes()));
      product = group_.product(product, element);
      example.tokens.push_back(element + 1);
      example.targets.push_back(product);
    }
    return example;
  }

  Shallow shallow(const Example& example, int64_t t) const override {
    return {.key = example.tokens[t] + (t == 0 ? vocab() : 0)};
  }

  std::string show(const Example& example) const override {
    std::string elements = "elements", products = "products";
    for (int32_t token : example.tokens) elements += ' ' + group_.elements[token - 1];
    for (int32_t target : example.targets) products += ' ' + group_.elements[target];
    return elements + '\n' + products + '\n';
  }

 private:
  static Group make_group(const std::string& name) {
    return name == "z60" ? cyclic_group() : permutation_group(name[1] - '0', name[0] == 'a');
  }

  InputLengths lengths_;
  Group group_;
};

}  // namespace

LONGHAUL_PLUGIN(state_tracking) {
  registry.task<StateTracking>({.name = "state_tracking",
                                .about = "running product of elements of Z60, A5, S5, S3 or S4",
                                .source = "Merrill et al. 2024, arXiv:2404.08819",
                                .published = "accuracy in percent on A5\n"
                                             "ParaRNN's notes: LSTM and GRU with dense recurrence "
                                             "100, diagonal ones 38 to 40, Mamba2 36"});
}
