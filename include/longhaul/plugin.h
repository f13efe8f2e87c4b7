#pragma once

#include "longhaul/registry.h"

// LONGHAUL_PLUGIN(name) { registry.mixer<T>({...}); } stands once at the end of a model's or task's
// file. In the program it is an ordinary function that the generated register_builtins() calls; in
// a shared object of its own it also exports the one symbol that a host checks before it calls
// anything.
#ifdef LONGHAUL_BUILDING_PLUGIN
#include "longhaul/abi.h"
namespace longhaul {
struct PluginInfo {
  const char* abi;
  const char* name;
  void (*enter)(Registry&);
};
}  // namespace longhaul
#define LONGHAUL_PLUGIN(name)                                                                      \
  static void longhaul_enter_##name(longhaul::Registry& registry);                                 \
  extern "C" __attribute__((visibility("default")))                                                \
  const longhaul::PluginInfo longhaul_plugin_info = {LONGHAUL_ABI, #name, &longhaul_enter_##name}; \
  static void longhaul_enter_##name(longhaul::Registry& registry)
#else
#define LONGHAUL_PLUGIN(name)                               \
  void longhaul_enter_##name(longhaul::Registry& registry); \
  void longhaul_enter_##name(longhaul::Registry& registry)
#endif
