#include "harness/suite/throughput_section.h"

#include "harness/suite/read_list.h"
#include "harness/suite/section.h"

namespace longhaul {
namespace {

constexpr int64_t kLongest = 1 << 24;

void check_not_empty(const Section& section, const std::string& key) {
  const ConfigNode* list = section.find(key);
  if (list && list->kind == ConfigNode::Kind::list && list->children.empty())
    section.problem(key, "is empty, allowed: at least one");
}

std::vector<int64_t> read_lengths(const Section& section) {
  check_not_empty(section, "lengths");
  return read_list<int64_t>(section, "lengths", "[256, 1024, 4096]",
                            text("integers, 1 .. ", kLongest),
                            [](const OptionValue& given, int64_t& value) {
                              const int64_t* integer = std::get_if<int64_t>(&given);
                              if (integer) value = *integer;
                              return integer && value >= 1 && value <= kLongest;
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

ThroughputPlan read_throughput(const Section& section) {
  ThroughputPlan plan;
  Options options(section.values({"lengths", "phases"}));
  plan.tokens = options.integer("tokens", plan.tokens, "tokens of a step; the batch follows", 1);
  plan.repetitions = options.integer("repetitions", plan.repetitions,
                                     "timings of each row, models taking turns", 1, 10000);
  for (const OptionProblem& wrong : options.problems())
    if (wrong.key == "tokens" || wrong.key == "repetitions")
      section.problem(wrong.key, wrong.message);
    else
      section.unknown(wrong.key, suite_keys().at("throughput"));
  if (section.find("lengths")) plan.lengths = read_lengths(section);
  if (section.find("phases")) plan.phases = read_phases(section);
  return plan;
}

}  // namespace longhaul
