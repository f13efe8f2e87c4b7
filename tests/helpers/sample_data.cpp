#include "tests/helpers/sample_data.h"

#include <png.h>

#include <fstream>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"

namespace longhaul::sample {
namespace {

namespace fs = std::filesystem;

// The release's form: "( ( ( [MAX 2 ) 9 ) ] )" for [MAX 2 9 ].
std::string parenthesised(const std::string& expression) {
  std::istringstream words(expression);
  std::vector<std::string> open;
  for (std::string word; words >> word;) {
    std::string done = word;
    if (word == "]") {
      done = "( " + open.back() + " ] )";
      open.pop_back();
    }
    if (word[0] == '[')
      open.push_back(word);
    else if (open.empty())
      return done;
    else
      open.back() = "( " + open.back() + " " + done + " )";
  }
  return "";
}

std::string words(Rng& rng, int64_t count) {
  static const char* const kWords[] = {"the ", "a \"quoted ",  "film ",
                                       "of ",  "caf\xc3\xa9 ", "it's "};
  std::string text;
  for (int64_t i = 0; i < count; ++i) text += kWords[rng.below(6)];
  return text + std::to_string(rng.below(1'000'000));
}

}  // namespace

void write_file(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  fs::remove(path);  // some file systems wait for the disk when a file is written over
  std::ofstream(path, std::ios::binary) << content;
}

std::string listops_rows(int rows, uint64_t stream) {
  static const auto task = make_task(
      "listops",
      {{"max_depth", int64_t{4}}, {"min_length", int64_t{5}}, {"max_length", int64_t{60}}});
  std::string content = "Source\tTarget\r\n";
  for (int row = 0; row < rows; ++row) {
    Rng rng(stream, "listops rows", row);
    const Example example = task->draw(rng);
    const std::string shown = task->show(example);
    content += parenthesised(shown.substr(0, shown.find(" = "))) + '\t' +
               std::to_string(example.targets[0]) + "\r\n";
  }
  return content;
}

void write_listops(const fs::path& folder, int rows) {
  write_file(folder / "basic_train.tsv", listops_rows(rows, 1));
  write_file(folder / "basic_val.tsv", listops_rows(rows / 4 + 1, 2));
  write_file(folder / "basic_test.tsv", listops_rows(rows / 4 + 1, 3));
}

void write_text(const fs::path& folder, int rows) {
  for (const char* part : {"train", "test"})
    for (const char* label : {"pos", "neg"})
      for (int row = 0; row < rows; ++row) {
        Rng rng(4, std::string(part) + label, row);
        write_file(folder / part / label / (std::to_string(row) + "_7.txt"),
                   words(rng, rng.between(3, 40)));
      }
}

std::string retrieval_rows(int rows, uint64_t stream) {
  std::string content;
  for (int row = 0; row < rows; ++row) {
    Rng rng(stream, "retrieval rows", row);
    const std::string label = rng.below(2) ? "1.0" : "0.0", first = words(rng, rng.below(30));
    content += label + "\tP05-1001\tW06-" + std::to_string(row) + '\t' + first + '\t' +
               words(rng, rng.below(30)) + '\n';
  }
  return content;
}

void write_retrieval(const fs::path& folder, int rows) {
  write_file(folder / "new_aan_pairs.train.tsv", retrieval_rows(rows, 1));
  write_file(folder / "new_aan_pairs.eval.tsv", retrieval_rows(rows / 4 + 1, 2));
  write_file(folder / "new_aan_pairs.test.tsv", retrieval_rows(rows / 4 + 1, 3));
}

std::string image_records(int count, uint64_t stream) {
  std::string content;
  for (int i = 0; i < count; ++i) {
    Rng rng(stream, "image records", i);
    content += static_cast<char>(rng.below(10));
    for (int byte = 0; byte < 3 * 32 * 32; ++byte) content += static_cast<char>(rng.below(256));
  }
  return content;
}

void write_image(const fs::path& folder, int rows) {
  for (int batch = 1; batch <= 5; ++batch)
    write_file(folder / ("data_batch_" + std::to_string(batch) + ".bin"),
               image_records(rows / 5 + 1, batch));
  write_file(folder / "test_batch.bin", image_records(rows / 5 + 1, 6));
}

std::string png(const std::vector<uint8_t>& gray, int width, int height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = 0;
  require(png_image_write_get_memory_size(image, bytes, 0, gray.data(), 0, nullptr) != 0,
          "png: ", image.message);
  std::string content(bytes, '\0');
  require(
      png_image_write_to_memory(&image, content.data(), &bytes, 0, gray.data(), 0, nullptr) != 0,
      "png: ", image.message);
  return content;
}

std::string idx_file(const std::vector<uint32_t>& sizes, const std::string& content) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (uint32_t size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 255);
  return bytes + content;
}

