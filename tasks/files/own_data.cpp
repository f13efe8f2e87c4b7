#include "tasks/files/own_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tasks/files/cells.h"
#include "tasks/files/channel_scales.h"
#include "tasks/files/data_file.h"
#include "tasks/files/media_file.h"
#include "tasks/files/own_tables.h"

namespace longhaul::own_data {
namespace {

using table_file::Row;

constexpr std::size_t kMostValues = std::size_t{1} << 28;  // in memory: 1 GiB

class Reader {
 public:
  explicit Reader(const Asked& asked) : asked_(asked) {}

  Data read() {
    const own_tables::Wanted wanted{.input = asked_.input,
                                    .answer = asked_.answer,
                                    .split = asked_.split,
                                    .file_ending = asked_.is_media() ? "." + asked_.kind : "",
                                    .has_answers = !asked_.is_next(),
                                    .is_text = asked_.kind == "text"};
    for (const own_tables::Part& part : own_tables::read(asked_.path, wanted)) read_rows(part);
    number_answers();
    data_.parts.separate(asked_.path);
    if (asked_.is_real() && asked_.normalize) normalize_inputs();
    if (asked_.is_regression()) make_numbers();
    return std::move(data_);
  }

 private:
  void read_rows(const own_tables::Part& part) {
    const table_file::Table& table = part.table;
    require(!table.rows.empty(), table.name, ": has no rows");
    std::vector<std::size_t> inputs;
    std::optional<std::size_t> answer, split;
    if (!asked_.is_next()) answer = table.column(asked_.answer);
    if (!part.split && !asked_.split.empty()) split = table.column(asked_.split);
    if (asked_.input != "*") inputs = {table.column(asked_.input)};
    for (std::size_t i = 0; asked_.input == "*" && i < table.columns.size(); ++i)
      if (i != answer && i != split && table.columns[i] != asked_.split) inputs.push_back(i);
    for (const Row& row : table.rows) {
      const std::string where = table.place(row);
      const std::string input =
          asked_.input == "*" ? joined(table, row, inputs) : row.fields[inputs.front()];
      Example example;
      read_input(input, where, part, example);
      const uint64_t hash = asked_.is_media() ? hash_bytes(example.values.data(),
                                                           example.values.size() * sizeof(float))
                                              : hash_bytes(input.data(), input.size());
      read_answer(answer ? row.fields[*answer] : "", where, example);
      const Split of = split         ? named_split(row.fields[*split], where)
                       : !part.split ? hashed(hash)
                       : part.carves && part.split == Split::train ? data::carve(hash)
                                                                   : *part.split;
      data_.parts.add(of, std::ssize(data_.examples), hash);
      data_.examples.push_back(std::move(example));
    }
  }

