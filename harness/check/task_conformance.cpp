#include "harness/check/task_conformance.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "harness/data/examples.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

constexpr Split kSplits[] = {Split::train, Split::validation, Split::test};
constexpr const char* kSplitNames[] = {"train", "validation", "test"};
constexpr int64_t kLookedAt = 10;  // examples a split that are looked at one by one

bool same(const Example& a, const Example& b) {
  return a.tokens == b.tokens && a.second == b.second && a.values == b.values &&
         a.targets == b.targets && a.numbers == b.numbers;
}

uint64_t hash_of(const Example& example) {
  uint64_t hash = 0;
  const auto add = [&hash](const auto& items) {
    hash = hash_bytes(items.data(), items.size() * sizeof(items[0]), hash + items.size());
  };
  add(example.tokens);
  add(example.second);
  add(example.values);
  return hash;
}

class TaskConformance {
 public:
  TaskConformance(const TaskInfo& info, const OptionMap& options, int64_t draws,
                  const PromiseBegins& begins)
      : info_(info), options_(options), draws_(draws), begins_(begins), task_(build(options)) {}

  std::vector<Promise> run() {
    check("sizes and version are declared", &TaskConformance::sizes);
    check("an option that it does not read is refused", &TaskConformance::unread_options);
    check("inputs and targets keep the declared sizes", &TaskConformance::examples);
    check("shallow answers are classes", &TaskConformance::shallow_answers);
    check("show() writes lines", &TaskConformance::lines);
    check("an example is the same whatever was drawn before", &TaskConformance::repeatability);
    check("no input is in two splits, and a split has many", &TaskConformance::splits);
    return std::move(promises_);
  }

 private:
  std::unique_ptr<Task> build(const OptionMap& given) const {
    Options options(given);
    std::unique_ptr<Task> task = info_.make(options);
    options.check(info_.name);
    return task;
  }

  // What a check finds wrong it throws; the first is enough.
  void check(const char* promise, void (TaskConformance::*body)() const) {
    promises_.push_back({promise, {}});
    if (begins_) begins_(promise);
    try {
      (this->*body)();
    } catch (const std::exception& error) {
      promises_.back().violations.push_back(error.what());
    }
  }

  // How many examples to look at: stored ones repeat after count().
  int64_t at_most(int64_t n, Split split) const {
    const int64_t stored = task_->count(split);
    return stored ? std::min(n, stored) : n;
  }

  template <class Body>
  void for_each_example(Body body) const {
    for (int s = 0; s < 3; ++s)
      for (int64_t i = 0; i < at_most(kLookedAt, kSplits[s]); ++i)
        body(example(*task_, kSplits[s], 1, i), text(kSplitNames[s], " example ", i, ": "));
  }

  void sizes() const {
    require(task_->version() >= 1, "version() is ", task_->version(), ", allowed: at least 1");
    require(task_->channels() >= 0, "channels() is ", task_->channels());
    require(task_->channels() > 0 || task_->vocab() >= 2, "vocab() is ", task_->vocab(),
            ", allowed: at least 2, as id 0 pads");
    const int64_t fewest = task_->is_regression() ? 1 : 2;
    require(task_->classes() >= fewest, "classes() is ", task_->classes(), ", allowed: at least ",
            fewest);
    require(task_->answer_unit() > 0, "answer_unit() is ", task_->answer_unit(),
            ", allowed: above 0");
    require(task_->max_length() >= 1, "max_length() is ", task_->max_length());
  }

  void unread_options() const {
    OptionMap options = options_;
    options["no_such_option"] = int64_t{1};
    try {
      build(options);
    } catch (const Error&) {
      return;
    }
    throw Error("it accepts an option no_such_option");
  }

  void check_ids(const std::vector<int32_t>& ids, const std::string& where) const {
    require(!ids.empty(), where, "it is empty");
    require(ids.size() <= task_->max_length(), where, "its length ", ids.size(),
            " is above max_length() ", task_->max_length());
    for (std::size_t t = 0; t < ids.size(); ++t)
      require(ids[t] >= 1 && ids[t] < task_->vocab(), where, "token ", t, " is ", ids[t],
              ", allowed: 1 .. vocab() - 1 = ", task_->vocab() - 1);
  }