void write_digits(const fs::path& folder, int rows) {
  Rng rng(7, "digits rows");
  for (const std::string part : {"train", "t10k"}) {
    const auto count = static_cast<uint32_t>(part == "train" ? rows : rows / 4 + 1);
    std::string pixels, labels;
    for (uint32_t i = 0; i < count * 5 * 4; ++i) pixels += static_cast<char>(rng.below(256));
    for (uint32_t i = 0; i < count; ++i) labels += static_cast<char>(rng.below(10));
    write_file(folder / (part + "-images-idx3-ubyte"), idx_file({count, 5, 4}, pixels));
    write_file(folder / (part + "-labels-idx1-ubyte"), idx_file({count}, labels));
  }
}

void write_pathfinder(const fs::path& folder, int rows, int side) {
  std::string metadata;
  for (int row = 0; row < rows; ++row) {
    Rng rng(7, "pathfinder rows", row);
    std::vector<uint8_t> gray(side * side);
    for (uint8_t& pixel : gray) pixel = static_cast<uint8_t>(rng.below(256));
    const std::string name = "sample_" + std::to_string(row) + ".png";
    write_file(folder / "imgs" / "0" / name, png(gray, side, side));
    metadata += "imgs/0 " + name + ' ' + std::to_string(row) + (rng.below(2) ? " 1" : " 0") +
                " 1.0 14 4 2 0.5 1 1\n";
  }
  write_file(folder / "metadata" / "0.npy", metadata);
}

namespace {

// The channels of a made-up series, values separated by commas.
std::vector<std::string> series_channels(Rng& rng) {
  const int64_t length = rng.between(3, 9);
  std::vector<std::string> channels(2);
  for (std::string& channel : channels)
    for (int64_t t = 0; t < length; ++t) {
      if (t > 0) channel += ',';
      channel += rng.chance(0.1) ? "?" : text(static_cast<double>(rng.between(-40, 40)) / 8);
    }
  return channels;
}

constexpr const char* kDirections[] = {"left", "right"};

void append_number(std::string& bytes, uint32_t number, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> 8 * i & 255);
}

}  // namespace

std::string csv_rows(int rows, uint64_t stream) {
  std::string content = "text,label\n";
  for (int row = 0; row < rows; ++row) {
    Rng rng(stream, "table rows", row);
    const bool calls = rng.chance(0.5);
    content += "\"he said \"\"no " + std::to_string(rng.below(1'000'000)) +
               (calls ? "!\"\"\nout loud\",yes\n" : "\"\", then\",no\n");
  }
  return content;
}

std::string json_rows(int rows, uint64_t stream) {
  std::string content;
  for (int row = 0; row < rows; ++row) {
    Rng rng(stream, "table rows", row);
    const bool calls = rng.chance(0.5);
    content += R"({"text": "he said \"no )" + std::to_string(rng.below(1'000'000)) +
               (calls ? R"(!\"\nout loud", "label": "yes"})" : R"(\", then", "label": "no"})") +
               '\n';
  }
  return content;
}

std::string ts_rows(int rows, uint64_t stream) {
  std::string content;
  for (int row = 0; row < rows; ++row) {
    Rng rng(stream, "series rows", row);
    const auto channels = series_channels(rng);
    content += channels[0] + ':' + channels[1] + ':' + kDirections[rng.below(2)] + '\n';
  }
  return content;
}

