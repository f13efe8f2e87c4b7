// docs/models/differences.md and the published presets say where models differ from their papers.
#include <set>
#include <sstream>

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

}  // namespace

TEST_CASE("docs/models/differences.md names every parameter that does not decay", "[docs]") {
  const std::string page = read_text(LONGHAUL_SOURCE_DIR "/docs/models/differences.md");
  const std::size_t begin = page.find("Weight decay spares these");
  REQUIRE(begin != std::string::npos);
  const std::set<std::string> words = named(page.substr(begin));
  Registry registry;
  register_builtins(registry);
  for (const auto& [name, info] : registry.models())
    for (const OptionMap& options :
         {OptionMap{}, OptionMap{{"position", std::string("kerple_log")}},
          OptionMap{{"gated", true}}}) {
      if (!options.empty() && name != (options.count("gated") ? "delta_net" : "transformer"))
        continue;
      Options reader(options);
      const TaskShape task{.vocab = 7, .classes = 3, .max_length = 16};
      Settings settings;
      settings.d_model = 16;
      const Model model(info, reader, settings, task, 1);
      for (const Parameter& parameter : model.parameters()) {
        CAPTURE(name, parameter.name);
        if (parameter.trained() && !parameter.group.decay) CHECK(is_named(parameter.name, words));
      }
    }
}

TEST_CASE("presets of lru, s4d and s5 say that the papers' networks are others", "[docs]") {
  for (const char* name : {"lru", "s4d", "s5"}) {
    const std::string preset =
        read_text(std::string(LONGHAUL_SOURCE_DIR "/configs/models/published/") + name + ".yaml");
    CHECK_THAT(preset.substr(0, preset.find("models:")), Contains("Not the papers' networks"));
  }
}
