#include "longhaul/parts/recall_pairs.h"

#include <vector>

#include "longhaul/error.h"
#include "longhaul/parts/symbols.h"

namespace longhaul::recall_pairs {

Example draw(Rng& rng, const Shape& shape) {
  const int64_t pairs = shape.length / 2;
  const int32_t first_value = 1 + shape.keys, first_noise = first_value + shape.values;
  const int64_t never_noise = rng.below(pairs - 1);  // so that there is a key to ask for
  std::vector<int32_t> value_of(shape.keys, kIgnore), shown;
  Example example;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const bool last = pair == pairs - 1;
    if (!last && rng.chance(shape.noise_share) && pair != never_noise) {
      for (int32_t id : symbols::draw(rng, 2, first_noise, first_noise + shape.noise - 1))
        symbols::append(example, 1, id);
      continue;
    }
    const int32_t key = last ? shown[rng.below(static_cast<int64_t>(shown.size()))]
                             : static_cast<int32_t>(rng.below(shape.keys));
    symbols::append(example, 1, 1 + key);
    if (value_of[key] == kIgnore) {
      value_of[key] = static_cast<int32_t>(rng.below(shape.values));
      shown.push_back(key);
    } else {
      example.targets.back() = value_of[key];
    }
    symbols::append(example, 1, first_value + value_of[key]);
  }
  return example;
}

Shallow shallow(const Example& example, int64_t t, const Shape& shape) {
  const int32_t first = 1 + shape.keys;
  return {.guess = symbols::most_frequent(example, t, first, first + shape.values - 1) - first};
}

std::string show(const Example& example, const Shape& shape) {
  const auto token = [&](int32_t id) {
    if (id <= shape.keys) return text("k", id - 1);
    if (id <= shape.keys + shape.values) return text("v", id - 1 - shape.keys);
    return text("n", id - 1 - shape.keys - shape.values);
  };
  return symbols::rows(example, token, [](int32_t value) { return text("v", value); });
}

std::string complaint(int64_t length) {
  if (length >= 4 && length % 2 == 0) return "";
  return text("found ", length, ", allowed: even numbers from 4 (a pair has 2 tokens)");
}

}  // namespace longhaul::recall_pairs
