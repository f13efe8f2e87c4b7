// A plugin as another longhaul or another compiler (FOREIGN_ABI) would have built it. Entering it
// would be a crash.
#include <cstdlib>

#include "longhaul/plugin.h"

extern "C" {
extern __attribute__((visibility("default"))) const longhaul::PluginInfo longhaul_plugin_info;
const longhaul::PluginInfo longhaul_plugin_info = {FOREIGN_ABI, "foreign",
                                                   [](longhaul::Registry&) { std::abort(); }};
}
