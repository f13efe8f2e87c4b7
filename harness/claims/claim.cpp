#include "harness/claims/claim.h"

#include "harness/claims/claim_schema.h"
#include "harness/claims/rule.h"
#include "harness/claims/tables.h"
#include "harness/suite/section.h"
#include "harness/suite/seeds.h"
#include "harness/suite/yaml.h"
#include "harness/tables/results_csv.h"
#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/choices.h"
#include "support/file.h"
#include "support/hash.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;
using Names = std::vector<std::string>;

class ClaimReader {
 public:
  ClaimReader(ConfigNode& root, std::filesystem::path folder, Registry& registry,
              Problems& problems)
      : root_(root),
        file_(root, "", problems),
        folder_(std::move(folder)),
        registry_(registry),
        problems_(problems) {}

  Claim read();

 private:
  void read_texts();
  void read_suite_block();
  void read_measurement();
  void read_case(const MeasurementInfo& info, const std::string& name, const Section& section,
                 const OptionMap& given, const Names& shared);
  Vocabulary vocabulary() const;
  std::optional<double> option_of(const NumberRule& number, const std::string& option) const;

  ConfigNode& root_;
  Section file_;
  std::filesystem::path folder_;
  Registry& registry_;
  Problems& problems_;
  Claim claim_;
};

Claim ClaimReader::read() {
  const Names known = names_of(claim_part("claim"));
  for (const std::string& key : file_.keys())
    if (!contains(known, key)) file_.unknown(key, known);
  read_texts();
  const bool has_suite = file_.find("suite"), has_measure = file_.find("measure");
  if (has_suite == has_measure)
    file_.problem(has_suite ? "measure" : "", has_suite ? "allowed: a suite or a measure, not both"
                                                        : "needs a suite or a measure");
  if (has_suite) read_suite_block();
  if (has_measure) read_measurement();
  const Vocabulary words = vocabulary();
  claim_.numbers = read_numbers(file_, words, problems_);
  claim_.confirmed = read_conditions(file_, "confirmed", claim_.numbers, problems_);
  claim_.refuted = read_conditions(file_, "refuted", claim_.numbers, problems_);
  return claim_;
}

void ClaimReader::read_texts() {
  if (file_.expect("claim", Kind::scalar, "my_claim")) claim_.name = file_.name("claim");
  const auto read = [&](const char* key, const char* example, std::string& value) {
    const ConfigNode* node = file_.expect(key, Kind::scalar, example);
    if (node) value = node->written;
    while (!value.empty() && value.back() == '\n') value.pop_back();  // of a YAML block
  };
  read("says", "\"A sentence that can be true or false.\"", claim_.says);
  read("source", "\"Author, year, where\"", claim_.source);
  read("published", "\"The figures that the source gives.\"", claim_.published);
}

// A suite as in a file of its own; its name is the claim's unless it says another.
void ClaimReader::read_suite_block() {
  for (const char* key : {"options", "cases", "seeds"})
    if (file_.find(key)) file_.problem(key, "belongs to a measure; a suite has its own");
  ConfigNode* suite = root_.find("suite");
  if (!file_.expect("suite", Kind::map, "{seeds: [0, 1, 2], models: [...], tasks: [...]}")) return;
  if (!suite->find("suite")) {
    ConfigNode name;
    name.kind = Kind::scalar;
    name.key = "suite";
    name.place = suite->place;
    name.scalar = claim_.name;
    name.written = claim_.name;
    suite->children.push_back(name);
  }
  claim_.suite = read_suite(*suite, folder_, registry_, problems_);
}

void ClaimReader::read_measurement() {
  claim_.seeds = read_seeds(file_);
  const ConfigNode* name = file_.expect("measure", Kind::scalar, "attention_scale");
  if (!name) return;
  claim_.measure = name->written;
  try {
    const MeasurementInfo& info = find_measurement(claim_.measure);
    const ConfigNode none{Kind::map, root_.place, "options", {}, {}, {}};
    const Section options =
        file_.find("options") ? file_.section("options") : Section(none, "options", problems_);
    const OptionMap shared = options.values();
    if (!file_.find("cases")) return read_case(info, "all", options, shared, {});
    const ConfigNode* list = file_.expect("cases", Kind::list, "[{case: short, length: 64}]");
    if (!list) return;
    Names keys;
    for (const auto& [key, value] : shared) keys.push_back(key);
    for (const ConfigNode& row : list->children) {
      const Section section(row, "cases", problems_);
      if (!section.expect("case", Kind::scalar, "short")) continue;
      OptionMap given = shared;
      for (const auto& [key, value] : section.values({"case"})) given[key] = value;
      read_case(info, section.name("case"), section, given, keys);
    }
  } catch (const Error& error) {  // there is no such measurement
    file_.problem("measure", error.what());
  }
}

