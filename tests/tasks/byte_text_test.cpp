#include <map>
#include <set>
#include <string>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

constexpr Split kSplits[] = {Split::train, Split::validation, Split::test};

// Random letters, the same for every call.
std::string letters(int64_t bytes) {
  Rng rng(1, "letters");
  std::string content;
  while (static_cast<int64_t>(content.size()) < bytes)
    content += static_cast<char>('a' + rng.below(26));
  return content;
}

std::unique_ptr<Task> byte_text(const TemporaryFile& file, int64_t length) {
  return make_task("byte_text", {{"file", file.path().string()}, {"length", length}});
}

std::string text_of(const Example& example) {
  std::string read;
  for (int32_t id : example.tokens) read += static_cast<char>(id - 1);
  return read + static_cast<char>(example.targets.back());
}

}  // namespace

TEST_CASE("byte_text: the worked example of its top comment is true", "[tasks][byte_text]") {
  const TemporaryFile file("a.txt", "To be, or not" + letters(300));
  const auto task = byte_text(file, 4);
  const Example first = task->at(Split::train, 0);
  CHECK(first.tokens == std::vector<int32_t>{85, 112, 33, 99});
  CHECK(first.targets == std::vector<int32_t>{111, 32, 98, 101});
  CHECK(text_of(task->at(Split::train, 1)).substr(0, 4) == "e, o");
  CHECK(task->show(first) == "To b\nthen e\n");
}

TEST_CASE("byte_text: targets are the next bytes, and no window leaves its part of the file",
          "[tasks][byte_text]") {
  const int64_t size = 2003;
  const std::string content = letters(size);
  const TemporaryFile file("a.txt", content);
  const int64_t part = size / 20;
  const int64_t begin[] = {0, size - 2 * part, size - part, size};
  for (int64_t length : {7, 30, 99}) {
    const auto task = byte_text(file, length);
    CHECK(task->max_length() == length);
    for (int s = 0; s < 3; ++s) {
      CHECK(task->count(kSplits[s]) == (begin[s + 1] - begin[s] - 1) / length);
      for (int64_t i = 0; i < task->count(kSplits[s]); ++i) {
        const Example example = task->at(kSplits[s], i);
        REQUIRE(example.tokens.size() == length);
        for (int64_t t = 0; t + 1 < length; ++t)
          REQUIRE(example.targets[t] == example.tokens[t + 1] - 1);
        const auto at = content.find(text_of(example));
        REQUIRE(at >= begin[s]);
        REQUIRE(at + length < begin[s + 1]);
      }
    }
  }
}

TEST_CASE("byte_text: a window that comes again is in one split alone", "[tasks][byte_text]") {
  std::string content = letters(400);
  for (int i = 0; i < 20; ++i) content += "the same again. ";
  const TemporaryFile file("a.txt", content + letters(100) + "the same again. ");
  const auto task = byte_text(file, 4);
  std::map<std::vector<int32_t>, std::set<Split>> found;
  for (Split split : kSplits)
    for (int64_t i = 0; i < task->count(split); ++i) found[task->at(split, i).tokens].insert(split);
  for (const auto& [tokens, splits] : found) CHECK(splits.size() == 1);
}

TEST_CASE("byte_text: bytes that cannot be printed are shown in hexadecimal",
          "[tasks][byte_text]") {
  const TemporaryFile file("a.bin", std::string("\0\n\xff"
                                                "A",
                                                4) +
                                        letters(300));
  CHECK(byte_text(file, 4)
            ->show(byte_text(file, 4)->at(Split::train, 0))
            .rfind("\\x00\\x0a\\xffA", 0) == 0);
}

TEST_CASE("byte_text: any length that the file has room for", "[tasks][byte_text]") {
  const TemporaryFile file("a.txt", letters(1000));
  const auto task = byte_text(file, 10);
  CHECK(task->at_length(20) == OptionMap{{"length", int64_t{20}}});
  CHECK_THROWS_WITH(task->at_length(0), Contains("found 0"));
  CHECK_NOTHROW(byte_text(file, 49));
  CHECK_THROWS_WITH(byte_text(file, 50), Contains(file.path().string()) &&
                                             Contains("has 1000 bytes, allowed: at least 1020"));
}

TEST_CASE("byte_text: no file, an absent one and an empty one are refused by name",
          "[tasks][byte_text]") {
  CHECK_THROWS_WITH(make_task("byte_text"), Contains("file: not set"));
  CHECK_THROWS_WITH(make_task("byte_text", {{"file", std::string("/no/such/file")}}),
                    Contains("/no/such/file"));
  const TemporaryFile empty("empty.txt", "");
  CHECK_THROWS_WITH(byte_text(empty, 4), Contains("has 0 bytes"));
}
