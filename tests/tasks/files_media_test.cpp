// The task files on folders and lists of WAV and PNG files, and on archives of NumPy arrays.
#include <cmath>

#include "longhaul/error.h"
#include "tasks/files/npz_file.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/npz.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

OptionMap asked_for_media(const fs::path& data, const std::string& kind) {
  return {{"data", data.string()}, {"kind", kind}, {"normalize", false}};
}

std::string media_error(const OptionMap& options) {
  try {
    make_task("files", options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string short_sound(int loudness, int row) {
  return sample::wav_file({static_cast<int16_t>(loudness), static_cast<int16_t>(row), 8192});
}

// So many sounds of each class below a folder, all different.
void write_short_sounds(const fs::path& folder, int rows, int first = 0) {
  for (int row = first; row < first + rows; ++row) {
    sample::write_file(folder / "cat" / (std::to_string(row) + ".wav"), short_sound(100, row));
    sample::write_file(folder / "dog" / (std::to_string(row) + ".wav"), short_sound(-100, row));
  }
}

std::string array_file(const std::string& kind, const std::string& shape,
                       const std::string& bytes) {
  std::string header =
      "{'descr': '" + kind + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(118 - 1, ' ');
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(118) + '\0' + header + '\n' +
         bytes;
}

}  // namespace

TEST_CASE("files: of WAV files a folder's name is the class", "[tasks][files]") {
  const TemporaryFolder folder;
  write_short_sounds(folder.path / "all", 60);
  const auto task = make_task("files", asked_for_media(folder.path / "all", "wav"));
  CHECK(task->channels() == 1);
  CHECK(task->classes() == 2);
  const Split splits[] = {Split::train, Split::validation, Split::test};
  int64_t count = 0;
  for (const Split split : splits) {
    count += task->count(split);
    const Example first = task->at(split, 0);
    REQUIRE(first.values.size() == 3);
    CHECK(first.values[2] == 0.25f);
    CHECK(first.targets[0] == (first.values[0] < 0));
  }
  CHECK(count == 120);

  write_short_sounds(folder.path / "parts" / "train", 20);
  write_short_sounds(folder.path / "parts" / "test", 5, 100);
  const auto parted = make_task("files", asked_for_media(folder.path / "parts", "wav"));
  CHECK(parted->count(Split::test) == 10);
  CHECK(parted->count(Split::train) + parted->count(Split::validation) == 40);
}

TEST_CASE("files: a list names WAV files and their numbers", "[tasks][files][regression]") {
  const TemporaryFolder folder;
  std::string list = "file,loudness,part\n";
  const char* parts[] = {"train", "train", "validation", "validation", "test", "test"};
  for (int i = 0; i < 6; ++i) {
    sample::write_file(folder.path / "sounds" / (std::to_string(i) + ".wav"),
                       short_sound(100 * i, i));
    list += text("sounds/", i, ".wav,", i, ".5,", parts[i], '\n');
  }
  sample::write_file(folder.path / "list.csv", list);
  OptionMap options = asked_for_media(folder.path / "list.csv", "wav");
  options["input"] = std::string("file");
  options["answer"] = std::string("loudness");
  options["answers"] = std::string("number");
  options["split"] = std::string("part");
  const auto task = make_task("files", options);
  CHECK(task->at(Split::test, 1).numbers == std::vector<float>{5.5f});
  CHECK(task->at(Split::test, 1).values[0] == 500.0f / 32768);
  sample::write_file(folder.path / "sounds" / "3.wav", sample::wav_file({1, 2}, 8000));
  CHECK_THAT(media_error(options), Contains("3.wav: has 8000 samples a second, allowed: 16000"));
  fs::remove(folder.path / "sounds" / "3.wav");
  CHECK_THAT(media_error(options), Contains("3.wav"));
}

TEST_CASE("files: PNG pictures are read pixel by pixel", "[tasks][files]") {
  const TemporaryFolder folder;
  for (int i = 0; i < 60; ++i) {
    const std::string name = std::to_string(i) + ".png";
    const auto value = static_cast<uint8_t>(i);
    sample::write_file(folder.path / "dark" / name, sample::png({0, value, 0, 0, 0, 0}, 3, 2));
    sample::write_file(folder.path / "light" / name,
                       sample::png({255, 255, value, 255, 255, 255}, 3, 2));
  }
  const auto task = make_task("files", asked_for_media(folder.path, "png"));
  CHECK(task->max_length() == 6);
  CHECK(task->picture().width == 3);
  CHECK(task->picture().height == 2);
  for (int64_t i = 0; i < 5; ++i) {
    const Example example = task->at(Split::train, i);
    CHECK(example.values[0] == static_cast<float>(example.targets[0]));
  }
  sample::write_file(folder.path / "dark" / "0.png", "no picture");
  CHECK_THAT(media_error(asked_for_media(folder.path, "png")),
             Contains("dark/0.png: is no PNG picture"));
}

TEST_CASE("files: what a folder of sounds lacks is named", "[tasks][files]") {
  const TemporaryFolder folder;
  CHECK_THAT(media_error(asked_for_media(folder.path, "wav")),
             Contains("holds no folders, allowed: CLASS/NAME.wav, or a list, train.csv"));
  write_short_sounds(folder.path / "train", 20);
  CHECK_THAT(media_error(asked_for_media(folder.path, "wav")), Contains("holds no test"));
  write_short_sounds(folder.path / "test", 20, 100);
  sample::write_file(folder.path / "test" / "dog" / "100.wav",
                     sample::wav_file({1, 2, 3, 4}, 16000, 2));
  CHECK_THAT(media_error(asked_for_media(folder.path, "wav")),
             Contains("dog/100.wav: has 2 channels, allowed: 1, as the first file"));
}

TEST_CASE("files: archives of numpy.savez hold inputs and answers", "[tasks][files]") {
  const TemporaryFolder folder;
  const std::string x = array_file("|i1", "2, 3", "\1\2\3\4\5\6");
  const std::string other = array_file("|i1", "2, 3", "\1\2\4\4\5\7"),
                    third = array_file("|i1", "2, 3", "\1\2\2\4\5\1");
  const std::string y = array_file("|u1", "2,", "\7\2");
  sample::write_file(folder.path / "a.npz", npz_of({{"train_x.npy", x},
                                                    {"train_y.npy", y},
                                                    {"validation_x.npy", other},
                                                    {"validation_y.npy", y},
                                                    {"test_x.npy", third},
                                                    {"test_y.npy", y}}));
  OptionMap options = asked_for_media(folder.path / "a.npz", "numbers");
  const auto of_one = make_task("files", options);
  CHECK(of_one->at(Split::train, 0).values == std::vector<float>{1, 2, 3});
  CHECK(of_one->at(Split::test, 1).targets == std::vector<int32_t>{0});  // 2, then 7

  sample::write_file(folder.path / "train.npz", npz_of({{"x.npy", x}, {"y.npy", y}}));
  sample::write_file(folder.path / "validation.npz", npz_of({{"x.npy", other}, {"y.npy", y}}));
  sample::write_file(folder.path / "test.npz", npz_of({{"x.npy", third}, {"y.npy", y}}));
  options["data"] = folder.path.string();
  CHECK(make_task("files", options)->at(Split::test, 0).values == std::vector<float>{1, 2, 2});
  sample::write_file(folder.path / "test.npz", npz_of({{"x.npy", third}}));
  CHECK_THAT(media_error(options), Contains("test.npz: holds no array 'y'"));
  sample::write_file(folder.path / "b.npz", npz_of({{"test_x.npy", x}, {"test_y.npy", y}}));
  options["data"] = (folder.path / "b.npz").string();
  CHECK_THAT(media_error(options), Contains("b.npz: holds no train_x, and no array x"));
}

TEST_CASE("files: what is wrong with an archive of arrays is named", "[tasks][files]") {
  const auto error = [](const std::string& content) -> std::string {
    try {
      npz::parse(content, "a.npz");
    } catch (const Error& fault) {
      return fault.what();
    }
    return "no error";
  };
  const std::string good = npz_of({{"x.npy", array_file("|i1", "2,", "ab")}});
  CHECK(npz::parse(good, "a.npz").at("x").shape == std::vector<int64_t>{2});
  CHECK_THAT(error("PK"), Contains("a.npz: is no whole .npz file"));
  CHECK_THAT(error(npz_of({{"x.txt", "a"}})), Contains("a.npz: holds 'x.txt', allowed: arrays"));
  std::string damaged = good;
  damaged[damaged.find("ab")] = 'c';
  CHECK_THAT(error(damaged), Contains("a.npz: 'x': is damaged, its checksum is another"));
  std::string other_method = good;
  other_method[other_method.find("PK\1\2") + 10] = 12;
  CHECK_THAT(error(other_method), Contains("is packed by method 12, allowed: 0 (numpy.savez)"));
  CHECK_THAT(error(npz_of({{"x.npy", "PK"}})), Contains("a.npz: 'x': starts with 'PK'"));
}

TEST_CASE("files: archives of numpy.savez_compressed are unpacked", "[tasks][files]") {
  // np.savez_compressed(x=np.tile(np.int8([[1, 2, 3], [4, 5, 6]]), (1, 20)), y=np.uint8([7, 2]))
  const std::string content = read_text(LONGHAUL_SOURCE_DIR "/tests/data/compressed.npz");
  const auto arrays = npz::parse(content, "a.npz");
  CHECK(arrays.at("x").shape == std::vector<int64_t>{2, 60});
  CHECK(arrays.at("x").values[59] == "3");
  CHECK(arrays.at("x").values[60] == "4");
  CHECK(arrays.at("y").values == std::vector<std::string>{"7", "2"});
  for (std::size_t at = 60; at < content.size(); at += 7) {  // the inside of the first member on
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 8);
    try {
      npz::parse(damaged, "a.npz");  // the time of a member, say, may be anything
    } catch (const Error& fault) {
      CHECK_THAT(fault.what(), Contains("a.npz: "));
    }
  }
  std::string damaged = content;
  damaged[content.find("x.npy") + 5 + 20 + 30] ^= 8;  // packed bytes, behind the member's head
  CHECK_THROWS_WITH(npz::parse(damaged, "a.npz"), Contains("'x': is damaged"));
}
