// Your own data: a table of inputs and answers, as CSV, TSV or JSON lines. docs/own-data.md goes
// from a file to a table of results.
//
//   data.csv     text,label            input   bytes + 1, since 0 pads: 104 106         target  1
//                "gi",no               (no is class 0, yes class 1: names in order)
//                "hi",yes              input   105 106
//
// `data` is one file, or a folder of train, test and perhaps validation, each .csv, .tsv or .jsonl,
// or NumPy arrays: train_x.npy [n, length] or [n, length, channels] and train_y.npy [n] or [n,
// length], so for the others, or x.npy and y.npy alone. Of arrays `line` in a message is the row,
// from 1. The first line of CSV and TSV names the columns; `input` and `answer` say which are
// meant.
//
// kind says what an input is:
//   text      its bytes: ids of 1 .. 256
//   ids       whole numbers from 0, with blanks between: an id is the number plus 1
//   numbers   real numbers with blanks between; with channels, "1,2 3,4": two numbers a step. With
//             input "*" every column but those of answer and split is a number, from left to right;
//             the last ones of a row may be empty.
//             normalize brings each channel to mean 0 and deviation 1 over training
//
// answers says what is to be answered:
//   class      the class of the input; any text is the name of a class
//   sequence   a class at each step: words with blanks between, as many as steps; "." is not scored
//   next       the id of the next step; of text and ids alone, and no column is read
//
// Names of classes are in order, as numbers where all are whole numbers. Parts are, of a folder,
// its files (of a folder without validation a tenth of training). Of one file the column `split`
// says which row is for what: train, validation or test. Without it a hash of the input does: 80,
// 10 and 10%. An input is in one part only: what tests hold is left out of the others.
//
// The shallow baseline: a bag of ids; of numbers the mean in 32 steps; of answers at each step the
// commonest for the id there, of numbers for the sign.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/channel_scales.h"
#include "tasks/files/data_file.h"
#include "tasks/files/npy_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"
#include "tasks/files/table_file.h"

namespace {
using namespace longhaul;
using table_file::Row;
using table_file::Table;
namespace fs = std::filesystem;

constexpr int64_t kMostIds = 10'000'000;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// What stands between commas, be it empty.
std::vector<std::string_view> parts_of(std::string_view step) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t comma = step.find(',');
    parts.push_back(step.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    step.remove_prefix(comma + 1);
  }
}

// The whole word as a number; none if it is not one.
template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (fault != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// What every name stands for, in order.
std::map<std::string, int32_t> numbered(const std::set<std::string>& names) {
  std::vector<std::string> order(names.begin(), names.end());
  const auto value = [](const std::string& name) { return number_of<int64_t>(name); };
  if (std::all_of(order.begin(), order.end(), value))
    std::stable_sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) {
      return *value(a) < *value(b);
    });
  std::map<std::string, int32_t> numbers;
  for (const std::string& name : order) numbers.emplace(name, static_cast<int32_t>(numbers.size()));
  return numbers;
}

class Files final : public data::StoredTask {
 public:
  explicit Files(Options& options) {
    const std::string path = options.path("data", "", "a .csv, .tsv or .jsonl file, or a folder");
    input_ = options.text("input", "text", "column of inputs; \"*\": all others, a number each");
    answer_ = options.text("answer", "label", "column of answers");
    split_ = options.text("split", "", "column of train, validation or test; none: by a hash");
    kind_ = options.choice("kind", "text", {"text", "ids", "numbers"}, "what an input is");
    answers_ = options.choice("answers", "class", {"class", "sequence", "next"},
                              "a class of the input, one of each step, or the next step");
    max_length_ = options.integer("max_length", 0, "steps that are read; 0: all", 0);
    normalize_ = options.flag("normalize", true, "numbers have mean 0 and deviation 1 a channel");
    if (path.empty())
      options.problem("data", "not set, allowed: the path of a .csv, .tsv or .jsonl file");
    if (answers_ == "next" && kind_ == "numbers")
      options.problem("answers", "found next, allowed with kind numbers: class | sequence");
    if (input_ == "*" && kind_ != "numbers")
      options.problem("input", text("found *, allowed with kind ", kind_, ": a column"));
    if (!options.problems().empty()) return;
    if (fs::is_directory(path))
      read_folder(path);
    else
      read_rows(table_file::read(path), std::nullopt);
    number_answers(path);
    parts_.separate(path);
    if (kind_ == "numbers" && normalize_) normalize();
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return kind_ == "numbers" ? 0 : std::max<int64_t>(ids_ + 1, 2); }
  int64_t channels() const override {
    return kind_ == "numbers" ? std::max<int64_t>(channels_, 1) : 0;
  }
  int64_t classes() const override {
    return std::max<int64_t>(answers_ == "next" ? ids_ : std::ssize(classes_), 2);
  }
  Readout readout() const override {
    return answers_ == "class" ? Readout::sequence : Readout::token;
  }
  int64_t max_length() const override { return longest_; }

  int64_t count(Split split) const override { return parts_.count(split); }
  Example at(Split split, int64_t index) const override {
    return examples_[parts_.at(split, index)];
  }

