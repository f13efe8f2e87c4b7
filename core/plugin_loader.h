#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "longhaul/registry.h"

namespace longhaul {

// A shared object that a trial's model, task, loss, optimizer or metric comes from, and what it
// held when the trial was planned: a plugin that was rebuilt makes another trial, wherever its file
// lies.
struct PluginFile {
  std::string path;
  std::string content;  // hash of its bytes, 16 hex digits
};

// What a plugin must have been built for to be loaded: "longhaul 0.1 GNU 12 c++20 cxx11abi=1".
std::string plugin_abi();

// The plugin's absolute path. Looks for `name` as given, beside the suite file (in `folder`), and
// in the folders of LONGHAUL_PLUGIN_PATH, separated by ':'. Throws Error naming where it looked.
std::filesystem::path find_plugin(const std::string& name,
                                  const std::filesystem::path& folder = {});

// Loads a shared object and lets it register what it brings, with its path as the origin.
// It is never unloaded, and loading it once more does nothing. Throws Error, and leaves the
// registry as it was, if it cannot be loaded, is no plugin, was built for another longhaul or
// compiler (naming both), registers nothing, or registers a name that is taken (naming both
// origins).
void load_plugin(const std::filesystem::path& path, Registry& registry);

// Loads what a trial needs. Throws Error if a plugin is not what it was when the trial was planned.
void load_plugins(const std::vector<PluginFile>& plugins, Registry& registry);

// Whether an origin, of a hybrid too, names a plugin.
bool is_of_plugin(const std::string& origin);
// The plugins among the origins, as they are on disk now.
std::vector<PluginFile> plugins_of(const std::set<std::string>& origins);
std::vector<std::string> loaded_plugins(const Registry& registry);  // paths, sorted

}  // namespace longhaul
