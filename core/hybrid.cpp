#include "core/hybrid.h"

#include <algorithm>

#include "longhaul/error.h"

namespace longhaul {
namespace {

// The names in order, each once.
std::string list(const std::vector<ModelInfo>& mixers, const std::string ModelInfo::*field,
                 const char* between) {
  std::vector<std::string> seen;
  std::string joined;
  for (const ModelInfo& mixer : mixers) {
    if (std::find(seen.begin(), seen.end(), mixer.*field) != seen.end()) continue;
    seen.push_back(mixer.*field);
    joined += (joined.empty() ? "" : between) + mixer.*field;
  }
  return joined;
}

Direction common_direction(const std::string& name, const std::vector<ModelInfo>& mixers) {
  Direction common = Direction::either;
  for (const ModelInfo& mixer : mixers) {
    if (mixer.direction == Direction::either) continue;
    require(common == Direction::either || common == mixer.direction, "hybrid '", name,
            "': some of its mixers are causal only, others bidirectional only");
    common = mixer.direction;
  }
  return common;
}

std::unique_ptr<Mixer> make_layer(const std::string& name, const std::vector<ModelInfo>& mixers,
                                  MixerContext& context) {
  const auto count = static_cast<int64_t>(mixers.size());
  require(context.layers() >= count, "hybrid '", name, "' names ", count,
          " mixers, found layers: ", context.layers(), ", allowed: at least ", count);
  const ModelInfo& mixer = mixers[context.layer() % count];
  context.options().set_reader(mixer.name);
  std::unique_ptr<Mixer> made = mixer.make(context);
  context.options().set_reader("");
  return made;
}

}  // namespace

std::vector<std::string> mixers_of(const std::string& model) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= model.size();) {
    const std::size_t end = std::min(model.find('+', begin), model.size());
    names.push_back(model.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

std::string hybrid_name(const std::vector<std::string>& mixers) {
  std::string name;
  for (const std::string& mixer : mixers) name += (name.empty() ? "" : "+") + mixer;
  return name;
}

ModelInfo hybrid(const std::string& name, const std::vector<ModelInfo>& mixers) {
  for (const ModelInfo& mixer : mixers)
    require(mixer.make != nullptr, "hybrid '", name, "': ", mixer.name,
            " is a whole network, not a mixer, and cannot be a layer of another");
  ModelInfo info;
  info.name = name;
  info.about = "layers of " + list(mixers, &ModelInfo::name, ", ") + " in turn";
  info.source = list(mixers, &ModelInfo::source, "; ");
  info.direction = common_direction(name, mixers);
  info.origin = list(mixers, &ModelInfo::origin, " + ");
  info.make = [name, mixers](MixerContext& context) { return make_layer(name, mixers, context); };
  return info;
}

bool is_option(const std::string& key, const std::string& name) {
  return key == name || key.ends_with("." + name);
}

bool has_option(const OptionMap& options, const std::string& name) {
  return std::any_of(options.begin(), options.end(),
                     [&](const auto& option) { return is_option(option.first, name); });
}

void set_option(OptionMap& options, const std::string& name, const OptionValue& value) {
  if (!has_option(options, name)) options[name] = value;
  for (auto& [key, held] : options)
    if (is_option(key, name)) held = value;
}

}  // namespace longhaul
