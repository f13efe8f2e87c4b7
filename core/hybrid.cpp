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

// Every mixer that has post-hoc changes makes this one, of the options that it would read; what it
// sets is set for it alone.
OptionMap change_mixers(const std::vector<ModelInfo>& mixers, OptionMap options,
                        const PostHocChange& change) {
  for (const ModelInfo& mixer : mixers) {
    if (!mixer.post_hoc) continue;
    const std::string prefix = mixer.name + ".";
    OptionMap own = options;
    for (const auto& [key, value] : options)
      if (key.starts_with(prefix)) own[key.substr(prefix.size())] = value;
    for (const auto& [key, value] : mixer.post_hoc(own, change))
      if (const auto before = own.find(key); before == own.end() || before->second != value)
        options[prefix + key] = value;
  }
  return options;
}

bool has_post_hoc(const ModelInfo& mixer) { return mixer.post_hoc != nullptr; }

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
  if (std::any_of(mixers.begin(), mixers.end(), has_post_hoc))
    info.post_hoc = [mixers](OptionMap options, const PostHocChange& change) {
      return change_mixers(mixers, std::move(options), change);
    };
  return info;
}

}  // namespace longhaul
