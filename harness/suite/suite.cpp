#include "harness/suite/suite.h"

#include <set>
#include <tuple>

#include "core/hybrid.h"
#include "core/plugin_loader.h"
#include "harness/settings/option_check.h"
#include "harness/suite/evaluate_section.h"
#include "harness/suite/grid.h"
#include "harness/suite/match.h"
#include "harness/suite/read_list.h"
#include "harness/suite/section.h"
#include "harness/suite/seeds.h"
#include "harness/suite/suite_check.h"
#include "harness/suite/suite_schema.h"
#include "harness/suite/sweep.h"
#include "harness/suite/throughput_section.h"
#include "harness/suite/tune.h"
#include "harness/suite/yaml.h"
#include "harness/tables/metric.h"
#include "harness/train/diagnostics.h"
#include "harness/train/evaluation.h"
#include "longhaul/error.h"
#include "math/precision.h"
#include "support/choices.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;
using Names = std::vector<std::string>;

// What an entry may have beside the options of its model or task.
Names also(const std::string& kind) {
  Names names = setting_names();
  const Names keys = names_of(suite_part(kind));
  names.insert(names.end(), keys.begin(), keys.end());
  return names;
}

// Those items of a list that are names.
Names names_in(const ConfigNode* list) {
  Names names;
  if (list)
    for (const ConfigNode& item : list->children)
      if (item.kind == Kind::scalar && std::holds_alternative<std::string>(item.scalar))
        names.push_back(item.written);
  return names;
}

// What a network has no use for, since it is not in the backbone.
const char* const kBackboneSettings[] = {"norm",      "norm_place",     "feed_forward",
                                         "mlp_ratio", "short_conv",     "canon",
                                         "locality",  "tied_embedding", "checkpoint_blocks"};

class SuiteReader {
 public:
  // `folder` is where the file's plugins may lie.
  SuiteReader(const ConfigNode& root, std::filesystem::path folder, Registry& registry,
              Problems& problems)
      : file_(root, "", problems),
        folder_(std::move(folder)),
        registry_(registry),
        problems_(problems) {}

  Suite read();

 private:
  // A suite without tasks measures throughput alone.
  bool trains() const { return !suite_.throughput || file_.find("tasks"); }
  void read_sections();
  void read_plugins();
  void read_tasks();
  void read_models();
  template <class Entry>
  Section read_entry(const ConfigNode& node, const std::string& kind, std::vector<Entry>& entries,
                     const Names& groups = {});
  void read_mixers(const Section& row, ModelEntry& entry);
  void ask(TaskEntry& entry, const Section& row);
  void sweep(const Section& row, const Place& place, Names& known);
  void build(const ModelEntry& entry, const Section& row);
  void check_precision(const ModelEntry& entry, const Section& row);
  OptionCheck build_at(const ModelEntry& entry, Settings settings, int64_t max_length);
  void match();

  Section file_;
  std::filesystem::path folder_;
  Registry& registry_;
  Problems& problems_;
  Suite suite_;
  Tune sweep_;
  std::vector<Place> places_;  // of the models' rows
};

// Those of plugins: the built-in ones are always measured.
Names read_metrics(const Section& suite, const Registry& registry) {
  Names known;
  for (const MetricInfo& metric : registry.metrics())
    if (is_of_plugin(metric.origin)) known.push_back(metric.name);
  if (known.empty() && suite.find("metrics"))
    suite.problem("metrics", "no loaded plugin brings one; the built-in ones are always measured");
  if (known.empty()) return {};
  const Names asked = read_names(suite, "metrics", "[macro_f1]", known);
  for (const std::string& name : asked)
    if (is_taken_by_tables(name))
      suite.problem("metrics", text("'", name, "' is a name that tables have already; the plugin ",
                                    "must call its metric otherwise"));
  return asked;
}

double read_checkpoint_seconds(const Section& suite) {
  const std::string key = "checkpoint_seconds";
  const ConfigNode* node = suite.expect(key, Kind::scalar, "60");
  if (!node) return 0;
  Options options({{key, node->scalar}});
  const double seconds = options.number(key, 60, "", 0, 86400);
  suite.report(options);
  return seconds;
}

