// Your own data: a table of inputs and answers, as CSV, TSV, JSON lines or NumPy arrays, or folders
// of WAV or PNG files. docs/own-data.md goes from a file to a table of results.
//
//   data.csv     text,label            input   bytes + 1, since 0 pads: 104 106         target  1
//                "gi",no               (no is class 0, yes class 1: names in order)
//                "hi",yes              input   105 106
//
// `data` is one file, or a folder of train, test and perhaps validation, each .csv, .tsv, .jsonl or
// .npz, or NumPy arrays: train_x.npy [n, length] or [n, length, channels] and train_y.npy [n] or
// [n, length], so for the others, or x.npy and y.npy alone. Of arrays `line` in a message is the
// row, from 1. The first line of CSV and TSV names the columns; `input` and `answer` say which are
// meant.
//
// kind says what an input is:
//   text      its bytes: ids of 1 .. 256
//   ids       whole numbers from 0, with blanks between: an id is the number plus 1
//   numbers   real numbers with blanks between; with channels, "1,2 3,4": two numbers a step. With
//             input "*" every column but those of answer and split is a number, from left to right;
//             the last ones of a row may be empty.
//   wav, png  the name of such a file, from the folder of the table: samples, -1 .. 1, or pixels
//             row by row, 0 .. 1, with channels side by side. A folder without tables holds
//             CLASS/NAME.wav, or train/CLASS/NAME.wav and so on
// normalize brings each channel of numbers, and real answers, to mean 0 and deviation 1 over
// training.
//
// answers says what is to be answered:
//   class      the class of the input; any text is the name of a class
//   sequence   a class at each step: words with blanks between, as many as steps; "." is not scored
//   number     a real number for the input
//   numbers    a real number at each step, or "."
//   next       what the next step holds: an id, or of numbers all channels; no column is read
//
// Names of classes are in order, as numbers where all are whole numbers. Parts are, of a folder,
// its files (of a folder without validation a tenth of training). Of one file the column `split`
// says which row is for what: train, validation or test. Without it a hash of the input does: 80,
// 10 and 10%. An input is in one part only: what tests hold is left out of the others.
//
// The shallow baseline: of a class a bag of ids, of numbers the mean in 32 steps; of answers at
// each step the commonest, or the mean, for the id there, of numbers for the sign. Of a number for
// ids their count. Of the next numbers it is that nothing changes.

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "longhaul/plugin.h"
#include "tasks/files/data_file.h"
#include "tasks/files/own_data.h"
#include "tasks/files/stored_task.h"

namespace {
using namespace longhaul;

constexpr std::size_t kShown = 256;  // numbers of an input

class Files final : public data::StoredTask {
 public:
  explicit Files(Options& options) {
    own_data::Asked& ask = asked_;
    ask.path = options.path("data", "", "a .csv, .tsv, .jsonl or .npz file, or a folder");
    ask.input = options.text("input", "text", "column of inputs; \"*\": all others, a number each");
    ask.answer = options.text("answer", "label", "column of answers");
    ask.split = options.text("split", "", "column of train, validation or test; none: by a hash");
    ask.kind = options.choice("kind", "text", {"text", "ids", "numbers", "wav", "png"},
                              "what an input is");
    ask.answers =
        options.choice("answers", "class", {"class", "sequence", "number", "numbers", "next"},
                       "a class or number of the input, or of each step, or the next step");
    ask.max_length = options.integer("max_length", 0, "steps that are read; 0: all", 0);
    ask.normalize =
        options.flag("normalize", true, "numbers have mean 0 and deviation 1 a channel");
    if (ask.path.empty())
      options.problem("data",
                      "not set, allowed: the path of a .csv, .tsv, .jsonl or .npz file, or of a "
                      "folder");
    if (ask.input == "*" && ask.kind != "numbers")
      options.problem("input", text("found *, allowed with kind ", ask.kind, ": a column"));
    if (options.problems().empty()) data_ = own_data::read(asked_);
  }

  int version() const override { return 1; }
  int64_t vocab() const override {
    return asked_.is_real() ? 0 : std::max<int64_t>(data_.ids + 1, 2);
  }
  int64_t channels() const override {
    return asked_.is_real() ? std::max<int64_t>(data_.channels, 1) : 0;
  }
  int64_t classes() const override {
    if (is_regression()) return asked_.is_next() ? channels() : 1;
    return std::max<int64_t>(asked_.is_next() ? data_.ids : std::ssize(data_.classes), 2);
  }
  bool is_regression() const override { return asked_.is_regression(); }
  double answer_unit() const override { return data_.unit; }
  Readout readout() const override {
    return asked_.is_of_sequence() ? Readout::sequence : Readout::token;
  }
  int64_t max_length() const override { return data_.longest; }

  int64_t count(Split split) const override { return data_.parts.count(split); }
  Example at(Split split, int64_t index) const override {
    return data_.examples[data_.parts.at(split, index)];
  }

  bool shallow_is_bag_of_tokens() const override {
    return asked_.answers == "class" && !asked_.is_real();
  }
  Shallow shallow(const Example& example, int64_t t) const override {
    if (!asked_.is_real() && asked_.answers == "number")
      return {.key = static_cast<int64_t>(std::bit_width(example.tokens.size()))};
    if (!asked_.is_real()) return {.key = example.tokens[t]};
    if (asked_.is_next())
      return {.numbers = std::span(example.values).subspan(t * data_.channels, data_.channels)};
    if (!asked_.is_of_sequence()) return {.key = example.values[t * data_.channels] > 0};
    double sum = 0;
    for (const float value : example.values) sum += value;
    const double mean = sum / static_cast<double>(example.values.size());
    return {.key = std::lround(16 * std::tanh(mean))};
  }

  Picture picture() const override { return {.width = data_.width, .height = data_.height}; }

  std::string show(const Example& example) const override {
    if (data_.width > 0) return Task::show(example);
    std::string shown;
    if (asked_.kind == "text")
      shown = data::readable(example.tokens);
    else
      for (const int32_t id : example.tokens) shown += text(shown.empty() ? "" : " ", id - 1);
    for (std::size_t i = 0; i < std::min(example.values.size(), kShown); ++i)
      shown += text(i == 0 ? "" : i % data_.channels == 0 ? " " : ",", example.values[i]);
    if (example.values.size() > kShown)
      shown += text(" ... ", std::ssize(example.values) / data_.channels, " steps");
    shown += "\n->";
    for (std::size_t t = 0; t < example.targets.size(); ++t) shown += ' ' + answer(example, t);
    return shown + '\n';
  }

 private:
  // For a human reader; real answers in the data's own unit.
  std::string answer(const Example& example, std::size_t t) const {
    const int32_t target = example.targets[t];
    if (target == kIgnore) return ".";
    if (is_regression()) {
      std::string shown;
      const std::size_t outputs = classes();
      for (std::size_t i = t * outputs; i < (t + 1) * outputs; ++i)
        shown += text(shown.empty() ? "" : ",", example.numbers[i] * data_.unit + data_.mean);
      return shown;
    }
    if (!asked_.is_next()) return data_.classes[target];
    return asked_.kind == "text" ? data::readable({target + 1}) : std::to_string(target);
  }

  own_data::Asked asked_;
  own_data::Data data_;
};

}  // namespace

LONGHAUL_PLUGIN(files) {
  registry.task<Files>({.name = "files",
                        .about = "your own inputs and answers: CSV, JSON lines, NumPy, WAV, PNG",
                        .source = "this project; see docs/own-data.md",
                        .published = "none: the user names the files"});
}
