#pragma once

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <vector>

namespace longhaul {

template <class Values, class Value>
bool contains(const Values& values, const Value& value) {
  return std::find(std::begin(values), std::end(values), value) != std::end(values);
}

// The values of one column, in the order in which they come first.
template <class Row, class Key>
auto distinct(const std::vector<Row>& rows, Key&& key) {
  std::vector<std::decay_t<decltype(key(rows.front()))>> values;
  for (const Row& row : rows)
    if (!contains(values, key(row))) values.push_back(key(row));
  return values;
}

}  // namespace longhaul