  // Columns of a row as one input. Those at its end may be empty: the input is shorter then.
  static std::string joined(const table_file::Table& table, const Row& row,
                            const std::vector<std::size_t>& columns) {
    std::size_t count = columns.size();
    while (count > 0 && row.fields[columns[count - 1]].empty()) --count;
    std::string input;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& field = row.fields[columns[i]];
      require(cells::number_of<double>(field).has_value(), table.place(row), "column ",
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
    require(name == "test", where, "column ", asked_.split, ": found ", data::quoted(name),
            ", allowed: train | validation | test");
    return Split::test;
  }

  void read_input(const std::string& input, const std::string& where, const own_tables::Part& part,
                  Example& example) {
    const std::string at = text(where, "column ", asked_.input, ": ");
    require(!input.empty(), at, "is empty");
    if (asked_.kind == "text") {
      example.tokens = data::byte_ids(input, std::ssize(input));
      data_.ids = 256;
    } else if (asked_.kind == "ids") {
      example.tokens = cells::ids(input, at);
      for (const int32_t id : example.tokens) data_.ids = std::max<int64_t>(data_.ids, id);
    } else if (asked_.kind == "numbers") {
      example.values = cells::numbers(input, data_.channels, at);
    } else {
      read_media(part.folder / input, example);
    }
    require(!example.tokens.empty() || !example.values.empty(), at, "is empty");
    values_ += example.values.size();
    require(values_ <= kMostValues, where, "inputs hold more than ", kMostValues,
            " numbers so far, which are kept in memory; max_length cuts them");
  }

  void read_media(const std::filesystem::path& file, Example& example) {
    data::Media media = asked_.kind == "wav" ? data::read_wav(file) : data::read_png(file);
    if (data_.channels == 0) {
      data_.channels = media.channels;
      rate_ = media.rate;
      if (asked_.kind == "png" && asked_.max_length == 0 && asked_.is_of_sequence()) {
        data_.width = media.width;
        data_.height = media.height;
      }
    }
    require(media.channels == data_.channels, file.string(), ": has ", media.channels,
            " channels, allowed: ", data_.channels, ", as the first file");
    require(media.rate == rate_, file.string(), ": has ", media.rate,
            " samples a second, allowed: ", rate_, ", as the first file");
    if (media.width != data_.width || media.height != data_.height)
      data_.width = data_.height = 0;  // they are not all alike
    example.values = std::move(media.values);
    if (asked_.max_length > 0 && length_of(example) > asked_.max_length + 1)
      example.values.resize((asked_.max_length + 1) * data_.channels);
  }

  int64_t length_of(const Example& example) const {
    return asked_.is_real() ? std::ssize(example.values) / data_.channels
                            : std::ssize(example.tokens);
  }

  // Cuts the input, and keeps the names of classes until all are known.
  void read_answer(const std::string& answer, const std::string& where, Example& example) {
    const std::string at = text(where, "column ", asked_.answer, ": ");
    int64_t length = length_of(example);
    std::vector<std::string> names = {answer};
    if (asked_.is_of_sequence()) {
      require(!answer.empty(), at, "is empty");
    } else if (!asked_.is_next()) {
      const auto words = cells::words_of(answer);
      names.assign(words.begin(), words.end());
      require(std::ssize(names) == length, at, "has ", names.size(),
              names.size() == 1 ? " answer" : " answers", ", allowed: ", length,
              ", one for each step");
    } else {
      require(length >= 2, where, "column ", asked_.input, ": has ", length,
              " step, allowed with answers next: at least 2");
      names.clear();
      --length;
    }
    if (asked_.max_length > 0) length = std::min(length, asked_.max_length);
    if (asked_.is_next()) {
      for (int64_t t = 1; t <= length; ++t)
        example.targets.push_back(asked_.is_real() ? 0 : example.tokens[t] - 1);
    } else if (!asked_.is_of_sequence()) {
      names.resize(length);
      require(std::any_of(names.begin(), names.end(), [](auto& name) { return name != "."; }), at,
              "no step that is read has an answer");
    }
    if (asked_.is_real())  // of the next step too, where that is the answer
      example.values.resize((length + (asked_.is_next() ? 1 : 0)) * data_.channels);
    else
      example.tokens.resize(length);
    data_.longest = std::max(data_.longest, length);
    if (asked_.is_regression()) {
      real_answers_.push_back({});
      for (const std::string& name : names) {
        const bool unscored = asked_.answers == "numbers" && name == ".";
        example.targets.push_back(unscored ? kIgnore : 0);
        real_answers_.back().push_back(unscored ? 0 : cells::answer(name, at));
      }
      return;
    }
    for (const std::string& name : names)
      if (asked_.answers == "class" || name != ".") classes_.insert(name);
    pending_.push_back(std::move(names));
  }

  // As the training examples are.
  void normalize_inputs() {
    data::ChannelScales scales(data_.channels);
    for (int64_t i = 0; i < data_.parts.count(Split::train); ++i)
      scales.see(data_.examples[data_.parts.at(Split::train, i)].values);
    for (Example& example : data_.examples)
      for (std::size_t i = 0; i < example.values.size(); ++i)
        example.values[i] = static_cast<float>(scales.scaled(i, example.values[i]));
  }

  // The real answers, with mean 0 and deviation 1 over training; those of the next step are numbers
  // of the input, which are so already.
  void make_numbers() {
    if (asked_.is_next()) {
      for (Example& example : data_.examples) {
        example.numbers.assign(example.values.begin() + data_.channels, example.values.end());
        example.values.resize(example.numbers.size());
      }
    } else {
      if (asked_.normalize) find_unit();
      for (std::size_t i = 0; i < data_.examples.size(); ++i)
        for (const double answer : real_answers_[i])
          data_.examples[i].numbers.push_back(
              static_cast<float>((answer - data_.mean) / data_.unit));
    }
    real_answers_.clear();
    check_variety();
  }

  void find_unit() {
    double count = 0, sum = 0, squares = 0;
    const auto for_each_answer = [&](auto&& visit) {
      for (int64_t i = 0; i < data_.parts.count(Split::train); ++i) {
        const auto place = static_cast<std::size_t>(data_.parts.at(Split::train, i));
        for (std::size_t t = 0; t < real_answers_[place].size(); ++t)
          if (data_.examples[place].targets[t] != kIgnore) visit(real_answers_[place][t]);
      }
    };
    for_each_answer([&](double answer) {
      ++count;
      sum += answer;
    });
    data_.mean = sum / count;
    for_each_answer(
        [&](double answer) { squares += (answer - data_.mean) * (answer - data_.mean); });
    if (squares > 0) data_.unit = std::sqrt(squares / count);
  }

  // R^2 means nothing where all answers are the same.
  void check_variety() const {
    for (const auto& [split, name] :
         {std::pair(Split::train, "training"), std::pair(Split::validation, "validation"),
          std::pair(Split::test, "test")})
      require(has_variety(split), asked_.path, ": the ", name, " split's ",
              data_.parts.count(split),
              " inputs have one and the same answer, allowed: at least two different ones");
  }

  bool has_variety(Split split) const {
    const std::size_t outputs = asked_.is_next() ? data_.channels : 1;
    std::vector<float> first;
    for (int64_t i = 0; i < data_.parts.count(split); ++i) {
      const Example& example = data_.examples[data_.parts.at(split, i)];
      for (std::size_t t = 0; t < example.targets.size(); ++t) {
        if (example.targets[t] == kIgnore) continue;
        const auto begin = example.numbers.begin() + static_cast<std::ptrdiff_t>(t * outputs);
        const std::vector<float> answer(begin, begin + static_cast<std::ptrdiff_t>(outputs));
        if (first.empty()) first = answer;
        if (answer != first) return true;
      }
    }
    return false;
  }

  void number_answers() {
    if (asked_.is_next() || asked_.is_regression()) return;
    require(classes_.size() >= 2, asked_.path, ": column ", asked_.answer, " holds ",
            classes_.size(), " class, allowed: at least 2");
    const auto numbers = cells::numbered(classes_);
    data_.classes.resize(numbers.size());
    for (const auto& [name, number] : numbers) data_.classes[number] = name;
    for (std::size_t i = 0; i < data_.examples.size(); ++i)
      for (const std::string& name : pending_[i]) {
        const bool unscored = asked_.answers == "sequence" && name == ".";
        data_.examples[i].targets.push_back(unscored ? kIgnore : numbers.at(name));
      }
    pending_.clear();
  }

  const Asked& asked_;
  Data data_;
  int64_t rate_ = 0;        // samples a second of sounds
  std::size_t values_ = 0;  // numbers of all inputs
  std::set<std::string> classes_;
  std::vector<std::vector<std::string>> pending_;  // names of each example's answers
  std::vector<std::vector<double>> real_answers_;  // likewise of a regression
};

}  // namespace

Data read(const Asked& asked) { return Reader(asked).read(); }

}  // namespace longhaul::own_data
