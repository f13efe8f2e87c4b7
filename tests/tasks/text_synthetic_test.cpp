#include <algorithm>
#include <array>
#include <map>
#include <regex>

#include "harness/data/baselines.h"
#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/top_comment.h"

using namespace longhaul;

namespace {

std::string as_text(const Example& example) {
  std::string text;
  for (int32_t token : example.tokens) text += static_cast<char>(token - 1);
  return text;
}

struct Reading {
  std::map<std::string, int> opinions;  // of each object
  int film = 0;                         // good ones minus bad ones
  int film_near = 0;                    // the same, of opinions that name the film
  int film_as_written = 0;              // the same, blind to negations
};

// Reads a review as a person would: by what "it" is, and by negations.
Reading read(const std::string& review) {
  static const std::regex opinion(
      "(Now to the (film|book)\\.)|(The film|The book|It) (was|seemed|felt) "
      "((?:not |never |hardly |far from |anything but )?)(\\w+)\\.");
  static const std::string good =
      "superb lovely moving brilliant charming wonderful elegant delightful splendid excellent "
      "witty touching";
  Reading reading;
  std::string object;
  for (std::sregex_iterator i(review.begin(), review.end(), opinion), end; i != end; ++i) {
    const std::smatch& found = *i;
    if (found[1].matched) {
      object = found[2];
      continue;
    }
    const bool named = found[3] != "It";
    if (named) object = found[3] == "The film" ? "film" : "book";
    ++reading.opinions[object];
    if (object != "film") continue;
    const int written = good.find(found[6].str()) != std::string::npos ? 1 : -1;
    const int meant = found[5].length() > 0 ? -written : written;
    reading.film += meant;
    reading.film_as_written += written;
    if (named) reading.film_near += meant;
  }
  return reading;
}

}  // namespace

TEST_CASE("text_synthetic: the worked example of its top comment is true", "[tasks][synthetic]") {
  const std::vector<std::string> lines = top_comment("text_synthetic", "  opinions 1", 2);
  REQUIRE(lines.size() == 2);
  const std::string review = lines[0] + ' ' + lines[1];
  const Reading reading = read(review);
  CHECK(reading.film == -1);
  CHECK(reading.opinions.at("film") == 1);
  CHECK(reading.opinions.at("book") == 1);
  CHECK(review.find("target 0") != std::string::npos);
}

TEST_CASE("text_synthetic: who reads all of a review and its negations knows the label",
          "[tasks][synthetic]") {
  const auto task = make_task("text_synthetic");
  const int n = 1000;
  int near = 0, as_written = 0, liked = 0;
  for (int i = 0; i < n; ++i) {
    const Example review = example(*task, Split::test, 1, i);
    const Reading reading = read(as_text(review));
    REQUIRE(reading.opinions.at("film") == 3);
    REQUIRE(reading.opinions.at("book") == 3);
    REQUIRE((reading.film > 0) == (review.targets[0] == 1));
    near += (reading.film_near > 0) == (review.targets[0] == 1);
    as_written += (reading.film_as_written > 0) == (review.targets[0] == 1);
    liked += review.targets[0];
  }
  CHECK(std::abs(liked - n / 2) < 4 * std::sqrt(n) / 2);
  CHECK(std::abs(as_written - n / 2) < 4 * std::sqrt(n) / 2);  // negations are half of it
  CHECK(near > 0.6 * n);  // single sentences tell something, as in a real review
  CHECK(near < 0.9 * n);  // but not all
}

TEST_CASE("text_synthetic: a bag of bytes knows nothing", "[tasks][synthetic]") {
  const Baselines baselines = measure_baselines(*make_task("text_synthetic"), 1000, 1000);
  CHECK(baselines.chance == 0.5);
  CHECK(baselines.shallow == Approx(0.5).margin(4 * 0.5 / std::sqrt(1000.0)));
}

TEST_CASE("text_synthetic: reviews fill the length that is asked for, down to the shortest",
          "[tasks][synthetic]") {
  const auto standard = make_task("text_synthetic");
  for (const int64_t length : {384, 1024, 4000}) {
    OptionMap options = standard->at_length(length);
    const auto task = make_task("text_synthetic", options);
    CHECK(task->max_length() == length);
    for (int i = 0; i < 50; ++i) {
      Rng rng(3, "text_synthetic length", i);
      const auto size = static_cast<int64_t>(task->draw(rng).tokens.size());
      REQUIRE(size <= length);
      if (length > 384) REQUIRE(size > length - 80);
    }
  }
  CHECK_THROWS_AS(standard->at_length(383), Error);
}

TEST_CASE("text_synthetic: options that cannot be are all named at once", "[tasks][synthetic]") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(
      make_task("text_synthetic", {{"length", int64_t{100}}, {"opinions", int64_t{2}}}),
      Contains("opinions: found 2, allowed: odd numbers") &&
          Contains("length: found 100, allowed: at least 256 (64 for each of 4 opinions)"));
}
