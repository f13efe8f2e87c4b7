// The one place that knows yaml-cpp: YAML text to ConfigNodes.
#include "harness/suite/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "longhaul/error.h"
#include "support/file.h"
#include "support/number_text.h"

namespace longhaul {
namespace {

constexpr int kMaxDepth = 16;        // also ends an alias that contains itself
constexpr int kMaxValues = 100'000;  // also ends aliases of aliases, which multiply

Place place_of(const YAML::Mark& mark, const Place& base) {
  return base.line == 0 || mark.is_null() ? base : Place{base.source, base.line + mark.line};
}

template <class T>
bool parse(const std::string& word, T& value) {
  const bool has_plus = word.starts_with('+') && !word.starts_with("+-");
  return read_number(std::string_view(word).substr(has_plus), value);
}

// YAML 1.2 core schema: what an unquoted word means.
OptionValue plain_value(const std::string& word) {
  if (word == "true" || word == "True" || word == "TRUE") return true;
  if (word == "false" || word == "False" || word == "FALSE") return false;
  int64_t integer;
  if (parse(word, integer)) return integer;
  const std::size_t digit = word.find_first_not_of("+-.");
  double number;
  if (digit != std::string::npos && std::isdigit(static_cast<unsigned char>(word[digit])) &&
      parse(word, number))
    return number;
  if (word == ".inf" || word == "+.inf") return std::numeric_limits<double>::infinity();
  if (word == "-.inf") return -std::numeric_limits<double>::infinity();
  if (word == ".nan") return std::numeric_limits<double>::quiet_NaN();
  return word;
}

// Whether the bytes are UTF-8 text, which is all that JSON files can hold.
bool is_utf8(const std::string& bytes) {
  try {
    nlohmann::json(bytes).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

// Throws Error naming the line of the first byte that is not UTF-8.
void require_utf8(const std::string& yaml, const Place& place) {
  if (is_utf8(yaml)) return;
  std::istringstream in(yaml);
  int number = 0;
  for (std::string line; std::getline(in, line); ++number)
    if (!is_utf8(line)) break;
  const std::string where =
      place.line > 0 ? text(place.source, ":", place.line + number, ": ") : "";
  throw Error(where + "holds bytes that are not UTF-8; allowed: UTF-8 text");
}

// For a document to be parsed and no more.
struct IgnoredEvents final : YAML::EventHandler {
  using Mark = YAML::Mark;
  using Anchor = YAML::anchor_t;
  using Style = YAML::EmitterStyle::value;
  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const std::string&, Anchor, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

// Throws Error if something follows the first document. (YAML::LoadAll would not end on ",3".)
void require_one_document(const std::string& yaml, const Place& place) {
  std::istringstream in(yaml);
  YAML::Parser parser(in);
  IgnoredEvents events;
  parser.HandleNextDocument(events);
  require(!parser, place.source, ": holds more than one YAML document, allowed: one");
}

ConfigNode convert(const YAML::Node& node, const Place& base, int depth, int& values) {
  ConfigNode converted;
  converted.place = place_of(node.Mark(), base);
  require(depth < kMaxDepth, converted.place.source, ":", converted.place.line,
          ": nested deeper than ", kMaxDepth, " levels");
  require(++values <= kMaxValues, converted.place.source, ": holds more than ", kMaxValues,
          " values");
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      converted.kind = ConfigNode::Kind::scalar;
      converted.written = node.Scalar();
      converted.scalar =
          node.Tag() == "?" ? plain_value(node.Scalar()) : OptionValue(node.Scalar());
      break;
    case YAML::NodeType::Sequence:
      converted.kind = ConfigNode::Kind::list;
      for (const YAML::Node& item : node)
        converted.children.push_back(convert(item, base, depth + 1, values));
      break;
    case YAML::NodeType::Map:
      converted.kind = ConfigNode::Kind::map;
      for (const auto& entry : node) {
        ConfigNode child = convert(entry.second, base, depth + 1, values);
        child.place = place_of(entry.first.Mark(), base);
        require(entry.first.IsScalar(), child.place.source, ":", child.place.line,
                ": a key must be a single word");
        child.key = entry.first.Scalar();
        converted.children.push_back(std::move(child));
      }
      break;
    default:
      break;
  }
  return converted;
}

}  // namespace

ConfigNode parse_config(const std::string& yaml, const Place& place) {
  require_utf8(yaml, place);
  try {
    require_one_document(yaml, place);
    int values = 0;
    return convert(YAML::Load(yaml), place, 0, values);
  } catch (const YAML::Exception& error) {
    const Place at = place_of(error.mark, place);
    const std::string where = at.line > 0 ? text(at.source, ":", at.line, ": ") : "";
    throw Error(text(where, "not valid YAML: ", error.msg));
  }
}

ConfigNode plain_config(const std::string& word, const Place& place) {
  ConfigNode node;
  node.place = place;
  if (word.empty()) return node;
  require_utf8(word, place);
  node.kind = ConfigNode::Kind::scalar;
  node.written = word;
  node.scalar = plain_value(word);
  return node;
}

ConfigNode read_config(const std::filesystem::path& file) {
  return parse_config(read_file(file), {file.string(), 1});
}

}  // namespace longhaul
