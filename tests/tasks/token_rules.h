#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/worked_example.h"

// Checks of tasks that a second reading of their rule makes: from the tokens alone, what is to be
// answered and where.
namespace longhaul::token_rules {

using Ids = std::vector<int32_t>;
using Solve = std::function<Ids(const Ids& tokens)>;  // the targets

inline Ids nothing(const Ids& tokens) { return Ids(tokens.size(), kIgnore); }

inline Example drawn(const Task& task, int i) {
  Rng rng(1, "token rules", i);
  return task.draw(rng);
}

// The lines "input" and "target" of the task's top comment.
inline Example worked_example(const std::string& task) {
  return {comment_numbers(task, "//   input "), comment_numbers(task, "//   target ")};
}

inline void check_worked_example(const std::string& task, const Solve& solve) {
  const Example example = worked_example(task);
  REQUIRE_FALSE(example.tokens.empty());
  CHECK(solve(example.tokens) == example.targets);
}

inline void check_drawn_examples(const std::string& name, const OptionMap& options,
                                 const Solve& solve, int count = 200) {
  const auto task = make_task(name, options);
  for (int i = 0; i < count; ++i) {
    const Example example = drawn(*task, i);
    INFO(task->show(example));
    REQUIRE(static_cast<int64_t>(example.tokens.size()) <= task->max_length());
    REQUIRE(solve(example.tokens) == example.targets);
  }
}

// The examples at a length, and that ids mean what they mean at the task's own.
inline std::unique_ptr<Task> at_length(const std::string& name, OptionMap options, int64_t length) {
  const auto task = make_task(name, options);
  for (const auto& [option, value] : task->at_length(length)) options[option] = value;
  auto longer = make_task(name, options);
  CHECK(longer->vocab() == task->vocab());
  CHECK(longer->classes() == task->classes());
  return longer;
}

}  // namespace longhaul::token_rules
