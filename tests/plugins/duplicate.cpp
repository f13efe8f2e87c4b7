// A plugin that takes a built-in model's name, after adding one of its own.
#include "longhaul/plugin.h"

LONGHAUL_PLUGIN(duplicate) {
  registry.add(longhaul::ModelInfo{.name = "fresh", .about = "", .source = ""});
  registry.add(longhaul::ModelInfo{.name = "lru", .about = "", .source = ""});
}
