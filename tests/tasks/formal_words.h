#pragma once

#include <functional>
#include <string>

#include "longhaul/task.h"

namespace longhaul {

// Input and answer of an example of a formal-language task, as show() prints them.
struct ShownWord {
  std::string input, answer;
};

ShownWord shown_word(const Task& task, const Example& example);

// Answers an input by a second reading of the task's rule.
using Rule = std::function<std::string(const std::string&)>;

// Checks that the worked examples in the top comment of tasks/<name>.cpp, a line "input -> answer"
// and a line of ids and targets each, say the same twice and what the rule says.
void check_worked_examples(const std::string& name, int count, const Rule& rule);

// Checks the rule on drawn examples.
void check_drawn_examples(const std::string& name, const OptionMap& options, int count,
                          const Rule& rule);

// Of measure_baselines(), at the given options.
double shallow_accuracy(const std::string& name, const OptionMap& options = {});

}  // namespace longhaul
