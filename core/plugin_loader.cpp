#include "core/plugin_loader.h"

#include <dlfcn.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "longhaul/abi.h"
#include "longhaul/error.h"
#include "longhaul/plugin.h"
#include "support/hash.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

const char* const kBuiltin = "builtin";

std::vector<fs::path> folders_of(const char* variable) {
  const char* value = std::getenv(variable);
  std::istringstream list(value ? value : "");
  std::vector<fs::path> folders;
  for (std::string folder; std::getline(list, folder, ':');)
    if (!folder.empty()) folders.emplace_back(folder);
  return folders;
}

// 16 hex digits that differ when the bytes of the file do.
std::string content_of(const fs::path& path) { return to_hex(hash_file(path)); }

// The text that is compared, without the hash of the public headers at its end.
std::string before_headers(const std::string& abi) { return abi.substr(0, abi.rfind(" headers ")); }

const PluginInfo& open(const fs::path& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // for good: its code is in use
  if (!handle) {
    const char* reason = dlerror();
    throw Error(text("plugin ", path.string(), ": cannot be loaded: ", reason ? reason : "",
                     " (if it was built for another longhaul, rebuild it)"));
  }
  const auto* info = static_cast<const PluginInfo*>(dlsym(handle, "longhaul_plugin_info"));
  require(info != nullptr, "plugin ", path.string(),
          ": is not a longhaul plugin: it has no LONGHAUL_PLUGIN(...) block, or was not built by "
          "longhaul_add_plugin");
  const std::string own = plugin_abi(), its = info->abi;
  require(its == own, "plugin ", path.string(), ": was built for '", its, "', this longhaul is '",
          own, before_headers(its) == before_headers(own) ? "' with other public headers" : "'",
          "; rebuild the plugin");
  return *info;
}

}  // namespace

std::string plugin_abi() { return LONGHAUL_ABI; }

fs::path find_plugin(const std::string& name, const fs::path& folder) {
  require(!name.empty(), "plugin: expected the path of a shared object, found nothing");
  std::vector<fs::path> places = {name};
  if (fs::path(name).is_relative()) {
    if (!folder.empty()) places.push_back(folder / name);
    for (const fs::path& listed : folders_of("LONGHAUL_PLUGIN_PATH"))
      places.push_back(listed / name);
  }
  std::string looked;
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) return fs::canonical(place);
    looked += text(looked.empty() ? "" : ", ", place.string());
  }
  throw Error(
      text("plugin ", name, ": no such file; looked for ", looked,
           std::getenv("LONGHAUL_PLUGIN_PATH") ? "" : " (LONGHAUL_PLUGIN_PATH is not set)"));
}

void load_plugin(const fs::path& path, Registry& registry) {
  for (const std::string& loaded : loaded_plugins(registry))
    if (loaded == path) return;
  const PluginInfo& info = open(path);
  Registry extended = registry;
  extended.set_origin(path.string());
  try {
    info.enter(extended);
  } catch (const std::exception& error) {
    throw Error(text("plugin ", path.string(), ": ", error.what()));
  }
  require(extended.origins().count(path.string()) > 0, "plugin ", path.string(),
          ": registers nothing: no model, task, loss, optimizer or metric");
  extended.set_origin(kBuiltin);
  registry = std::move(extended);
}

void load_plugins(const std::vector<PluginFile>& plugins, Registry& registry) {
  for (const PluginFile& plugin : plugins) {
    const fs::path path = find_plugin(plugin.path);
    require(content_of(path) == plugin.content, "plugin ", plugin.path,
            ": has changed since the trial was planned; its content is another");
    load_plugin(path, registry);
  }
}

bool is_of_plugin(const std::string& origin) {
  return origin.find('/') != std::string::npos;  // a plugin's is its absolute path
}

std::vector<PluginFile> plugins_of(const std::set<std::string>& origins) {
  std::vector<PluginFile> plugins;
  for (const std::string& origin : origins)
    if (origin != kBuiltin) plugins.push_back({origin, content_of(origin)});
  return plugins;
}

std::vector<std::string> loaded_plugins(const Registry& registry) {
  std::set<std::string> origins = registry.origins();
  origins.erase(kBuiltin);
  return {origins.begin(), origins.end()};
}

}  // namespace longhaul
