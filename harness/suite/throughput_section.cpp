#include "harness/suite/throughput_section.h"

#include "harness/suite/read_list.h"
#include "harness/suite/section.h"
#include "harness/suite/suite_schema.h"
#include "support/choices.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {
namespace {

void check_not_empty(const Section& section, const std::string& key) {
  const ConfigNode* list = section.find(key);
  if (list && list->kind == ConfigNode::Kind::list && list->children.empty())
    section.problem(key, "is empty, allowed: at least one");
}

std::vector<int64_t> read_lengths(const Section& section) {
  check_not_empty(section, "lengths");
  return read_list<int64_t>(section, "lengths", "[256, 1024, 4096]",
                            text("integers, 1 .. ", kLongestTimed),
                            [](const OptionValue& given, int64_t& value) {
                              value = whole_number(given).value_or(0);
                              return value >= 1 && value <= kLongestTimed;
                            });
}

std::vector<Phase> read_phases(const Section& section) {
  check_not_empty(section, "phases");
  return read_list<Phase>(section, "phases", "[train, prefill, decode]", "train, prefill, decode",
                          [](const OptionValue& given, Phase& value) {
                            const auto found = names_of(Phase()).find(to_text(given));
                            value = found.value_or(Phase::train);
                            return found.has_value();
                          });
}

}  // namespace

const std::vector<Field<ThroughputPlan>>& throughput_fields() {
  using F = Field<ThroughputPlan>;
  static const std::vector<F> fields = {
      {"tokens", F::Integer{&ThroughputPlan::tokens, 1}, "tokens of a step; the batch follows"},
      {"repetitions", F::Integer{&ThroughputPlan::repetitions, 1, 10000},
       "timings of each row, models taking turns"},
  };
  return fields;
}

ThroughputPlan read_throughput(const Section& section) {
  const std::vector<std::string> known = names_of(suite_part("throughput"));
  Options options(section.values({"lengths", "phases"}));
  ThroughputPlan plan = read_fields(throughput_fields(), options, ThroughputPlan());
  for (const OptionProblem& wrong : options.problems())
    if (contains(known, wrong.key))
      section.problem(wrong.key, wrong.message);
    else
      section.unknown(wrong.key, known);
  if (section.find("lengths")) plan.lengths = read_lengths(section);
  if (section.find("phases")) plan.phases = read_phases(section);
  return plan;
}

}  // namespace longhaul
