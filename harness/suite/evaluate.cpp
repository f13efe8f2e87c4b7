#include <algorithm>

#include "harness/suite/section.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;

// The scalars of the list at `key`, [] where there is none; a problem for whatever `take` refuses.
template <class T, class Take>
std::vector<T> read_list(const Section& section, const std::string& key, const std::string& example,
                         const std::string& allowed, Take take) {
  std::vector<T> values;
  if (!section.find(key)) return values;
  const ConfigNode* list = section.expect(key, Kind::list, example);
  if (!list) return values;
  for (const ConfigNode& item : list->children) {
    T value{};
    const bool taken = item.kind == Kind::scalar && take(item.scalar, value);
    const std::string shown = item.kind == Kind::scalar ? to_text(item.scalar) : to_text(item.kind);
    if (!taken)
      section.problem(key, text("found '", shown, "', allowed: ", allowed));
    else if (std::find(values.begin(), values.end(), value) != values.end())
      section.problem(key, text(shown, " is given twice"));
    else
      values.push_back(std::move(value));
  }
  return values;
}

std::vector<std::string> read_words(const Section& section, const std::string& key,
                                    const std::string& example) {
  return read_list<std::string>(section, key, example, "words",
                                [](const OptionValue& given, std::string& value) {
                                  value = to_text(given);
                                  return !value.empty();
                                });
}

}  // namespace

Evaluate read_evaluate(const Section& section) {
  for (const std::string& key : section.keys())
    if (key != "lengths" && key != "post_hoc" && key != "test_sets")
      section.unknown(key, {"lengths", "post_hoc", "test_sets"});
  Evaluate evaluate;
  evaluate.lengths = read_list<int64_t>(section, "lengths", "[64, 512]", "integers, at least 1",
                                        [](const OptionValue& given, int64_t& value) {
                                          const int64_t* integer = std::get_if<int64_t>(&given);
                                          if (integer) value = *integer;
                                          return integer && value >= 1;
                                        });
  evaluate.post_hoc = read_words(section, "post_hoc", "[ntk_aware, rerope]");
  evaluate.test_sets = read_words(section, "test_sets", "[ordinary, repeated]");
  return evaluate;
}

}  // namespace longhaul