Suite SuiteReader::read() {
  read_plugins();  // before the names that they bring
  read_sections();
  read_tasks();  // before the models, which are built for the tasks' lengths
  read_models();
  if (problems_.empty()) match();
  if (problems_.empty()) check_post_hoc(suite_, registry_, file_);
  if (problems_.empty())
    for (const TuneProblem& wrong : check_tune(suite_, registry_))
      file_.section("tune").problem(wrong.key, wrong.message);
  if (problems_.empty()) check_metrics(suite_, registry_, file_);
  if (problems_.empty()) check_trials(suite_, registry_, file_);
  return suite_;
}

void SuiteReader::read_sections() {
  const Names known = names_of(suite_part("suite"));
  for (const std::string& key : file_.keys())
    if (!contains(known, key)) file_.unknown(key, known);
  if (file_.expect("suite", Kind::scalar, "my_suite")) suite_.name = file_.name("suite");
  if (file_.find("throughput")) suite_.throughput = read_throughput(file_.section("throughput"));
  if (trains() || file_.find("seeds")) suite_.seeds = read_seeds(file_);
  if (file_.find("budget")) suite_.budget = read_budget(file_.section("budget"));
  if (file_.find("match")) suite_.match = read_match(file_);
  suite_.pretrain = read_axis(file_, "pretrain", registry_);
  suite_.loss = read_axis(file_, "loss", registry_);
  suite_.diagnostics = read_names(file_, "diagnostics", "[update_cosine]", names_of(diagnostics()));
  suite_.metrics = read_metrics(file_, registry_);
  suite_.baselines = read_names(file_, "baselines", "[bag_of_tokens]", extra_baselines());
  if (file_.find("tune") && file_.expect("tune", Kind::map, "{learning_rate: [1e-3, 3e-3]}"))
    suite_.tune = read_value_lists(file_.section("tune"), "tune: {learning_rate: [1e-3, 3e-3]}");
  if (file_.find("sweep") && file_.expect("sweep", Kind::map, "{state: [16, 32, 64]}"))
    sweep_ = read_value_lists(file_.section("sweep"), "sweep: {state: [16, 32, 64]}");
  if (file_.find("retry")) suite_.retry = read_retry(file_.section("retry"));
  if (file_.find("limits")) suite_.limits = read_limits(file_.section("limits"));
  if (file_.find("checkpoint_seconds")) suite_.checkpoint_seconds = read_checkpoint_seconds(file_);
  if (file_.find("engine")) suite_.engine = read_engine(file_.section("engine"));
  if (file_.find("defaults")) suite_.defaults = read_defaults(file_.section("defaults"), registry_);
  if (file_.find("evaluate")) suite_.evaluate = read_evaluate(file_.section("evaluate"));
}

void SuiteReader::read_plugins() {
  const ConfigNode* list =
      file_.find("plugins") ? file_.expect("plugins", Kind::list, "[./my_mixer.so]") : nullptr;
  if (list)
    for (const ConfigNode& entry : list->children) {
      try {
        require(entry.kind == Kind::scalar, "expected the path of a shared object, found ",
                to_text(entry.kind));
        load_plugin(find_plugin(entry.written, folder_), registry_);
      } catch (const Error& error) {
        problems_.add(entry.place, "plugins", error.what());
      }
    }
  suite_.plugins = loaded_plugins(registry_);
}

