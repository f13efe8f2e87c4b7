#include "longhaul/parts/recall_pairs.h"

#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"

namespace longhaul {

Example RecallPairs::draw(Rng& rng) const {
  const int64_t pairs = shape_.length / 2;
  const int32_t first_value = 1 + shape_.keys, first_noise = first_value + shape_.values;
  const int64_t never_noise = rng.below(pairs - 1);  // so that there is a key to ask for
  std::vector<int32_t> value_of(shape_.keys, kIgnore), shown;
  Example example;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const bool last = pair == pairs - 1;
    if (!last && rng.chance(shape_.noise_share) && pair != never_noise) {
      for (int32_t id : symbols::draw(rng, 2, first_noise, first_noise + shape_.noise - 1))
        symbols::append(example, 1, id);
      continue;
    }
    const int32_t key = last ? shown[rng.below(static_cast<int64_t>(shown.size()))]
                             : static_cast<int32_t>(rng.below(shape_.keys));
    symbols::append(example, 1, 1 + key);
    if (value_of[key] == kIgnore) {
      value_of[key] = static_cast<int32_t>(rng.below(shape_.values));
      shown.push_back(key);
    } else {
      example.targets.back() = value_of[key];
    }
    symbols::append(example, 1, first_value + value_of[key]);
  }
  return example;
}

OptionMap RecallPairs::at_length(int64_t length) const {
  return symbols::length_option(length, complaint(length));
}

Shallow RecallPairs::shallow(const Example& example, int64_t t) const {
  const int32_t first = 1 + shape_.keys;
  return {.guess = symbols::most_frequent(example, t, first, first + shape_.values - 1) - first};
}

std::string RecallPairs::show(const Example& example) const {
  const auto token = [&](int32_t id) {
    if (id <= shape_.keys) return text("k", id - 1);
    if (id <= shape_.keys + shape_.values) return text("v", id - 1 - shape_.keys);
    return text("n", id - 1 - shape_.keys - shape_.values);
  };
  return symbols::rows(example, token, [](int32_t value) { return text("v", value); });
}

std::string RecallPairs::complaint(int64_t length) {
  if (length >= 4 && length % 2 == 0) return "";
  return text("found ", length, ", allowed: even numbers from 4 (a pair has 2 tokens)");
}

}  // namespace longhaul
