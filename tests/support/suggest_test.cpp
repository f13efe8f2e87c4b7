#include "support/suggest.h"

#include "longhaul/options.h"
#include "support/enum_names.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

enum class Fruit { apple, pear, plum };

const EnumNames<Fruit> kFruits = {
    {Fruit::apple, "apple"}, {Fruit::pear, "pear"}, {Fruit::plum, "plum"}};

}  // namespace

TEST_CASE("the nearest name is suggested, or none", "[suggest]") {
  CHECK(nearest("stepz", {"seconds", "steps"}) == "steps");
  CHECK(nearest("lr", {"layers", "learning_rate"}) == "learning_rate");
  CHECK(nearest("qqqqq", {"seconds", "steps"}).empty());
  CHECK(did_you_mean("stepz", {"seconds", "steps"}) == "; did you mean 'steps'?");
  CHECK(did_you_mean("qqqqq", {"seconds", "steps"}).empty());
}

TEST_CASE("an error ends with the nearest name and the list of all", "[suggest]") {
  CHECK(nearest_and_known("stepz", {"seconds", "steps"}) ==
        "; did you mean 'steps'? known: seconds steps");
  CHECK(nearest_and_known("qqqqq", {"seconds", "steps"}) == "; known: seconds steps");
  CHECK(nearest_and_known("stat", {"lru.state"}, {"state"}) ==
        "; did you mean 'state'? known: lru.state");
  CHECK(nearest_and_known("stat", {}) == "; there are none");
}

TEST_CASE("a word that is not allowed is named with those that are", "[suggest]") {
  CHECK(not_allowed("relu", {"none", "silu"}) ==
        "found 'relu', allowed: none | silu; did you mean 'silu'?");
  CHECK(not_allowed("qqqqq", {"none", "silu"}) == "found 'qqqqq', allowed: none | silu");
}

TEST_CASE("an enum's values have words, and words their value", "[enum_names]") {
  CHECK(kFruits.word(Fruit::pear) == "pear");
  CHECK(kFruits.value("plum") == Fruit::plum);
  CHECK_FALSE(kFruits.find("prune").has_value());
  CHECK_THROWS_WITH(kFruits.value("peer"),
                    "found 'peer', allowed: apple | pear | plum; did you mean 'pear'?");
}