// Reads what models and tasks have in common: name, registered name (either stands for both where
// it is alone), settings and options. `groups`: keys that may hold a map of options.
template <class Entry>
Section SuiteReader::read_entry(const ConfigNode& node, const std::string& kind,
                                std::vector<Entry>& entries, const Names& groups) {
  const std::string name_key = node.find("name") ? "name" : kind;
  const std::string base_key = node.find(kind) ? kind : "name";
  const ConfigNode* name = node.find(name_key);
  const bool is_named = name && name->kind == Kind::scalar;
  Section row(node, is_named ? text(kind, "s.", name->written) : kind + "s", problems_);
  Entry entry;
  if (name) {
    entry.name = row.name(name_key);
    entry.base = row.name(base_key);
  } else if (node.kind == Kind::map || node.kind == Kind::null) {
    row.problem("", "needs a name");
  }
  for (const Entry& other : entries)
    if (!entry.name.empty() && other.name == entry.name)
      row.problem(name_key, text("another ", kind, " entry has this name too"));

  const Names settings = setting_names();
  Names elsewhere = names_of(suite_part(kind));
  elsewhere.insert(elsewhere.end(), groups.begin(), groups.end());
  for (const auto& [key, value] : row.values(elsewhere))
    (contains(settings, key) ? entry.settings : entry.options)[key] = value;
  for (const std::string& group : groups)
    if (row.find(group)) entry.options.merge(row.group(group));
  Options given(entry.settings);
  read_settings(given, suite_.defaults, registry_);
  row.report(given);
  entries.push_back(entry);
  return row;
}

void SuiteReader::read_tasks() {
  if (!trains()) return;
  const ConfigNode* list = file_.expect("tasks", Kind::list, "[listops, mqar]");
  if (!list) return;
  if (list->children.empty()) file_.problem("tasks", "is empty, allowed: at least one task");
  for (const ConfigNode& node : list->children) {
    const Section row = read_entry(node, "task", suite_.tasks);
    TaskEntry& entry = suite_.tasks.back();
    const bool has_budget = row.find("budget");
    entry.budget = has_budget ? read_budget(row.section("budget")) : suite_.budget;
    if (!has_budget && !file_.find("budget"))
      row.problem("", "needs a budget, its own or the suite's, such as budget: {steps: 1000}");
    ask(entry, row);
  }
}

void SuiteReader::read_models() {
  const ConfigNode* list = file_.expect("models", Kind::list, "[transformer, lru]");
  if (!list) return;
  if (list->children.empty()) file_.problem("models", "is empty, allowed: at least one model");
  Names known;
  for (const ConfigNode& node : list->children) {
    const Section row = read_entry(node, "model", suite_.models, names_in(node.find("mixers")));
    read_mixers(row, suite_.models.back());
    sweep(row, node.place, known);
  }
  for (const auto& [key, values] : sweep_)
    if (!contains(known, key))
      file_.section("sweep").problem(
          key, "is no setting and no option of any model" + did_you_mean(key, known));
}

// Puts the rows that the last entry becomes in its place.
void SuiteReader::sweep(const Section& row, const Place& place, Names& known) {
  const ModelEntry entry = suite_.models.back();
  suite_.models.pop_back();
  for (const ModelEntry& one : swept(entry, sweep_, suite_, registry_, known)) {
    for (const ModelEntry& other : suite_.models)
      if (one.name != entry.name && other.name == one.name)
        row.problem("", text("sweep makes a row ", one.name, ", which another entry has too"));
    suite_.models.push_back(one);
    places_.push_back(place);
    Options given(one.settings);
    read_settings(given, suite_.defaults, registry_);
    row.report(given);
    check_precision(suite_.models.back(), row);
    build(suite_.models.back(), row);
  }
}

void SuiteReader::read_mixers(const Section& row, ModelEntry& entry) {
  if (!row.find("mixers")) return;
  entry.base.clear();
  if (row.find("model")) row.problem("mixers", "takes the place of model: give one of the two");
  const ConfigNode* list = row.expect("mixers", Kind::list, "[lru, transformer]");
  if (!list) return;
  const Names mixers = names_in(list);
  if (mixers.empty() || mixers.size() < list->children.size())
    return row.problem("mixers", "expected names of models, such as [lru, transformer]");
  entry.base = hybrid_name(mixers);
}

void SuiteReader::ask(TaskEntry& entry, const Section& row) {
  if (entry.base.empty()) return;
  try {
    const bool wants_batch = suite_.match == Match::flops;
    entry.facts = longhaul::ask(
        {entry.name, registry_.task(entry.base), entry.options, suite_.evaluate, wants_batch},
        registry_);
    row.report(entry.facts, also("task"));
    if (!entry.facts.untestable.empty())
      row.problem("", "cannot be tested as evaluate: asks: " + entry.facts.untestable);
  } catch (const Error& error) {  // the registry does not know it
    row.problem(row.find("task") ? "task" : "", error.what());
  }
}

