#include "tasks/files/series_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "longhaul/error.h"

namespace longhaul::series {
namespace {

using data::DataFile;
using data::Line;
using data::quoted;

constexpr std::size_t kMostChannels = 10'000;

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(trimmed(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::string unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
                         text.back() == text.front();
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

// A number, or not a number where it is missing.
float value_of(std::string_view word, const std::string& where) {
  if (word == "?" || lower(word) == "nan") return std::numeric_limits<float>::quiet_NaN();
  double value = 0;
  const bool has_plus = word.starts_with('+') && !word.starts_with("+-");
  const char* begin = word.data() + (has_plus ? 1 : 0);
  const auto [end, fault] = std::from_chars(begin, word.data() + word.size(), value);
  require(fault == std::errc() && end == word.data() + word.size() &&
              std::isfinite(static_cast<float>(value)),
          where, "found ", quoted(word), ", allowed: a number, ? or NaN");
  return static_cast<float>(value);
}

// What both formats share: classes, channels and the series read so far.
class Reader {
 public:
  explicit Reader(const DataFile& file) : file_(file) {}
  virtual ~Reader() = default;

  File read() {
    data::for_each_line(file_, [&](const Line& line, std::string_view text) {
      const std::string_view content = trimmed(text);
      where_ = data::place(file_, line);
      if (content.empty() || content[0] == '#' || content[0] == '%') return;
      if (in_data_)
        row(content);
      else
        header(content);
    });
    require(in_data_, file_.path().string(), ": has no line @data");
    require(!found_.series.empty(), file_.path().string(), ": has no series after @data");
    return std::move(found_);
  }

 protected:
  virtual void header(std::string_view line) = 0;
  virtual void row(std::string_view line) = 0;

  void set_classes(const std::vector<std::string_view>& names) {
    for (const std::string_view name : names)
      if (!name.empty()) found_.classes.push_back(unquoted(name));
    require(found_.classes.size() >= 2, where_, "names ", found_.classes.size(),
            " classes, allowed: at least 2");
  }

  void begin_data() {
    require(!found_.classes.empty(), where_, "no line before it names the classes");
    in_data_ = true;
  }

  void add(const std::vector<std::string_view>& channels, std::string_view label) {
    if (found_.channels == 0) found_.channels = static_cast<int64_t>(channels.size());
    require(channels.size() == static_cast<std::size_t>(found_.channels), where_, "has ",
            channels.size(), " channels, those before ", found_.channels);
    require(channels.size() <= kMostChannels, where_, "has ", channels.size(),
            " channels, allowed: ", kMostChannels);
    std::vector<std::vector<float>> columns;
    std::size_t length = 0;
    for (const std::string_view channel : channels) {
      auto& column = columns.emplace_back();
      for (const std::string_view word : split(channel, ","))
        column.push_back(value_of(word, where_));
      length = std::max(length, column.size());
    }
    Series series;
    for (std::size_t t = 0; t < length; ++t)
      for (const auto& column : columns)
        series.values.push_back(t < column.size() ? column[t]
                                                  : std::numeric_limits<float>::quiet_NaN());
    const auto known = std::find(found_.classes.begin(), found_.classes.end(), unquoted(label));
    require(known != found_.classes.end(), where_, "found the class ", quoted(label),
            ", allowed: ", all_classes());
    series.label = static_cast<int32_t>(known - found_.classes.begin());
    found_.series.push_back(std::move(series));
  }

  std::string where_;  // "FILE:12: "

 private:
  std::string all_classes() const {
    std::string all;
    for (const std::string& name : found_.classes) {
      all += (all.empty() ? "" : " | ") + name;
      if (all.size() > 200) return all + " ...";
    }
    return all;
  }

  const DataFile& file_;
  bool in_data_ = false;
  File found_;
};

// @classLabel true a b, then lines "1,2,3:4,5,6:a": channels, and the class last.
class TsReader final : public Reader {
  using Reader::Reader;

  void header(std::string_view line) override {
    require(line[0] == '@', where_, "found ", quoted(line), ", allowed before @data: lines of @");
    std::vector<std::string_view> words;
    for (const std::string_view word : split(line, " "))
      if (!word.empty()) words.push_back(word);
    const std::string key = lower(words[0]);
    const bool is_true = words.size() > 1 && lower(words[1]) == "true";
    require(key != "@timestamps" || !is_true, where_,
            "has time stamps, allowed: series of values alone (@timeStamps false)");
    require(key != "@targetlabel" || !is_true, where_,
            "has numbers as answers, allowed: classes (@classLabel true ...)");
    if (key == "@classlabel" && is_true) set_classes({words.begin() + 2, words.end()});
    if (key == "@data") begin_data();
  }

  void row(std::string_view line) override {
    std::vector<std::string_view> parts = split(line, ":");
    require(parts.size() >= 2, where_, "found ", quoted(line),
            ", allowed: channels and a class, with : between");
    const std::string_view label = parts.back();
    parts.pop_back();
    add(parts, label);
  }
};

// @attribute target {a,b}, then lines "1,2,3,a", or with a relational attribute
// "'1,2,3\n4,5,6',a", where \n is a backslash and an n.
class ArffReader final : public Reader {
  using Reader::Reader;

  void header(std::string_view line) override {
    require(line[0] == '@', where_, "found ", quoted(line), ", allowed before @data: lines of @");
    const std::string start = lower(line.substr(0, 11));
    if (start.starts_with("@attribute")) {
      const std::size_t open = line.find('{'), close = line.rfind('}');
      if (open != std::string_view::npos && close != std::string_view::npos && open < close)
        set_classes(split(line.substr(open + 1, close - open - 1), ","));
      is_relational_ |= lower(line).ends_with("relational");
    }
    if (start.starts_with("@data")) begin_data();
  }

  void row(std::string_view line) override {
    const std::size_t comma = line.rfind(',');
    require(comma != std::string_view::npos, where_, "found ", quoted(line),
            ", allowed: values and a class, with , between");
    const std::string_view label = trimmed(line.substr(comma + 1));
    const std::string_view values = trimmed(line.substr(0, comma));
    if (!is_relational_) return add({values}, label);
    const std::string inner = unquoted(values);
    require(inner.size() + 2 == values.size(), where_, "found ", quoted(values),
            ", allowed: the channels in quotes, with \\n between");
    add(split(inner, "\\n"), label);
  }

  bool is_relational_ = false;
};

}  // namespace

File read(const DataFile& file) {
  const std::string ending = lower(file.path().extension().string());
  require(ending == ".ts" || ending == ".arff", file.path().string(),
          ": allowed: files that end in .ts or .arff");
  if (ending == ".ts") return TsReader(file).read();
  return ArffReader(file).read();
}

}  // namespace longhaul::series
