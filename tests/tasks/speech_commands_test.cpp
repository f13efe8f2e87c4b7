#include <map>
#include <set>

#include "longhaul/error.h"
#include "tasks/files/wav_file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

OptionMap recordings(const fs::path& folder) { return {{"data", folder.string()}}; }

std::string error_of(const std::string& content) {
  try {
    wav::parse(content, "a.wav");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a WAV file is its samples over the largest, frame by frame", "[tasks][wav]") {
  const wav::Sound sound = wav::parse(sample::wav_file({0, 16384, -32768}), "a");
  CHECK(sound.rate == 16000);
  CHECK(sound.channels == 1);
  CHECK(sound.samples == std::vector<float>{0, 0.5f, -1});
  const wav::Sound two = wav::parse(sample::wav_file({1, 2, 3, 4}, 8000, 2), "a");
  CHECK(two.rate == 8000);
  CHECK(two.channels == 2);
  CHECK(two.samples.size() == 4);
}

TEST_CASE("WAV files have samples of other sizes, and chunks beside them", "[tasks][wav]") {
  std::string file = sample::wav_file({0, 0});
  file[34] = 8;  // bits: four samples of a byte, 128 is silence
  file.replace(44, 4, "\x80\xc0\x40\x00", 4);
  CHECK(wav::parse(file, "a").samples == std::vector<float>{0, 0.5f, -0.5f, -1});
  file[34] = 32;
  file.replace(44, 4, std::string("\x00\x00\x00\xc0", 4));
  CHECK(wav::parse(file, "a").samples == std::vector<float>{-0.5f});
  file[20] = 3;  // float
  file.replace(44, 4, std::string("\x00\x00\x40\x3f", 4));
  CHECK(wav::parse(file, "a").samples == std::vector<float>{0.75f});
  std::string with_list = sample::wav_file({7});
  with_list.insert(36, std::string("LIST\x03\x00\x00\x00"
                                   "abc\x00",
                                   12));  // odd: padded
  CHECK(wav::parse(with_list, "a").samples.size() == 1);
}

TEST_CASE("a damaged WAV file is an error that says what was found", "[tasks][wav]") {
  const std::string good = sample::wav_file({1, 2, 3});
  CHECK_THAT(error_of("not a sound"), Contains("a.wav: starts with 'not a sound'"));
  CHECK_THAT(error_of(good.substr(0, 48)), Contains("should have 6 bytes and has 4"));
  CHECK_THAT(error_of(good.substr(0, 36)), Contains("has no chunk 'data'"));
  std::string other = good;
  other[20] = 85;
  CHECK_THAT(error_of(other), Contains("samples of kind 85 and 16 bits, allowed: PCM"));
  CHECK_THAT(error_of(sample::wav_file({})), Contains("has 0 bytes of samples"));
  CHECK_THAT(error_of(sample::wav_file({1, 2, 3}, 16000, 2)), Contains("frames of 4"));
}

TEST_CASE("speech_commands: lists say the splits, folders the words", "[tasks][speech]") {
  const TemporaryFolder folder;
  sample::write_speech_commands(folder.path, 20);
  const auto task = make_task("speech_commands", recordings(folder.path));
  CHECK(task->classes() == 3);  // bed, go, yes; no noise
  CHECK(task->count(Split::validation) == 15);
  CHECK(task->count(Split::test) == 15);
  CHECK(task->count(Split::train) == 30);
  std::map<int32_t, int> words;
  for (int64_t i = 0; i < 30; ++i) {
    const Example example = task->at(Split::train, i);
    REQUIRE(example.values.size() == 16000);
    CHECK(example.values.back() == 0);  // padded
    ++words[example.targets[0]];
  }
  CHECK(words == std::map<int32_t, int>{{0, 10}, {1, 10}, {2, 10}});
  CHECK_THAT(task->show(task->at(Split::test, 0)), Contains(": bed\n"));
}

TEST_CASE("speech_commands: half rate reads every other sample", "[tasks][speech]") {
  const TemporaryFolder folder;
  sample::write_speech_commands(folder.path, 20);
  OptionMap half = recordings(folder.path);
  half["test_set"] = std::string("half_rate");
  const Example all = make_task("speech_commands", recordings(folder.path))->at(Split::test, 4);
  const Example every_other = make_task("speech_commands", half)->at(Split::test, 4);
  REQUIRE(every_other.values.size() == 8000);
  for (std::size_t t = 0; t < 8000; ++t) REQUIRE(every_other.values[t] == all.values[2 * t]);
  CHECK(make_task("speech_commands", half)->max_length() == 8000);
}

TEST_CASE("speech_commands: ten words are those of the papers", "[tasks][speech]") {
  const TemporaryFolder folder;
  sample::write_speech_commands(folder.path, 20);
  OptionMap ten = recordings(folder.path);
  ten["words"] = std::string("ten");
  CHECK_THROWS_WITH(make_task("speech_commands", ten), Contains("no: cannot be read as a folder"));
  for (const char* word : {"no", "up", "down", "left", "right", "on", "off", "stop"})
    sample::write_file(folder.path / word / "a.wav", sample::wav_file({1}));
  const auto task = make_task("speech_commands", ten);
  CHECK(task->classes() == 10);
  CHECK(task->count(Split::test) == 10);  // of go and yes
}

TEST_CASE("speech_commands: what is wrong with lists and sounds is named", "[tasks][speech]") {
  const TemporaryFolder folder;
  sample::write_speech_commands(folder.path, 20);
  const auto with_list = [&](const std::string& list) {
    sample::write_file(folder.path / "testing_list.txt", list);
    return make_task("speech_commands", recordings(folder.path));
  };
  CHECK_THROWS_WITH(with_list("go/a_nohash_1.wav\ngo.wav\n"),
                    Contains("testing_list.txt:2: found 'go.wav', allowed: WORD/NAME.wav"));
  CHECK_THROWS_WITH(with_list("go/gone.wav\n"),
                    Contains("1 listed sounds are missing, such as go/gone.wav"));
  CHECK_THROWS_WITH(with_list("go/a_nohash_0.wav\n"), Contains("is listed already"));
  CHECK_THROWS_WITH(with_list(""), Contains("none is left for the test split"));
  sample::write_file(folder.path / "go" / "a_nohash_1.wav", sample::wav_file({1}, 8000));
  CHECK_THROWS_WITH(with_list("go/a_nohash_1.wav\n")->at(Split::test, 0),
                    Contains("1 channels and 8000 samples a second, allowed: 1 and 16000"));
  CHECK_THROWS_WITH(make_task("speech_commands"), Contains("data: not set"));
}
