#include <cmath>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A record of one color but for its last pixel, which is white.
std::string record(int label, int red, int green, int blue) {
  std::string bytes(1, static_cast<char>(label));
  for (int color : {red, green, blue})
    bytes += std::string(1023, static_cast<char>(color)) + '\xff';
  return bytes;
}

struct ImageFolder : TemporaryFolder {
  ImageFolder() {
    sample::write_image(path, 50);
    sample::write_file(path / "test_batch.bin", record(7, 200, 100, 50) + record(0, 0, 0, 0));
  }
  std::unique_ptr<Task> task(const std::string& input = "gray_tokens") const {
    return make_task("image", {{"data", path.string()}, {"input", input}});
  }
};

}  // namespace

TEST_CASE("image: without a folder it says which files it wants and what needs none",
          "[tasks][image]") {
  CHECK_THROWS_WITH(make_task("image"), Contains("data_batch_{1..5}.bin and test_batch.bin") &&
                                            Contains("image_synthetic needs no files"));
}

TEST_CASE("image: gray tokens are Long Range Arena's gray, plus 1", "[tasks][image]") {
  const ImageFolder folder;
  const auto task = folder.task();
  REQUIRE(task->count(Split::test) == 2);
  const Example example = task->at(Split::test, 0);
  REQUIRE(example.tokens.size() == 1024);
  CHECK(example.tokens[0] == 125);  // 0.2989 * 200 + 0.5870 * 100 + 0.1140 * 50 = 124.18
  CHECK(example.tokens[1023] == 256);
  CHECK(example.targets == std::vector<int32_t>{7});
  CHECK(task->at(Split::test, 1).tokens[0] == 1);  // black is a symbol, not the pad
  CHECK(task->vocab() == 257);
}

TEST_CASE("image: gray and color values are scaled as those who publish them do",
          "[tasks][image]") {
  const ImageFolder folder;
  const auto gray = folder.task("gray_values");
  CHECK(gray->channels() == 1);
  CHECK(gray->vocab() == 0);
  const Example one = gray->at(Split::test, 0);
  REQUIRE(one.values.size() == 1024);
  CHECK(one.tokens.empty());
  CHECK(one.values[0] == Approx((124 - 122.6) / 61));
  CHECK(one.values[1023] == Approx((255 - 122.6) / 61));

  const auto color = folder.task("color_values");
  CHECK(color->channels() == 3);
  const Example three = color->at(Split::test, 0);
  REQUIRE(three.values.size() == 3 * 1024);
  CHECK(three.values[0] == Approx((200 / 255.0 - 0.4914) / 0.247));
  CHECK(three.values[1] == Approx((100 / 255.0 - 0.4822) / 0.243));
  CHECK(three.values[2] == Approx((50 / 255.0 - 0.4465) / 0.261));
}

TEST_CASE("image: the three kinds of input show the same picture and keep the same splits",
          "[tasks][image]") {
  const ImageFolder folder;
  const auto tokens = folder.task(), values = folder.task("gray_values"),
             color = folder.task("color_values");
  for (Split split : {Split::train, Split::validation, Split::test}) {
    CHECK(tokens->count(split) == values->count(split));
    for (int64_t i = 0; i < tokens->count(split); ++i)
      CHECK(tokens->at(split, i).targets == color->at(split, i).targets);
  }
  CHECK_THAT(tokens->show(tokens->at(Split::test, 0)), Contains("target 7: horse"));
  CHECK_THAT(values->show(values->at(Split::test, 0)), Contains("target 7: horse"));
  CHECK(values->shallow(values->at(Split::test, 0), 0).key == 124 / 8);
}

TEST_CASE("image: a tenth of the training pictures validates and none of the test set",
          "[tasks][image]") {
  const ImageFolder folder;
  sample::write_image(folder.path, 300);
  const auto task = folder.task();
  CHECK(task->count(Split::train) + task->count(Split::validation) == 305);
  CHECK(task->count(Split::validation) >= 10);
  CHECK(task->count(Split::validation) <= 60);
  sample::write_file(folder.path / "test_batch.bin", sample::image_records(20, 1));
  const auto fewer = folder.task();  // 20 of the first batch are in the test set now
  CHECK(fewer->count(Split::train) + fewer->count(Split::validation) == 285);
}

TEST_CASE("image: what is wrong with a file is named with its record", "[tasks][image]") {
  const ImageFolder folder;
  CHECK_THROWS_WITH(folder.task("gray"), Contains("input: found 'gray', allowed: gray_tokens | "
                                                  "gray_values | color_values"));
  const fs::path batch = folder.path / "data_batch_3.bin";
  sample::write_file(batch, record(3, 1, 2, 3) + record(10, 1, 2, 3));
  CHECK_THROWS_WITH(folder.task(),
                    Contains("data_batch_3.bin: record 1: found the label 10, allowed: 0 .. 9"));
  sample::write_file(batch, record(3, 1, 2, 3).substr(1));
  CHECK_THROWS_WITH(folder.task(),
                    Contains("data_batch_3.bin: has 3072 bytes, allowed: records of 3073"));
  sample::write_file(batch, "");
  CHECK_THROWS_WITH(folder.task(), Contains("data_batch_3.bin: has 0 bytes"));
  fs::remove(batch);
  CHECK_THROWS_WITH(folder.task(), Contains("data_batch_3.bin: cannot be opened"));
}
