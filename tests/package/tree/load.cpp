// load FILE.so...: enters these plugins in a registry where no built-in has their names yet, and
// prints what they register.
#include <dlfcn.h>

#include <cstdio>

#include "longhaul/plugin.h"

int main(int argc, char** argv) {
  longhaul::Registry registry;
  for (int i = 1; i < argc; ++i) {
    void* handle = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
    const void* info = handle ? dlsym(handle, "longhaul_plugin_info") : nullptr;
    if (!info) return std::fprintf(stderr, "%s: %s\n", argv[i], dlerror()), 1;
    static_cast<const longhaul::PluginInfo*>(info)->enter(registry);
  }
  for (const auto& [name, model] : registry.models()) std::printf("model %s\n", name.c_str());
  for (const auto& [name, task] : registry.tasks()) std::printf("task %s\n", name.c_str());
}
