#pragma once

#include "longhaul/registry.h"

namespace longhaul {

// What a shared object shows of itself: plain data, so that a host can check it before it calls
// anything.
struct PluginInfo {
  const char* abi;  // LONGHAUL_ABI of longhaul/abi.h as the plugin was compiled
  const char* name;
  void (*enter)(Registry&);
};

}  // namespace longhaul

// LONGHAUL_PLUGIN(name) { registry.mixer<T>({...}); } stands once at the end of a model's or task's
// file. In the program it is an ordinary function that the generated register_builtins() calls; in
// a shared object of its own (longhaul_add_plugin) it also exports `longhaul_plugin_info`.
#ifdef LONGHAUL_BUILDING_PLUGIN
#include "longhaul/abi.h"
#define LONGHAUL_PLUGIN(plugin_name)                                                             \
  static void longhaul_enter_##plugin_name(longhaul::Registry& registry);                        \
  extern "C" {                                                                                   \
  extern __attribute__((visibility("default"))) const longhaul::PluginInfo longhaul_plugin_info; \
  const longhaul::PluginInfo longhaul_plugin_info = {LONGHAUL_ABI, #plugin_name,                 \
                                                     &longhaul_enter_##plugin_name};             \
  }                                                                                              \
  static void longhaul_enter_##plugin_name(longhaul::Registry& registry)
#else
#define LONGHAUL_PLUGIN(name)                               \
  void longhaul_enter_##name(longhaul::Registry& registry); \
  void longhaul_enter_##name(longhaul::Registry& registry)
#endif
