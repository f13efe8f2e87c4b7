#pragma once

#include <string>
#include <vector>

#include "harness/suite/section.h"
#include "longhaul/error.h"
#include "support/values.h"

namespace longhaul {

// The scalars of the list at `key`, [] where there is none; a problem for whatever `take` refuses.
template <class T, class Take>
std::vector<T> read_list(const Section& section, const std::string& key, const std::string& example,
                         const std::string& allowed, Take take) {
  std::vector<T> values;
  if (!section.find(key)) return values;
  const ConfigNode* list = section.expect(key, ConfigNode::Kind::list, example);
  if (!list) return values;
  for (const ConfigNode& item : list->children) {
    T value{};
    const bool taken = item.kind == ConfigNode::Kind::scalar && take(item.scalar, value);
    const std::string shown =
        item.kind == ConfigNode::Kind::scalar ? to_text(item.scalar) : to_text(item.kind);
    if (!taken)
      section.problem(key, text("found '", shown, "', allowed: ", allowed));
    else if (contains(values, value))
      section.problem(key, text(shown, " is given twice"));
    else
      values.push_back(std::move(value));
  }
  return values;
}

}  // namespace longhaul
