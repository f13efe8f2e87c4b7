// Task::at_length() of the tasks that have a length of their own choice.

#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

TEST_CASE("listops: at a length, expressions have more than half of it and no more than it",
          "[tasks][at_length]") {
  const auto standard = make_task("listops");
  const auto task = make_task("listops", standard->at_length(200));
  CHECK(task->max_length() == 200);
  for (int i = 0; i < 20; ++i) {
    const std::size_t size = example(*task, Split::test, 0, i).tokens.size();
    REQUIRE((size > 100 && size <= 200));
  }
  CHECK_THROWS_AS(standard->at_length(0), Error);
}

TEST_CASE("mqar: at a length, pairs and vocabulary stay", "[tasks][at_length]") {
  const auto standard = make_task("mqar");
  const auto task = make_task("mqar", standard->at_length(256));
  CHECK(task->max_length() == 256);
  CHECK(task->vocab() == standard->vocab());
  CHECK_THROWS_WITH(standard->at_length(30), Catch::Matchers::Contains("at least 32"));
  CHECK_THROWS_AS(standard->at_length(65), Error);
}

TEST_CASE("pathfinder: at a length, pictures have its root as their side", "[tasks][at_length]") {
  const auto standard = make_task("pathfinder");
  CHECK(make_task("pathfinder", standard->at_length(16384))->max_length() == 16384);
  CHECK_THROWS_WITH(standard->at_length(1000), Catch::Matchers::Contains("1024"));
}

TEST_CASE("path_x: is pathfinder of size 128, hard", "[tasks][pathfinder]") {
  const auto path_x = make_task("path_x");
  const auto pathfinder = make_task("pathfinder", {{"size", std::string("128")}});
  CHECK(path_x->max_length() == 16384);
  Rng one(1, "path_x"), two(1, "path_x");
  CHECK(path_x->draw(one).tokens == pathfinder->draw(two).tokens);
}
