#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {

// The words of an enum's values, from one to the other and back. An enum has one table, which a
// function beside it gives:
//   const EnumNames<Phase>& names_of(Phase) {
//     static const EnumNames<Phase> names = {{Phase::train, "train"}, {Phase::decode, "decode"}};
//     return names;
//   }
template <class Enum>
class EnumNames {
 public:
  EnumNames(std::initializer_list<std::pair<Enum, const char*>> words) {
    for (const auto& [value, word] : words) {
      values_.push_back(value);
      words_.emplace_back(word);
    }
  }

  const std::vector<std::string>& words() const { return words_; }

  // Of a value that the table names.
  const std::string& word(Enum value) const {
    const auto found = std::find(values_.begin(), values_.end(), value);
    return words_.at(static_cast<std::size_t>(found - values_.begin()));
  }

  std::optional<Enum> find(const std::string& word) const {
    const auto found = std::find(words_.begin(), words_.end(), word);
    if (found == words_.end()) return std::nullopt;
    return values_[static_cast<std::size_t>(found - words_.begin())];
  }

  // Throws Error that lists the words and names the nearest.
  Enum value(const std::string& word) const {
    const std::optional<Enum> found = find(word);
    if (!found) throw Error(not_allowed(word, words_));
    return *found;
  }

 private:
  std::vector<Enum> values_;
  std::vector<std::string> words_;
};

template <class Enum>
requires requires(Enum value) { names_of(value).word(value); }
std::string to_string(Enum value) { return names_of(value).word(value); }

}  // namespace longhaul
