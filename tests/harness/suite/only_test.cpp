#include "harness/suite/only.h"

#include "longhaul/error.h"
#include "tests/helpers/catch.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

TrialSpec spec(const std::string& model, const std::string& task, uint64_t seed) {
  TrialSpec spec;
  spec.model_name = model;
  spec.task_name = task;
  spec.seed = seed;
  return spec;
}

}  // namespace

TEST_CASE("only: a trial must meet each key, by one of its values", "[only]") {
  const Only only = Only::from_words({"model=lru,gla", "seed=0", "seed=2"});
  CHECK(only.holds(spec("lru", "mqar", 0)));
  CHECK(only.holds(spec("gla", "listops", 2)));
  CHECK_FALSE(only.holds(spec("gla", "listops", 1)));
  CHECK_FALSE(only.holds(spec("rnn", "mqar", 0)));
  CHECK(Only().is_all());
  CHECK(Only().holds(spec("rnn", "mqar", 0)));
}

TEST_CASE("only: errors name the key, the value and the nearest", "[only]") {
  CHECK_THROWS_WITH(Only::from_words({"lru"}), Contains("found 'lru', expected KEY=VALUE"));
  CHECK_THROWS_WITH(Only::from_words({"modle=lru"}), Contains("did you mean 'model'?"));
  CHECK_THROWS_WITH(Only::from_words({"model=lru,"}), Contains("expected a value"));
  const std::vector<TrialSpec> specs = {spec("lru", "mqar", 0), spec("rnn", "mqar", 0)};
  CHECK_NOTHROW(Only::from_words({"model=rnn"}).require_known(specs));
  CHECK_THROWS_WITH(Only::from_words({"model=lrv"}).require_known(specs),
                    Contains("the suite has no model 'lrv'; did you mean 'lru'?"));
}