// `shared`: keys that may come from `options`, where their problems stand too.
void ClaimReader::read_case(const MeasurementInfo& info, const std::string& name,
                            const Section& section, const OptionMap& given, const Names& shared) {
  for (const MeasurementCase& other : claim_.cases)
    if (other.name == name) section.problem("case", text("there is another case '", name, "'"));
  Options options(given);
  MeasurementCase added;
  added.name = name;
  added.measurement = info.make(options);
  added.options = options.resolved();
  Names known;
  for (const OptionInfo& option : options.declared()) known.push_back(option.name);
  for (const OptionProblem& wrong : options.problems()) {
    const bool is_known = contains(known, wrong.key);
    const bool is_shared = !section.find(wrong.key) && contains(shared, wrong.key);
    const Section at = is_shared ? file_.section("options") : section;
    if (is_known)
      at.problem(wrong.key, wrong.message);
    else
      at.unknown(wrong.key, known);
  }
  claim_.cases.push_back(std::move(added));
}

// What a selector of the number names, without a post-hoc change or a test set.
std::string selected(const NumberRule& number, const std::string& column, char end) {
  for (const auto& [name, value] : number.where)
    if (name == column) return value.substr(0, value.find(end));
  return "";
}

std::optional<double> number_in(const OptionMap& options, const std::string& option) {
  const auto found = options.find(option);
  if (found == options.end()) return std::nullopt;
  if (const auto* whole = std::get_if<int64_t>(&found->second)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&found->second)) return *real;
  return std::nullopt;
}

std::optional<double> ClaimReader::option_of(const NumberRule& number,
                                             const std::string& option) const {
  const std::string one = selected(number, "case", '\0');
  for (const MeasurementCase& of : claim_.cases)
    if (of.name == one || one.empty()) return number_in(of.options, option);
  if (!claim_.suite) return std::nullopt;
  const std::string model = selected(number, "model", '+'), task = selected(number, "task", '/');
  for (const ModelEntry& entry : claim_.suite->models)
    if (entry.name == model)
      for (const OptionMap* options : {&entry.options, &entry.settings})
        if (const std::optional<double> value = number_in(*options, option)) return value;
  for (const TaskEntry& entry : claim_.suite->tasks)
    if (entry.name == task)
      for (const OptionMap* options : {&entry.options, &entry.settings})
        if (const std::optional<double> value = number_in(*options, option)) return value;
  return number_in(to_options(claim_.suite->defaults), option);
}

// Rows are named as in results.csv: with a post-hoc change behind the model's name and a test set
// behind the task's.
Vocabulary ClaimReader::vocabulary() const {
  Vocabulary words;
  words.option_of = [this](const NumberRule& number, const std::string& option) {
    return option_of(number, option);
  };
  if (!claim_.suite) {
    words.file = "measurements";
    Names& columns = words.columns["measurements"] = {"case", "seed"};
    if (!claim_.cases.empty())
      for (const MeasuredValue& value : claim_.cases.front().measurement.values)
        columns.push_back(value.name);
    for (const MeasurementCase& one : claim_.cases) words.values["case"].push_back(one.name);
    return words;
  }
  words.columns = exported_columns();
  for (const std::string& metric : claim_.suite->metrics)
    words.columns["results"].push_back(metric_column(metric));
  words.file = "results";
  words.column = "test_value";
  Names& models = words.values["model"];
  Names& tasks = words.values["task"];
  for (const ModelEntry& model : claim_.suite->models) {
    models.push_back(model.name);
    for (const std::string& change : claim_.suite->evaluate.post_hoc)
      models.push_back(model.name + "+" + change);
  }
  for (const TaskEntry& task : claim_.suite->tasks) {
    tasks.push_back(task.name);
    for (const std::string& test_set : claim_.suite->evaluate.test_sets)
      tasks.push_back(task.name + "/" + test_set);
  }
  return words;
}

}  // namespace

Claim load_claim(const std::filesystem::path& file, Registry& registry,
                 const std::vector<std::string>& overrides) {
  ConfigNode root = read_config(file);
  Problems problems;
  for (const std::string& assignment : overrides) apply_override(root, assignment, problems);
  Claim claim = ClaimReader(root, file.parent_path(), registry, problems).read();
  problems.check();
  claim.changes = overrides;
  claim.rule_hash = rule_hash(file, overrides);
  return claim;
}

std::string rule_hash(const std::filesystem::path& file,
                      const std::vector<std::string>& overrides) {
  std::string rule = read_file(file);
  for (const std::string& assignment : overrides) rule += "\n" + assignment;
  return to_hex(hash_bytes(rule.data(), rule.size()));
}

}  // namespace longhaul
