#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/task.h"

namespace longhaul::data {

// Where a release has no validation examples of its own, a tenth of its training examples, chosen
// by a hash of the whole example: the same ones whatever the order of the files or the length that
// inputs are cut to, and never one of the test set.
inline Split carve(uint64_t hash_of_example) {
  return hash_of_example % 10 == 0 ? Split::validation : Split::train;
}

// The examples of each split, as `Place` says where to find one.
template <class Place>
class StoredSplits {
 public:
  void add(Split split, Place place, uint64_t hash_of_input) {
    splits_[index(split)].push_back({std::move(place), hash_of_input});
  }

  // Once all are added. Leaves out training examples whose input validation or test holds too, and
  // validation examples whose input test holds; the test set stays whole. Throws Error, naming
  // `who`, if that leaves a split without any.
  void separate(const std::string& who) {
    std::unordered_set<uint64_t> elsewhere;
    for (Split split : {Split::test, Split::validation, Split::train}) {
      auto& entries = splits_[index(split)];
      std::erase_if(entries, [&](const Entry& entry) { return elsewhere.count(entry.hash) > 0; });
      for (const Entry& entry : entries) elsewhere.insert(entry.hash);
      static const char* const names[] = {"training", "validation", "test"};
      require(!entries.empty(), who, ": too few different examples: none is left for the ",
              names[index(split)], " split");
    }
  }

  int64_t count(Split split) const { return static_cast<int64_t>(splits_[index(split)].size()); }
  const Place& at(Split split, int64_t i) const { return splits_[index(split)][i].place; }

 private:
  struct Entry {
    Place place;
    uint64_t hash;
  };
  static std::size_t index(Split split) { return static_cast<std::size_t>(split); }

  std::array<std::vector<Entry>, 3> splits_;
};

}  // namespace longhaul::data