  // Returns how many positions the example has.
  std::size_t check_input(const Example& example, const std::string& where) const {
    const int64_t channels = task_->channels();
    require((task_->readout() == Readout::pair) != example.second.empty(), where,
            "`second` is for Readout::pair, and only for it");
    if (channels == 0) {
      check_ids(example.tokens, where);
      if (!example.second.empty()) check_ids(example.second, where + "second: ");
      return example.tokens.size();
    }
    require(
        example.tokens.empty() && !example.values.empty() && example.values.size() % channels == 0,
        where, "with channels() it holds values [length * ", channels, "] and no tokens, found ",
        example.values.size(), " values and ", example.tokens.size(), " tokens");
    for (std::size_t i = 0; i < example.values.size(); ++i)
      require(std::isfinite(example.values[i]), where, "value ", i, " is ", example.values[i]);
    return example.values.size() / channels;
  }

  void check_numbers(const Example& example, const std::string& where) const {
    const std::size_t wanted =
        task_->is_regression() ? example.targets.size() * task_->classes() : 0;
    require(example.numbers.size() == wanted, where, example.numbers.size(),
            " real answers, expected ", wanted);
    for (std::size_t i = 0; i < wanted; ++i)
      require(std::isfinite(example.numbers[i]), where, "answer ", i, " is ", example.numbers[i]);
  }

  void examples() const {
    for_each_example([&](const Example& example, const std::string& where) {
      const std::size_t length = check_input(example, where);
      const std::size_t wanted = task_->readout() == Readout::token ? length : 1;
      require(example.targets.size() == wanted, where, example.targets.size(),
              " targets, expected ", wanted);
      bool scored = false;
      for (std::size_t t = 0; t < wanted; ++t) {
        const int32_t target = example.targets[t];
        scored |= target != kIgnore;
        require(target == kIgnore || (target >= 0 && target < task_->classes()), where, "target ",
                t, " is ", target, ", allowed: 0 .. classes() - 1 = ", task_->classes() - 1,
                ", or kIgnore");
      }
      require(scored, where, "no target is scored");
      check_numbers(example, where);
    });
  }

  void shallow_answers() const {
    for_each_example([&](const Example& example, const std::string& where) {
      for (std::size_t t = 0; t < example.targets.size(); ++t) {
        if (example.targets[t] == kIgnore) continue;
        const int32_t guess = task_->shallow(example, static_cast<int64_t>(t)).guess;
        require(guess == kIgnore || (guess >= 0 && guess < task_->classes()), where,
                "the shallow guess at ", t, " is ", guess,
                ", allowed: 0 .. classes() - 1 = ", task_->classes() - 1);
      }
    });
  }

  void lines() const {
    for_each_example([&](const Example& example, const std::string& where) {
      const std::string shown = task_->show(example);
      require(!shown.empty() && shown.back() == '\n', where, "show() does not end in a line break");
    });
  }

  void repeatability() const {
    const std::unique_ptr<Task> again = build(options_);
    const int64_t n = at_most(20, Split::train);
    std::vector<Example> forwards;
    for (int64_t i = 0; i < n; ++i) forwards.push_back(example(*task_, Split::train, 7, i));
    int64_t repeated = 0;
    for (int64_t i = n - 1; i >= 0; --i) {
      require(same(example(*again, Split::train, 7, i), forwards[i]), "train example ", i,
              " differs when those after it are drawn first");
      repeated += same(example(*task_, Split::train, 8, i), forwards[i]);
    }
    require(2 * repeated < std::max<int64_t>(n, 3), repeated, " of ", n,
            " examples are the same with another seed");
  }

  void splits() const {
    std::unordered_set<uint64_t> elsewhere;
    for (int s = 0; s < 3; ++s) {
      const int64_t n = at_most(draws_, kSplits[s]);
      std::unordered_set<uint64_t> here;
      for (int64_t i = 0; i < n; ++i) here.insert(hash_of(example(*task_, kSplits[s], 1, i)));
      require(2 * static_cast<int64_t>(here.size()) > n, "of ", n, " ", kSplitNames[s],
              " examples only ", here.size(), " differ");
      for (uint64_t hash : here)
        require(!elsewhere.count(hash), "an input of ", kSplitNames[s], " is in another split too");
      elsewhere.merge(here);
    }
  }

  const TaskInfo& info_;
  const OptionMap& options_;
  int64_t draws_;
  const PromiseBegins& begins_;
  std::unique_ptr<Task> task_;
  std::vector<Promise> promises_;
};

}  // namespace

std::vector<Promise> check_promises(const TaskInfo& task, const OptionMap& options, int64_t draws,
                                    const PromiseBegins& begins) {
  if (begins) begins("it can be built");
  return TaskConformance(task, options, draws, begins).run();
}

}  // namespace longhaul
