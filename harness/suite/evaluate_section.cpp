#include "harness/suite/evaluate_section.h"

#include "harness/suite/read_list.h"
#include "harness/suite/suite_schema.h"
#include "support/choices.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {
namespace {

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
  const std::vector<std::string> known = names_of(suite_part("evaluate"));
  for (const std::string& key : section.keys())
    if (!contains(known, key)) section.unknown(key, known);
  Evaluate evaluate;
  evaluate.lengths = read_list<int64_t>(section, "lengths", "[64, 512]", "integers, at least 1",
                                        [](const OptionValue& given, int64_t& value) {
                                          value = whole_number(given).value_or(0);
                                          return value >= 1;
                                        });
  evaluate.post_hoc = read_words(section, "post_hoc", "[ntk_aware, rerope]");
  evaluate.test_sets = read_words(section, "test_sets", "[ordinary, repeated]");
  return evaluate;
}

}  // namespace longhaul
