#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

namespace longhaul {

// The values of one column, in the order in which they come first.
template <class Row, class Key>
auto distinct(const std::vector<Row>& rows, Key&& key) {
  std::vector<std::decay_t<decltype(key(rows.front()))>> values;
  for (const Row& row : rows)
    if (std::find(values.begin(), values.end(), key(row)) == values.end())
      values.push_back(key(row));
  return values;
}

}  // namespace longhaul