  bool shallow_is_bag_of_tokens() const override {
    return answers_ == "class" && kind_ != "numbers";
  }
  Shallow shallow(const Example& example, int64_t t) const override {
    if (kind_ != "numbers") return {.key = example.tokens[t]};
    if (answers_ == "sequence") return {.key = example.values[t * channels_] > 0};
    double sum = 0;
    for (const float value : example.values) sum += value;
    const double mean = sum / static_cast<double>(example.values.size());
    return {.key = std::lround(16 * std::tanh(mean))};
  }

  std::string show(const Example& example) const override {
    std::string shown;
    if (kind_ == "text")
      shown = data::readable(example.tokens);
    else
      for (const int32_t id : example.tokens) shown += text(shown.empty() ? "" : " ", id - 1);
    for (std::size_t i = 0; i < example.values.size(); ++i)
      shown += text(i == 0 ? "" : i % channels_ == 0 ? " " : ",", example.values[i]);
    shown += "\n->";
    for (const int32_t target : example.targets)
      shown += ' ' + (target == kIgnore ? "." : name_of(target));
    return shown + '\n';
  }

 private:
  std::string name_of(int32_t target) const {
    if (answers_ != "next") return names_[target];
    return kind_ == "text" ? data::readable({target + 1}) : std::to_string(target);
  }

  void read_folder(const fs::path& folder) {
    const auto find = [&](const std::string& stem) -> std::optional<Table> {
      for (const char* ending : {".csv", ".tsv", ".jsonl"})
        if (fs::exists(folder / (stem + ending))) return table_file::read(folder / (stem + ending));
      if (fs::exists(folder / (stem + "_x.npy"))) return arrays(folder, stem + "_");
      return std::nullopt;
    };
    if (fs::exists(folder / "x.npy")) return read_rows(arrays(folder, ""), std::nullopt);
    const auto train = find("train"), validation = find("validation"), test = find("test");
    require(train && test, folder.string(), ": holds no ", train ? "test" : "train",
            ".csv, .tsv or .jsonl, no such pair _x.npy and _y.npy, and no x.npy and y.npy");
    read_rows(*train, Split::train, !validation);
    if (validation) read_rows(*validation, Split::validation);
    read_rows(*test, Split::test);
  }

  Table arrays(const fs::path& folder, const std::string& stem) const {
    require(split_.empty(), folder.string(), ": arrays have no column ", data::quoted(split_),
            ", allowed: no split");
    require(kind_ != "text", folder.string(), ": arrays hold numbers, allowed: kind ids | numbers");
    return npy::table(folder / (stem + "x.npy"), folder / (stem + "y.npy"), input_, answer_);
  }

  // Of one part, or as the column or a hash says; with `carves`, validation is a tenth of it.
  void read_rows(const Table& table, std::optional<Split> part, bool carves = false) {
    require(!table.rows.empty(), table.name, ": has no rows");
    std::vector<std::size_t> inputs;
    std::optional<std::size_t> answer, split;
    if (answers_ != "next") answer = table.column(answer_);
    if (!part && !split_.empty()) split = table.column(split_);
    if (input_ != "*") inputs = {table.column(input_)};
    for (std::size_t i = 0; input_ == "*" && i < table.columns.size(); ++i)
      if (i != answer && i != split && table.columns[i] != split_) inputs.push_back(i);
    for (const Row& row : table.rows) {
      const std::string where = table.place(row);
      const std::string input =
          input_ == "*" ? joined(table, row, inputs) : row.fields[inputs.front()];
      Example example;
      read_input(input, where, example);
      read_answer(answer ? row.fields[*answer] : "", where, example);
      const uint64_t hash = hash_bytes(input.data(), input.size());
      const Split of = split    ? named_split(row.fields[*split], where)
                       : !part  ? hashed(hash)
                       : carves ? data::carve(hash)
                                : *part;
      parts_.add(of, std::ssize(examples_), hash);
      examples_.push_back(std::move(example));
    }
  }

