// docs/models/differences.md and the published presets say where models differ from their papers.
#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "core/builtins.h"
#include "harness/model/model.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// The words in backticks of a text.
std::set<std::string> named(const std::string& text) {
  std::set<std::string> words;
  std::istringstream parts(text);
  bool inside = false;
  for (std::string part; std::getline(parts, part, '`'); inside = !inside)
    if (inside) words.insert(part);
  return words;
}

// "block.0.mixer.reverse.nu_log" -> "nu_log", as the page names it.
bool is_named(const std::string& parameter, const std::set<std::string>& words) {
  for (std::size_t at = 0; at != std::string::npos; at = parameter.find('.', at + 1)) {
    const std::string rest = parameter.substr(at + (at > 0));
    if (words.count(rest) || words.count('.' + rest)) return true;
  }
  const std::size_t last = parameter.rfind('.');
  return last != std::string::npos && words.count(parameter.substr(last));  // "every `.bias`"
}

// The last table of the page: for each model its row's words, and those of "every model".
std::map<std::string, std::set<std::string>> spared_parameters() {
  const std::string page = read_text(LONGHAUL_SOURCE_DIR "/docs/models/differences.md");
  const std::size_t begin = page.find("Weight decay spares these");
  REQUIRE(begin != std::string::npos);
  std::map<std::string, std::set<std::string>> words;
  std::istringstream lines(page.substr(begin));
  static const std::regex row("^\\| ([a-z0-9_, ]+) \\| (.*) \\|$");
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, match, row) || named(match[2]).empty()) continue;
    std::string models = match[1];
    std::replace(models.begin(), models.end(), ',', ' ');
    if (models == "every model") models = "every_model";
    std::istringstream names(models);
    for (std::string name; names >> name;) words[name].merge(named(match[2]));
  }
  return words;
}

// The model as the page speaks of it: on ids and on real numbers, with each option and setting that
// adds a parameter that does not decay.
std::vector<Model> variants(const std::string& name, const ModelInfo& info) {
  std::vector<OptionMap> options = {{}};
  if (name == "transformer") {
    for (const char* position : {"kerple_log", "learned"})
      options.push_back({{"position", std::string(position)}});
    options.push_back({{"forget_gate", true}, {"output_gate", true}, {"sink", true}});
  }
  if (name == "delta_net") options.push_back({{"gated", true}});
  std::vector<Model> models;
  for (const char* feed_forward : {"gated", "gelu", "glu"}) {
    Settings settings;
    settings.d_model = 16;
    if (feed_forward != settings.feed_forward) {
      if (info.make_network) continue;
      settings.norm = "layer";
      settings.feed_forward = feed_forward;
    }
    for (const OptionMap& chosen : options)
      for (const int64_t channels : {0, 1}) {
        Options reader(chosen);
        const TaskShape task{.vocab = 7, .classes = 3, .max_length = 16, .channels = channels};
        models.emplace_back(info, reader, settings, task, 1);
      }
  }
  return models;
}

}  // namespace

TEST_CASE("docs/models/differences.md names the parameters that do not decay, and no others",
          "[docs]") {
  const auto spared = spared_parameters();
  REQUIRE(spared.count("every_model") == 1);
  std::set<std::string> unseen = spared.at("every_model");
  Registry registry;
  register_builtins(registry);
  for (const auto& [name, info] : registry.models()) {
    std::set<std::string> words = spared.at("every_model");
    if (spared.count(name)) words.insert(spared.at(name).begin(), spared.at(name).end());
    for (const Model& model : variants(name, info))
      for (const Parameter& parameter : model.parameters()) {
        CAPTURE(name, parameter.name);
        if (parameter.trained()) CHECK(parameter.group.decay != is_named(parameter.name, words));
        for (const std::string& word : spared.at("every_model"))
          if (is_named(parameter.name, {word})) unseen.erase(word);
      }
  }
  CHECK(unseen == std::set<std::string>{});
  for (const auto& [name, words] : spared) {
    CAPTURE(name);
    CHECK((name == "every_model" || registry.models().count(name) == 1));
  }
}

TEST_CASE("presets of lru, s4d and s5 have the papers' blocks", "[docs]") {
  for (const char* name : {"lru", "s4d", "s5"}) {
    std::istringstream preset(
        read_text(std::string(LONGHAUL_SOURCE_DIR "/configs/models/published/") + name + ".yaml"));
    for (std::string line; std::getline(preset, line);) {
      if (line.find("{name: ") == std::string::npos) continue;
      CHECK_THAT(line, Contains("norm: batch"));
      CHECK_THAT(line, Contains("feed_forward: glu") || Contains("feed_forward: half_glu"));
      if (name != std::string("lru")) CHECK_THAT(line, Contains("output: none"));
    }
  }
}