void SuiteReader::match() {
  if (suite_.match == Match::none) return;
  const auto place_problem = [&](const std::string& model, const std::string& why) {
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (suite_.models[i].name == model) problems_.add(places_[i], "models." + model, why);
  };
  for (const ModelEntry& entry : suite_.models)
    if (&entry != &suite_.models.front() && entry.settings.count("d_model"))
      place_problem(entry.name, "d_model: match solves the width of all models but the first");
  if (problems_.empty()) suite_.matched = match_widths(suite_, registry_, place_problem);
}

// Where the width is yet to be solved, one that the first model's does not suit is no problem.
OptionCheck SuiteReader::build_at(const ModelEntry& entry, Settings settings, int64_t max_length) {
  const ModelInfo& info = registry_.model(entry.base);
  OptionCheck check = check_model(info, settings, max_length, entry.options);
  if (suite_.match == Match::none || &entry == &suite_.models.front()) return check;
  for (const int64_t own = settings.d_model; settings.d_model < 2 * own; ++settings.d_model) {
    OptionCheck wider = check_model(info, settings, max_length, entry.options);
    if (wider.ok()) return wider;
  }
  return check;
}

// Where the trials run here: what a cluster's nodes can do is not known.
void SuiteReader::check_precision(const ModelEntry& entry, const Section& row) {
  if (suite_.engine.name != "local") return;
  std::set<std::string> problems{precision_problem(settings_of(suite_, entry, {}).precision)};
  for (const TaskEntry& task : suite_.tasks)
    problems.insert(precision_problem(settings_of(suite_, entry, task).precision));
  for (const std::string& problem : problems)
    if (!problem.empty()) row.problem("precision", problem);
}

// Once for each width, length and direction that the tasks ask for.
void SuiteReader::build(const ModelEntry& entry, const Section& row) {
  if (entry.base.empty()) return;
  std::set<std::tuple<int64_t, int64_t, bool>> built;
  const auto build_for = [&](const TaskEntry& task, int64_t max_length) {
    const Settings settings = settings_of(suite_, entry, task);
    if (!built.emplace(settings.d_model, max_length, settings.causal).second) return;
    const OptionCheck check = build_at(entry, settings, max_length);
    row.report(check, also("model"));
    // Its own trials fail, and the others run; but nothing can be matched with it.
    if (!check.crash.empty() && suite_.match != Match::none) row.problem("", check.crash);
  };
  try {
    if (registry_.model(entry.base).make_network)
      for (const char* key : kBackboneSettings)
        if (entry.settings.count(key))
          row.problem(key, text("is a setting of the backbone around a mixer; ", entry.base,
                                " is a whole network"));
    for (const TaskEntry& task : suite_.tasks)
      if (task.facts.shape.max_length > 0) build_for(task, task.facts.shape.max_length);
    if (built.empty()) build_for({}, kAnyLength);
  } catch (const Error& error) {  // the registry does not know it
    row.problem(row.find("mixers") ? "mixers" : row.find("model") ? "model" : "", error.what());
  }
}

}  // namespace

Suite read_suite(ConfigNode& root, const std::filesystem::path& folder, Registry& registry,
                 Problems& problems) {
  for (const char* key : {"models", "tasks"})
    if (ConfigNode* list = root.find(key))
      for (ConfigNode& row : list->children) expand_row(row);
  return SuiteReader(root, folder, registry, problems).read();
}

Suite load_suite(const std::filesystem::path& file, Registry& registry,
                 const std::vector<std::string>& overrides, Purpose purpose) {
  ConfigNode root = read_config(file);
  Problems problems;
  for (const std::string& assignment : overrides) apply_override(root, assignment, problems);
  if (purpose == Purpose::measure && !root.find("throughput"))
    apply_override(root, "throughput={}", problems);
  Suite suite = read_suite(root, file.parent_path(), registry, problems);
  problems.check();
  return suite;
}

}  // namespace longhaul
