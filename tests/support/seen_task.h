#pragma once

#include "longhaul/registry.h"

namespace longhaul {

// A task that every model family can learn in seconds: at each position, has token 1 occurred yet?
void register_seen_task(Registry& registry);

}  // namespace longhaul
