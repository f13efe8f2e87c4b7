// A plugin as another longhaul or another compiler (FOREIGN_ABI) would have built it, or this one
// against other headers (FOREIGN_HEADERS). Entering it would be a crash.
#include <cstdlib>

#include "longhaul/plugin.h"

#ifndef FOREIGN_ABI
#define FOREIGN_ABI LONGHAUL_ABI_OF_HEADERS(FOREIGN_HEADERS)
#endif

extern "C" {
extern __attribute__((visibility("default"))) const longhaul::PluginInfo longhaul_plugin_info;
const longhaul::PluginInfo longhaul_plugin_info = {FOREIGN_ABI, "foreign",
                                                   [](longhaul::Registry&) { std::abort(); }};
}
