#include <algorithm>
#include <map>
#include <set>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"
#include "tests/helpers/worked_example.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

constexpr Split kDigitSplits[] = {Split::train, Split::validation, Split::test};

// Record i: 2 x 3 pixels i/256, i%256, 128, 255, 64, 1 (test: 2 for the last), label i % 10.
struct Pictures {
  explicit Pictures(int train = 300, int test = 20) {
    write_part("train", train, '\1');
    write_part("t10k", test, '\2');
  }
  void write_part(const std::string& part, int count, char last) {
    std::string pixels, labels;
    for (int i = 0; i < count; ++i) {
      pixels +=
          {static_cast<char>(i / 256), static_cast<char>(i % 256), '\x80', '\xff', '\x40', last};
      labels += static_cast<char>(i % 10);
    }
    const auto size = static_cast<uint32_t>(count);
    sample::write_file(folder.path / (part + "-images-idx3-ubyte"),
                       sample::idx_file({size, 2, 3}, pixels));
    sample::write_file(folder.path / (part + "-labels-idx1-ubyte"),
                       sample::idx_file({size}, labels));
  }
  std::unique_ptr<Task> task(OptionMap options = {}) const {
    options["data"] = folder.path.string();
    return make_task("digits", options);
  }
  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("digits: the worked example of its top comment is true", "[tasks][digits]") {
  TemporaryFolder folder;
  const std::string pixels("\0\x80\xff\x40\0\1", 6);
  for (const std::string part : {"train", "t10k"}) {
    // The test set holds the example; the training set 40 others, so that validation is not empty.
    std::string many = pixels, labels = "\7";
    for (int i = 1; i < (part == "train" ? 40 : 1); ++i) {
      many += pixels.substr(0, 5) + static_cast<char>(i + 1);
      labels += '\7';
    }
    const auto size = static_cast<uint32_t>(labels.size());
    sample::write_file(folder.path / (part + "-images-idx3-ubyte"),
                       sample::idx_file({size, 2, 3}, many));
    sample::write_file(folder.path / (part + "-labels-idx1-ubyte"),
                       sample::idx_file({size}, labels));
  }
  const auto tokens = make_task("digits", {{"data", folder.path.string()}});
  const Example example = tokens->at(Split::test, 0);
  CHECK(example.tokens == std::vector<int32_t>{1, 129, 256, 65, 1, 2});
  CHECK(example.targets == std::vector<int32_t>{7});
  CHECK(tokens->vocab() == 257);
  CHECK(tokens->max_length() == 6);
  CHECK(tokens->picture().width == 3);
  CHECK(tokens->picture().height == 2);
  CHECK(tokens->show(example) == "  ▒▒██\n░░    \ntarget 7\n");
  CHECK(tokens->count(Split::train) + tokens->count(Split::validation) == 39);  // one is in test

  const auto real =
      make_task("digits", {{"data", folder.path.string()}, {"input", std::string("real")}});
  CHECK(real->channels() == 1);
  const Example same = real->at(Split::test, 0);
  CHECK(same.tokens.empty());
  REQUIRE(same.values.size() == 6);
  CHECK(same.values[1] == Approx(0.502).margin(0.0005));
  CHECK(same.values[5] == Approx(0.0039).margin(0.00005));
  CHECK(real->show(same) == tokens->show(example));
}

TEST_CASE("digits: every record is in one split, with its own label", "[tasks][digits]") {
  const Pictures pictures;
  const auto task = pictures.task();
  CHECK(task->count(Split::test) == 20);
  CHECK(task->count(Split::train) + task->count(Split::validation) == 300);
  CHECK(task->count(Split::validation) > 10);
  CHECK(task->count(Split::validation) < 60);
  std::set<std::vector<int32_t>> seen;
  for (Split split : kDigitSplits)
    for (int64_t i = 0; i < task->count(split); ++i) {
      const Example example = task->at(split, i);
      const int32_t record = 256 * (example.tokens[0] - 1) + example.tokens[1] - 1;
      CHECK(example.targets == std::vector<int32_t>{record % 10});
      CHECK(seen.insert(example.tokens).second);
    }
}

TEST_CASE("digits: permute puts every picture's pixels in one other order", "[tasks][digits]") {
  const Pictures pictures;
  const auto plain = pictures.task(), permuted = pictures.task({{"permute", true}});
  // The pixels that tell records apart: where do they go?
  std::vector<int32_t> first = plain->at(Split::test, 3).tokens;
  std::vector<int32_t> scrambled = permuted->at(Split::test, 3).tokens;
  CHECK(first != scrambled);
  const auto place = std::find(scrambled.begin(), scrambled.end(), 4) - scrambled.begin();
  for (int64_t i = 4; i < 20; ++i)
    CHECK(permuted->at(Split::test, i).tokens[place] == plain->at(Split::test, i).tokens[1]);
  std::sort(first.begin(), first.end());
  std::sort(scrambled.begin(), scrambled.end());
  CHECK(first == scrambled);
}

TEST_CASE("digits: missing, unlike and broken files are named", "[tasks][digits]") {
  CHECK_THROWS_WITH(make_task("digits"),
                    Contains("data: not set") && Contains("{train,t10k}-images-idx3-ubyte"));
  Pictures pictures;
  const auto labels = pictures.folder.path / "t10k-labels-idx1-ubyte";
  sample::write_file(labels, sample::idx_file({20}, std::string(20, '\x0b')));
  CHECK_THROWS_WITH(pictures.task(), Contains(labels.string() + ": record 0") &&
                                         Contains("label 11, allowed: 0 .. 9"));
  sample::write_file(labels, sample::idx_file({19}, std::string(19, '\1')));
  CHECK_THROWS_WITH(pictures.task(), Contains("has 19 labels for the 20 pictures of"));
  std::filesystem::remove(labels);
  CHECK_THROWS_WITH(pictures.task(), Contains(labels.string()));

  const Pictures others;
  sample::write_file(others.folder.path / "t10k-images-idx3-ubyte",
                     sample::idx_file({20, 3, 2}, std::string(120, 'x')));
  CHECK_THROWS_WITH(others.task(),
                    Contains("training pictures have 2 x 3 pixels, test pictures 3 x 2"));
}
