#pragma once

#include <string>
#include <vector>

#include "harness/settings/settings.h"

namespace longhaul {

// What self-pretraining asks a model to restore of its inputs (harness/data/pretext.h).
enum class Restore { nothing, masked, next };

// A way to begin training (Amos, Berant & Gupta 2024, arXiv:2310.02980).
struct PretrainingInfo {
  std::string name;         // a value of the setting `pretrain`
  std::string description;  // what happens
  Restore restore = Restore::nothing;
  // Trains from scratch for pretrain_steps more: as long as with pretraining.
  bool is_longer = false;
};

// The one table of them.
const std::vector<PretrainingInfo>& pretrainings();
// What the settings ask for. Throws Error if `pretrain` names none.
const PretrainingInfo& pretraining_of(const Settings& settings);

}  // namespace longhaul