  // Columns of a row as one input. Those at its end may be empty: the input is shorter then.
  static std::string joined(const Table& table, const Row& row,
                            const std::vector<std::size_t>& columns) {
    std::size_t count = columns.size();
    while (count > 0 && row.fields[columns[count - 1]].empty()) --count;
    std::string input;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& field = row.fields[columns[i]];
      require(number_of<double>(field).has_value(), table.place(row), "column ",
              table.columns[columns[i]], ": found ", data::quoted(field),
              ", allowed: a real number, or none in the last columns of a row");
      input += (i == 0 ? "" : " ") + field;
    }
    return input;
  }

  static Split hashed(uint64_t hash) {
    return hash % 10 == 0 ? Split::validation : hash % 10 == 1 ? Split::test : Split::train;
  }

  Split named_split(const std::string& name, const std::string& where) const {
    if (name == "train") return Split::train;
    if (name == "validation") return Split::validation;
    require(name == "test", where, "column ", split_, ": found ", data::quoted(name),
            ", allowed: train | validation | test");
    return Split::test;
  }

  void read_input(const std::string& input, const std::string& where, Example& example) {
    const std::string at = text(where, "column ", input_, ": ");
    if (kind_ == "text") {
      example.tokens = data::byte_ids(input, std::ssize(input));
      ids_ = 256;
    } else if (kind_ == "ids") {
      for (const std::string_view word : words_of(input)) {
        const auto id = number_of<int64_t>(word);
        require(id && *id >= 0 && *id < kMostIds, at, "found ", data::quoted(word),
                ", allowed: whole numbers of 0 .. ", kMostIds - 1, ", with blanks between");
        example.tokens.push_back(static_cast<int32_t>(*id + 1));
        ids_ = std::max(ids_, *id + 1);
      }
    } else {
      read_numbers(input, at, example);
    }
    require(!example.tokens.empty() || !example.values.empty(), at, "is empty");
  }

  void read_numbers(const std::string& input, const std::string& at, Example& example) {
    for (const std::string_view step : words_of(input)) {
      const std::vector<std::string_view> parts = parts_of(step);
      if (channels_ == 0) channels_ = std::ssize(parts);
      require(std::ssize(parts) == channels_, at, "found ", data::quoted(step),
              ", allowed: ", channels_, " numbers a step, as in the first, with commas between");
      for (const std::string_view part : parts) {
        const auto number = number_of<double>(part);
        require(number && std::isfinite(static_cast<float>(*number)), at, "found ",
                data::quoted(part), " in ", data::quoted(step),
                ", allowed: real numbers, with blanks between steps and commas between channels");
        example.values.push_back(static_cast<float>(*number));
      }
    }
  }

  int64_t length_of(const Example& example) const {
    return kind_ == "numbers" ? std::ssize(example.values) / channels_ : std::ssize(example.tokens);
  }

  // Cuts the input, and keeps the names of classes until all are known.
  void read_answer(const std::string& answer, const std::string& where, Example& example) {
    int64_t length = length_of(example);
    std::vector<std::string> names = {answer};
    if (answers_ == "class") {
      require(!answer.empty(), where, "column ", answer_, ": is empty");
    } else if (answers_ == "sequence") {
      const auto words = words_of(answer);
      names.assign(words.begin(), words.end());
      require(std::ssize(names) == length, where, "column ", answer_, ": has ", names.size(),
              " answers, allowed: ", length, ", one for each step");
    } else {
      require(length >= 2, where, "column ", input_, ": has ", length,
              " step, allowed with answers next: at least 2");
      names.clear();
      for (int64_t t = 1; t < length; ++t) example.targets.push_back(example.tokens[t] - 1);
      example.tokens.pop_back();
      --length;
    }
    if (max_length_ > 0) length = std::min(length, max_length_);
    if (kind_ == "numbers")
      example.values.resize(length * channels_);
    else
      example.tokens.resize(length);
    if (answers_ == "sequence") {
      names.resize(length);
      require(std::any_of(names.begin(), names.end(), [](auto& name) { return name != "."; }),
              where, "column ", answer_, ": no step that is read has an answer");
    }
    if (answers_ == "next") example.targets.resize(length);
    longest_ = std::max(longest_, length);
    for (const std::string& name : names)
      if (answers_ == "class" || name != ".") classes_.insert(name);
    pending_.push_back(std::move(names));
  }

  // As the training examples are.
  void normalize() {
    data::ChannelScales scales(channels_);
    for (int64_t i = 0; i < parts_.count(Split::train); ++i)
      scales.see(examples_[parts_.at(Split::train, i)].values);
    for (Example& example : examples_)
      for (std::size_t i = 0; i < example.values.size(); ++i)
        example.values[i] = static_cast<float>(scales.scaled(i, example.values[i]));
  }

  void number_answers(const std::string& path) {
    if (answers_ == "next") return;
    require(classes_.size() >= 2, path, ": column ", answer_, " holds ", classes_.size(),
            " class, allowed: at least 2");
    const auto numbers = numbered(classes_);
    names_.resize(numbers.size());
    for (const auto& [name, number] : numbers) names_[number] = name;
    for (std::size_t i = 0; i < examples_.size(); ++i)
      for (const std::string& name : pending_[i]) {
        const bool unscored = answers_ == "sequence" && name == ".";
        examples_[i].targets.push_back(unscored ? kIgnore : numbers.at(name));
      }
    pending_.clear();
  }

  std::string input_, answer_, split_, kind_, answers_;
  bool normalize_ = true;
  int64_t max_length_ = 0, longest_ = 1, channels_ = 0, ids_ = 0;
  std::set<std::string> classes_;
  std::vector<std::string> names_;                 // of the classes, in order
  std::vector<std::vector<std::string>> pending_;  // names of each example's answers
  std::vector<Example> examples_;
  data::StoredSplits<int64_t> parts_;  // places in examples_
};

}  // namespace

LONGHAUL_PLUGIN(files) {
  registry.task<Files>({.name = "files",
                        .about = "your own inputs and answers, from CSV, TSV or JSON lines",
                        .source = "this project; see docs/own-data.md",
                        .published = "none: the user names the files"});
}
