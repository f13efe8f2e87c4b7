// A plugin that registers nothing.
#include "longhaul/plugin.h"

LONGHAUL_PLUGIN(empty) { (void)registry; }
