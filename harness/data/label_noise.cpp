#include "harness/data/label_noise.h"

#include "harness/data/examples.h"

namespace longhaul {

void add_label_noise(Example& example, double share, int64_t classes) {
  if (share <= 0 || classes < 2) return;
  Rng rng(content_hash(example), "label_noise");
  for (int32_t& target : example.targets) {
    if (target == kIgnore || !rng.chance(share)) continue;
    const auto other = static_cast<int32_t>(rng.below(classes - 1));
    target = other < target ? other : other + 1;
  }
}

}  // namespace longhaul
