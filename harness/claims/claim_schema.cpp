#include "harness/claims/claim_schema.h"

#include <map>

#include "harness/claims/rule.h"
#include "harness/claims/tables.h"

namespace longhaul {
namespace {

using Json = nlohmann::ordered_json;

Json text_schema(const std::string& description) {
  return {{"type", "string"}, {"description", description}};
}

Json number_schema(const std::string& description) {
  return {{"type", "number"}, {"description", description}};
}

Json enum_schema(const std::vector<std::string>& names, const std::string& default_name,
                 const std::string& description) {
  return {{"enum", names}, {"default", default_name}, {"description", description}};
}

Json reference(const std::string& part) { return {{"$ref", "#/$defs/" + part}}; }

Json of_suite(const std::string& key) { return {{"$ref", "suite.schema.json#/properties/" + key}}; }

// A suite as in a file of its own, which need not say its name.
Json suite_block() {
  Json keys = Json::object();
  for (const FileKey& key : suite_part("suite")) keys[key.name] = of_suite(key.name);
  return {{"type", "object"},
          {"description",
           "What is trained, as in a suite file; its name is the claim's unless it says another."},
          {"required", Json::array({"models"})},
          {"additionalProperties", false},
          {"properties", keys}};
}

Json cases() {
  return {{"type", "array"},
          {"minItems", 1},
          {"items",
           {{"type", "object"},
            {"required", Json::array({"case"})},
            {"properties", {{"case", {{"type", "string"}}}}}}},
          {"description",
           "Measured one after another: a name and options of its own. Without cases there is one, "
           "all."}};
}

std::vector<FileKey> claim_keys_table() {
  return {
      {"claim",
       {{"type", "string"},
        {"pattern", "^[A-Za-z0-9_-]+$"},
        {"description", "The file's name without .yaml."}}},
      {"says", text_schema("A sentence or two that can be true or false.")},
      {"source", text_schema("Author, year, where.")},
      {"published", text_schema("The figures that the source gives.")},
      {"suite", suite_block()},
      {"measure", text_schema("Something measured without training; a wrong name lists them all.")},
      {"seeds", of_suite("seeds")},
      {"options", {{"type", "object"}, {"description", "Options of the measure, of all cases."}}},
      {"cases", cases()},
      {"numbers",
       {{"type", "object"},
        {"minProperties", 1},
        {"additionalProperties", reference("number")},
        {"description", "What the rule speaks of, by name."}}},
      {"confirmed", reference("conditions")},
      {"refuted", reference("conditions")},
  };
}

// Names of numbers above.
Json numbers_of(int least, int most, const std::string& description) {
  Json list = {{"type", "array"}, {"minItems", least}};
  if (most > 0) list["maxItems"] = most;
  list["items"] = {{"type", "string"}};
  list["description"] = description;
  return list;
}

std::vector<FileKey> number_keys() {
  std::vector<std::string> files;
  for (const auto& [file, columns] : exported_columns()) files.push_back(file);
  files.emplace_back("measurements");
  return {
      {"file",
       {{"enum", files},
        {"description",
         "The CSV file without .csv; results of a suite, measurements of a measure."}}},
      {"column", text_schema("test_value of results, the number's own name of measurements.")},
      {"take", enum_schema(take_names(), "only", "Of several rows of a seed.")},
      {"predicted_by",
       text_schema("Of diagnostics: R^2 of the rows of this name as a prediction of the rows "
                   "taken.")},
      {"examples_to",
       number_schema("Training examples until validation first reached this score; those of the "
                     "whole training where it never did.")},
      {"least",
       text_schema("The least value of this option among the numbers `of` that reach the score "
                   "`reaches`.")},
      {"of", numbers_of(1, 0, "Of least: numbers that differ in the option.")},
      {"reaches", number_schema("Of least: what a number must be at least.")},
      {"otherwise",
       number_schema("Of least: what stands for the option's value where no number reaches it; "
                     "without, it is missing.")},
      {"difference", numbers_of(2, 2, "First minus second.")},
      {"ratio", numbers_of(2, 2, "First over second.")},
      {"mean", numbers_of(1, 0, "Their mean.")},
      {"smallest", numbers_of(1, 0, "The smallest of them.")},
      {"largest", numbers_of(1, 0, "The largest of them.")},
  };
}

std::vector<FileKey> condition_keys() {
  return {
      {"number", text_schema("One of numbers.")},
      {"seeds",
       enum_schema(over_names(), "mean", "Which of the seeds' values the bounds hold for.")},
      {"at_least", number_schema("The number is this or more.")},
      {"at_most", number_schema("The number is this or less.")},
      {"above", number_schema("The number is more than this.")},
      {"below", number_schema("The number is less than this.")},
  };
}

Json condition() {
  Json needs = Json::array();
  for (const char* bound : {"at_least", "at_most", "above", "below"})
    needs.push_back({{"required", Json::array({bound})}});
  return {{"type", "object"},
          {"required", Json::array({"number"})},
          {"additionalProperties", false},
          {"anyOf", needs},
          {"properties", properties(claim_part("condition"))}};
}

Json conditions() {
  const Json any_of = {{"type", "array"},
                       {"minItems", 1},
                       {"items", reference("condition")},
                       {"description", "One of these suffices."}};
  const Json alternatives = {{"type", "object"},
                             {"required", Json::array({"any_of"})},
                             {"additionalProperties", false},
                             {"properties", {{"any_of", any_of}}}};
  return {{"type", "array"},
          {"minItems", 1},
          {"description", "All must hold."},
          {"items", {{"anyOf", Json::array({reference("condition"), alternatives})}}}};
}

}  // namespace

const std::vector<FileKey>& claim_part(const std::string& part) {
  static const std::map<std::string, std::vector<FileKey>> parts = {
      {"claim", claim_keys_table()}, {"number", number_keys()}, {"condition", condition_keys()}};
  return parts.at(part);
}

nlohmann::ordered_json claim_schema() {
  Json number = {
      {"type", {"object", "null"}},
      {"description",
       "A column in the rows that the other keys name, each a column too; or made of numbers above "
       "it, seed by seed."},
      {"properties", properties(claim_part("number"))}};
  Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "longhaul claim"},
      {"description", "A claim of the literature and the rule by which it is judged."},
      {"type", "object"},
      {"required", {"claim", "says", "source", "published", "numbers", "confirmed", "refuted"}}};
  schema["oneOf"] =
      Json::array({{{"required", Json::array({"suite"})}}, {{"required", {"measure", "seeds"}}}});
  schema["additionalProperties"] = false;
  schema["properties"] = properties(claim_part("claim"));
  schema["$defs"] = {{"number", number}, {"condition", condition()}, {"conditions", conditions()}};
  return schema;
}

}  // namespace longhaul
