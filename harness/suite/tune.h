#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/suite/section.h"
#include "harness/suite/suite.h"

namespace longhaul {

// Equal tuning: every model tries the same settings on every task, as often, with the suite's first
// seed. What is best on validation trains with all seeds and is tested; the others never are.

// Names with lists of values, such as `example`.
Tune read_value_lists(const Section& section, const std::string& example);

// Every combination of the values, the last key varying fastest; the one empty point of a suite
// that tunes nothing.
std::vector<OptionMap> tuning_points(const Tune& tune);

// What a point says of settings and of options.
Settings settings_at(const Settings& settings, const OptionMap& point);
OptionMap options_at(const OptionMap& point);

// The trials that choose: first seed x task x model x point.
std::vector<TrialSpec> tuning_trials(const Suite& suite, const Registry& registry);

struct Tuned {
  std::vector<TrialSpec> trials;     // seed x task x model, each with the values chosen
  std::vector<std::string> choices;  // a line for each task and model
};

// Chooses by the records of tuning_trials() in the results folder `out`: the highest validation
// score, of equal ones the first; the first point where no trial went well.
Tuned choose_settings(const Suite& suite, const Registry& registry,
                      const std::filesystem::path& out);

// The suite's `tune` against its models, in words: keys that are no setting and no option of every
// model, and values that one of them cannot have.
struct TuneProblem {
  std::string key;  // "": of a combination
  std::string message;
};
std::vector<TuneProblem> check_tune(const Suite& suite, const Registry& registry);

}  // namespace longhaul
