#include "longhaul/rng.h"
#include "tasks/files/idx_file.h"
#include "tasks/files/npy_file.h"
#include "tasks/files/npz_file.h"
#include "tasks/files/pathfinder_files.h"
#include "tasks/files/png_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/wav_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/npz.h"
#include "tests/helpers/sample_data.h"

namespace longhaul::fuzz {
namespace {

namespace fs = std::filesystem;

// Opens the data set that the options name and reads the first examples of each split.
void read_examples(const std::string& name, OptionMap options) {
  static const Registry registry = [] {
    Registry all;
    register_builtins(all);
    return all;
  }();
  Options given(std::move(options));
  const std::unique_ptr<Task> task = registry.task(name).make(given);
  given.check(name);
  for (Split split : {Split::train, Split::validation, Split::test})
    for (int64_t i = 0; i < std::min<int64_t>(task->count(split), 3); ++i) {
      const Example example = task->at(split, i);
      task->show(example);
      task->shallow(example, 0);
    }
}

// A target that writes its input to one file of a data set that is good otherwise.
Target file_target(const std::string& target, const std::string& task, const std::string& file,
                   const std::function<void(const fs::path&)>& write,
                   std::vector<std::string> seeds) {
  const auto folder = std::make_shared<TemporaryFolder>();
  write(folder->path);
  if (seeds.empty()) seeds.push_back(read_text(folder->path / file));
  return {target, std::move(seeds), [folder, task, file](const std::string& input) {
            sample::write_file(folder->path / file, input);
            read_examples(task, {{"data", folder->path.string()}});
          }};
}

// As long as windows of 4 bytes allow, so that some inputs are too short, and longer.
Target byte_text_target() {
  const auto folder = std::make_shared<TemporaryFolder>();
  return {"byte_text",
          {std::string(100, 'a'), "It is so. " + std::string(100, 'b') + std::string(100, '\0')},
          [folder](const std::string& input) {
            const fs::path file = folder->path / "file";
            sample::write_file(file, input);
            read_examples("byte_text", {{"file", file.string()}, {"length", int64_t{4}}});
          }};
}

// Real numbers as inputs and answers, an input or a step, or the next numbers.
Target regression_target(const std::string& answers) {
  const auto folder = std::make_shared<TemporaryFolder>();
  return {"files_" + answers,
          {"part,x,y\ntrain,1 2,3\ntrain,2 1,4\nvalidation,3 4,1\nvalidation,4 1,2\n"
           "test,5 6,1\ntest,6 7,2\n"},
          [folder, answers](const std::string& input) {
            sample::write_file(folder->path / "a.csv", input);
            read_examples("files", {{"data", (folder->path / "a.csv").string()},
                                    {"kind", std::string("numbers")},
                                    {"input", std::string("x")},
                                    {"answer", std::string("y")},
                                    {"split", std::string("part")},
                                    {"answers", answers}});
          }};
}

// As few reviews as give each split one.
void write_few_reviews(const fs::path& folder) {
  sample::write_text(folder, 1);
  bool found[2] = {};
  for (int i = 0; !found[0] || !found[1]; ++i) {
    const std::string review = "review " + std::to_string(i);
    bool& has = found[data::carve(hash_bytes(review.data(), review.size())) == Split::validation];
    if (!has) sample::write_file(folder / "train" / "neg" / (std::to_string(i) + ".txt"), review);
    has = true;
  }
}

}  // namespace

std::vector<Target> data_targets() {
  using namespace sample;
  const auto listops = [](const fs::path& folder) { write_listops(folder, 4); };
  const auto retrieval = [](const fs::path& folder) { write_retrieval(folder, 4); };
  const auto image = [](const fs::path& folder) { write_image(folder, 20); };
  const auto pathfinder = [](const fs::path& folder) { write_pathfinder(folder, 30); };
  const auto series = [](const fs::path& folder) { write_series(folder, 20); };
  const auto arff = [](const fs::path& folder) {
    write_file(folder / "Made_TRAIN.arff", arff_file(20, 1));
    write_file(folder / "Made_TEST.arff", arff_file(10, 2));
  };
  const auto speech = [](const fs::path& folder) { write_speech_commands(folder, 12); };
  const std::vector<uint8_t> gray(256, 100);
  return {
      file_target("listops", "listops", "basic_train.tsv", listops,
                  {listops_rows(3, 8), listops_rows(1, 9)}),
      file_target("text", "text", "train/pos/0_7.txt", write_few_reviews, {}),
      file_target("retrieval", "retrieval", "new_aan_pairs.train.tsv", retrieval,
                  {retrieval_rows(3, 8), retrieval_rows(1, 9)}),
      file_target("image", "image", "data_batch_2.bin", image, {image_records(1, 8)}),
      byte_text_target(),
      {"idx_file",
       {idx_file({2, 2, 3}, "abcdefghijkl"), idx_file({1, 1, 1}, "a"), idx_file({3}, "abc")},
       [](const std::string& input) {
         const bool labels = input.size() > 3 && input[3] == 1;
         const idx::Array array = idx::parse(input, labels ? 1 : 3, "input");
         if (labels) idx::check_labels(array, 'c', "input");
       }},
      file_target("series_ts", "series", "Made_TRAIN.ts", series, {}),
      file_target("series_arff", "series", "Made_TRAIN.arff", arff, {}),
      file_target("files_csv", "files", "train.csv",
                  [](const fs::path& folder) {
                    write_file(folder / "train.csv", csv_rows(20, 1));
                    write_file(folder / "test.csv", csv_rows(10, 2));
                  },
                  {}),
      file_target("files_json", "files", "train.jsonl",
                  [](const fs::path& folder) {
                    write_file(folder / "train.jsonl", json_rows(20, 1));
                    write_file(folder / "test.jsonl", json_rows(10, 2));
                  },
                  {}),
      {"npy_file",
       {std::string("\x93NUMPY\x01\x00\x3a\x00", 10) +
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)} " + "abcdef",
        std::string("\x93NUMPY\x02\x00\x3a\x00\x00\x00", 12) +
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} " + "abcdefgh"},
       [](const std::string& input) { npy::parse(input, "input"); }},
      {"npz_file",
       {npz_of({{"x.npy", std::string("\x93NUMPY\x01\x00\x3a\x00", 10) +
                              "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)} " +
                              "abcdef"}}),
        npz_of({})},
       [](const std::string& input) { npz::parse(input, "input"); }},
      {"png_file",
       {png(gray, 16, 16), png(std::vector<uint8_t>(6, 7), 3, 2)},
       [](const std::string& input) { png_file::decode(input, true); }},
      regression_target("number"),
      regression_target("next"),
      file_target("speech_list", "speech_commands", "validation_list.txt", speech, {}),
      {"wav_file",
       {wav_file({0, 1, -1, 32767}), wav_file({1, 2, 3, 4, 5, 6}, 8000, 2)},
       [](const std::string& input) { wav::parse(input, "input"); }},
      file_target("pathfinder_metadata", "pathfinder", "metadata/0.npy", pathfinder, {}),
      {"pathfinder_png",
       {png(gray, 16, 16), png(std::vector<uint8_t>(32 * 32, 7), 32, 32), png(gray, 8, 32)},
       [](const std::string& input) { pathfinder::decode_png(input); }},
  };
}

}  // namespace longhaul::fuzz