std::string ts_file(int rows, uint64_t stream) {
  return "# made up\n@problemName Made\n@timeStamps false\n@missing true\n@univariate false\n"
         "@dimensions 2\n@equalLength false\n@classLabel true left right\n@data\n" +
         ts_rows(rows, stream);
}

std::string arff_file(int rows, uint64_t stream) {
  std::string content =
      "% made up\n@relation Made\n@attribute Made relational\n@attribute att0 numeric\n"
      "@end Made\n@attribute direction {left,right}\n@data\n";
  for (int row = 0; row < rows; ++row) {
    Rng rng(stream, "series rows", row);
    const auto channels = series_channels(rng);
    content += '\'' + channels[0] + "\\n" + channels[1] + "'," + kDirections[rng.below(2)] + '\n';
  }
  return content;
}

void write_series(const fs::path& folder, int rows) {
  write_file(folder / "Made_TRAIN.ts", ts_file(rows, 1));
  write_file(folder / "Made_TEST.ts", ts_file(rows / 2 + 1, 2));
}

std::string wav_file(const std::vector<int16_t>& samples, int rate, int channels) {
  std::string data;
  for (const int16_t sample : samples) append_number(data, static_cast<uint16_t>(sample), 2);
  std::string file = "RIFF";
  append_number(file, static_cast<uint32_t>(36 + data.size()), 4);
  file += "WAVEfmt ";
  append_number(file, 16, 4);
  append_number(file, 1, 2);
  append_number(file, static_cast<uint32_t>(channels), 2);
  append_number(file, static_cast<uint32_t>(rate), 4);
  append_number(file, static_cast<uint32_t>(2 * channels * rate), 4);
  append_number(file, static_cast<uint32_t>(2 * channels), 2);
  append_number(file, 16, 2);
  file += "data";
  append_number(file, static_cast<uint32_t>(data.size()), 4);
  return file + data;
}

void write_speech_commands(const fs::path& folder, int rows) {
  std::string lists[2];
  for (const char* word : {"go", "yes", "bed"})
    for (int row = 0; row < rows; ++row) {
      Rng rng(5, word, row);
      std::vector<int16_t> samples(rng.between(1, 400));
      for (int16_t& sample : samples) sample = static_cast<int16_t>(rng.between(-9000, 9000));
      const std::string name = std::string(word) + "/a_nohash_" + std::to_string(row) + ".wav";
      write_file(folder / name, wav_file(samples));
      if (row % 4 < 2) lists[row % 4] += name + '\n';
    }
  write_file(folder / "_background_noise_" / "hum.wav", wav_file({1, 2, 3}));
  write_file(folder / "validation_list.txt", lists[0]);
  write_file(folder / "testing_list.txt", lists[1]);
}

OptionMap options_for(const std::string& task) {
  static const TemporaryFolder folder;
  const fs::path data = folder.path / task;
  const bool written = fs::exists(data);
  if (task == "text") {
    if (!written) write_text(data, 100);
  } else if (task == "retrieval") {
    if (!written) write_retrieval(data, 100);
  } else if (task == "image") {
    if (!written) write_image(data, 100);
  } else if (task == "digits") {
    if (!written) write_digits(data, 200);
  } else if (task == "series") {
    if (!written) write_series(data, 200);
  } else if (task == "speech_commands") {
    if (!written) write_speech_commands(data, 60);
  } else if (task == "files") {
    if (!written) write_file(data / "train.csv", csv_rows(300, 1));
    if (!written) write_file(data / "test.csv", csv_rows(60, 2));
  } else if (task == "byte_text") {
    Rng rng(7, "byte text");
    if (!written) write_file(data, words(rng, 10'000));
    return {{"file", data.string()}, {"length", int64_t{20}}};
  } else {
    return {};
  }
  return {{"data", data.string()}};
}

}  // namespace longhaul::sample
