// The task checks find what they are there to find: each broken task is named for its fault.

#include "harness/check/task_conformance.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// The first token of eight; the base of all broken ones below.
class First : public Task {
 public:
  explicit First(Options&) {}
  int version() const override { return 1; }
  int64_t vocab() const override { return 9; }
  int64_t classes() const override { return 8; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return 8; }
  Example draw(Rng& rng) const override {
    Example example;
    for (int t = 0; t < 8; ++t) example.tokens.push_back(static_cast<int32_t>(rng.between(1, 8)));
    example.targets = {example.tokens[0] - 1};
    return example;
  }
};

struct NoVersion final : First {
  using First::First;
  int version() const override { return 0; }
};

struct PadsInside final : First {
  using First::First;
  Example draw(Rng& rng) const override {
    Example example = First::draw(rng);
    example.tokens[3] = kPad;
    return example;
  }
};

struct WrongTarget final : First {
  using First::First;
  Example draw(Rng& rng) const override {
    Example example = First::draw(rng);
    example.targets = {8};
    return example;
  }
};

struct TooLong final : First {
  using First::First;
  int64_t max_length() const override { return 7; }
};

struct Unscored final : First {
  using First::First;
  Example draw(Rng& rng) const override {
    Example example = First::draw(rng);
    example.targets = {kIgnore};
    return example;
  }
};

struct WildGuess final : First {
  using First::First;
  Shallow shallow(const Example&, int64_t) const override { return {.guess = 8}; }
};

struct NoLine final : First {
  using First::First;
  std::string show(const Example&) const override { return "no line"; }
};

struct Remembers final : First {
  using First::First;
  Example draw(Rng& rng) const override {
    Example example = First::draw(rng);
    example.targets = {static_cast<int32_t>(++drawn % 8)};
    return example;
  }
  mutable int64_t drawn = 0;
};

struct Repeats final : First {
  using First::First;
  int64_t count(Split) const override { return 50; }
  Example at(Split split, int64_t) const override {
    Rng rng(static_cast<uint64_t>(split), "repeats");
    return First::draw(rng);
  }
};

struct SharesExamples final : First {
  using First::First;
  int64_t count(Split) const override { return 50; }
  Example at(Split, int64_t index) const override {
    Rng rng(0, "shared", static_cast<uint64_t>(index));
    return First::draw(rng);
  }
};

struct ReadsAnything final : First {
  explicit ReadsAnything(Options& options) : First(options) {
    options.integer("no_such_option", 1, "read whatever it is called");
  }
};

template <class T>
std::string task_violations() {
  Registry registry;
  registry.task<T>({.name = "broken", .about = "", .source = ""});
  std::string all;
  for (const Promise& promise : check_promises(registry.task("broken")))
    for (const std::string& violation : promise.violations)
      all += promise.name + ": " + violation + '\n';
  return all;
}

}  // namespace

TEST_CASE("task conformance: a right task has no violation", "[conformance]") {
  CHECK(task_violations<First>() == "");
}

TEST_CASE("task conformance: each fault is named", "[conformance]") {
  using Catch::Matchers::Contains;
  CHECK_THAT(task_violations<NoVersion>(), Contains("version() is 0, allowed: at least 1"));
  CHECK_THAT(task_violations<PadsInside>(),
             Contains("train example 0: token 3 is 0, allowed: 1 .. vocab() - 1 = 8"));
  CHECK_THAT(
      task_violations<WrongTarget>(),
      Contains("train example 0: target 0 is 8, allowed: 0 .. classes() - 1 = 7, or kIgnore"));
  CHECK_THAT(task_violations<TooLong>(), Contains("its length 8 is above max_length() 7"));
  CHECK_THAT(task_violations<Unscored>(), Contains("no target is scored"));
  CHECK_THAT(task_violations<WildGuess>(), Contains("the shallow guess at 0 is 8"));
  CHECK_THAT(task_violations<NoLine>(), Contains("show() does not end in a line break"));
  CHECK_THAT(task_violations<Remembers>(), Contains("differs when those after it are drawn first"));
  CHECK_THAT(task_violations<Repeats>(), Contains("of 50 train examples only 1 differ"));
  CHECK_THAT(task_violations<SharesExamples>(),
             Contains("an input of validation is in another split too"));
  CHECK_THAT(task_violations<ReadsAnything>(), Contains("it accepts an option no_such_option"));
}

TEST_CASE("task conformance: an unknown option is an error of the caller", "[conformance]") {
  Registry registry;
  registry.task<First>({.name = "first", .about = "", .source = ""});
  CHECK_THROWS_AS(check_promises(registry.task("first"), {{"lenght", int64_t{9}}}), Error);
}
