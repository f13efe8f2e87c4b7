#include "harness/record/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <system_error>
#include <tuple>
#include <type_traits>

#include "harness/record/csv.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kCurveHeader = "step,split,metric,value";

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

// A descriptor that closes itself.
class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail(path);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool write_all(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = write(descriptor_, text.data() + done, text.size() - done);
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    return true;
  }
  bool sync() const { return fsync(descriptor_) == 0; }

 private:
  int descriptor_;
};

// The text that `parse` turns into JSON and on; throws Error naming the path whatever goes wrong.
template <class Parse>
auto read_json(const fs::path& path, Parse&& parse) {
  std::ifstream in(path, std::ios::binary);
  require(in.good(), path.string(), ": cannot be read");
  std::ostringstream content;
  content << in.rdbuf();
  try {
    return parse(json::parse(content.str()));
  } catch (const json::exception& error) {
    throw Error(text(path.string(), ": damaged: ", error.what()));
  } catch (const Error& error) {
    throw Error(text(path.string(), ": damaged: ", error.what()));
  }
}

std::string dump(const json& object) {
  // Messages may quote bytes that are not UTF-8, which must not cost the record.
  return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

// The place of every key among all, by its first appearance.
template <class Key>
auto first_seen(const std::vector<Trial>& trials, Key&& key) {
  std::map<std::decay_t<decltype(key(trials.front()))>, std::size_t> places;
  for (const Trial& trial : trials) places.emplace(key(trial), places.size());
  return places;
}

std::vector<Trial> planned_trials(const fs::path& dir) {
  std::vector<Trial> trials = read_json(dir / "order.json", [&](const json& list) {
    std::vector<Trial> planned;
    for (const json& entry : list) {
      const std::string id = entry.at("id").get<std::string>();
      planned.push_back({id, trial_from_json(entry.at("spec")), std::nullopt, dir / "trials" / id});
    }
    return planned;
  });
  const auto models = first_seen(trials, [](const Trial& trial) { return trial.spec.model_name; });
  const auto tasks = first_seen(trials, [](const Trial& trial) { return trial.spec.task_name; });
  const auto seeds = first_seen(trials, [](const Trial& trial) { return trial.spec.seed; });
  const auto place = [&](const TrialSpec& spec) {
    return std::tuple(models.at(spec.model_name), tasks.at(spec.task_name), seeds.at(spec.seed));
  };
  std::stable_sort(trials.begin(), trials.end(),
                   [&](const Trial& a, const Trial& b) { return place(a.spec) < place(b.spec); });
  return trials;
}

std::vector<Trial> found_trials(const fs::path& dir, std::vector<std::string>& problems) {
  std::vector<Trial> trials;
  if (!fs::is_directory(dir / "trials")) return trials;
  for (const auto& entry : fs::directory_iterator(dir / "trials")) {
    if (!fs::exists(entry.path() / "spec.json")) continue;  // cut off before it began
    try {
      trials.push_back({entry.path().filename().string(),
                        read_json(entry.path() / "spec.json", trial_from_json), std::nullopt,
                        entry.path()});
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  }
  std::sort(problems.begin(), problems.end());
  std::sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    return std::tie(a.spec.model_name, a.spec.task_name, a.spec.seed, a.id) <
           std::tie(b.spec.model_name, b.spec.task_name, b.spec.seed, b.id);
  });
  return trials;
}

void require_results_folder(const fs::path& dir) {
  for (const char* content : {"trials", "order.json", "throughput.json"})
    if (fs::exists(dir / content)) return;
  if (fs::exists(dir))
    throw Error(text(dir.string(), ": is not a results folder: it holds no trials/"));
  const fs::path parent = dir.has_parent_path() ? dir.parent_path() : fs::path(".");
  std::vector<std::string> siblings;
  if (fs::is_directory(parent))
    for (const auto& entry : fs::directory_iterator(parent))
      siblings.push_back(entry.path().filename().string());
  const std::string near = nearest(dir.filename().string(), siblings);
  throw Error(text(dir.string(), ": no such results folder",
                   near.empty() ? "" : "; did you mean '" + (parent / near).string() + "'?"));
}

// "step,split,metric,value", or nothing if the line is not of that form.
std::optional<CurvePoint> parse_point(const std::string& line) {
  std::vector<std::string> fields(1);
  for (char c : line)
    if (c == ',')
      fields.emplace_back();
    else
      fields.back() += c;
  if (fields.size() != 4) return std::nullopt;
  CurvePoint point{0, fields[1], fields[2], std::numeric_limits<double>::quiet_NaN()};
  if (!read_number(fields[0], point.step)) return std::nullopt;
  if (!fields[3].empty() && !read_number(fields[3], point.value)) return std::nullopt;
  return point;
}

}  // namespace

void write_atomically(const fs::path& path, const std::string& text) {
  const fs::path aside = path.string() + ".tmp" + std::to_string(getpid());
  {
    const File file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.write_all(text) || !file.sync()) {
      const int fault = errno;
      unlink(aside.c_str());
      errno = fault;
      fail(path);
    }
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) fail(path);
  // The rename itself must reach the disk too; not every file system can sync a folder.
  File(path.has_parent_path() ? path.parent_path() : ".", O_RDONLY | O_DIRECTORY).sync();
}

void write_record(const fs::path& trial_dir, const TrialRecord& record) {
  write_atomically(trial_dir / "record.json", dump(to_json(record)));
}

std::optional<TrialRecord> read_record(const fs::path& trial_dir, std::string* problem) {
  const fs::path path = trial_dir / "record.json";
  if (!fs::exists(path)) return std::nullopt;
  try {
    return read_json(path, record_from_json);
  } catch (const Error& error) {
    if (problem) *problem = error.what();
    return std::nullopt;
  }
}

std::string to_csv(const std::vector<CurvePoint>& curve) {
  std::string csv = std::string(kCurveHeader) + "\n";
  for (const CurvePoint& point : curve)
    csv += csv_line({csv_text(point.step), point.split, point.metric, csv_text(point.value)});
  return csv;
}

std::vector<CurvePoint> read_curve(const fs::path& trial_dir) {
  const fs::path path = trial_dir / "curve.csv";
  std::ifstream in(path, std::ios::binary);
  std::vector<CurvePoint> curve;
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (in.eof()) break;  // no newline at its end: the writer was cut off
    if (number == 1) {
      require(line == kCurveHeader, path.string(), ":1: expected the header '", kCurveHeader,
              "', found '", line, "'");
      continue;
    }
    const std::optional<CurvePoint> point = parse_point(line);
    require(point.has_value(), path.string(), ":", number,
            ": expected step,split,metric,value, found '", line, "'");
    curve.push_back(*point);
  }
  return curve;
}

void write_order(const fs::path& dir, const std::vector<TrialSpec>& specs) {
  json list = json::array();
  for (const TrialSpec& spec : specs) list.push_back({{"id", spec.id()}, {"spec", to_json(spec)}});
  write_atomically(dir / "order.json", dump(list));
}

namespace {

// The trial, and one more for each other way in which it was tested, under names of their own.
void append_variants(std::vector<Trial>& trials, const Trial& trial) {
  std::vector<Trial> variants;
  if (!trial.record || trial.record->evaluations.empty()) return trials.push_back(trial);
  for (const Evaluation& evaluation : trial.record->evaluations) {
    std::string model = trial.spec.model_name, task = trial.spec.task_name;
    if (!evaluation.post_hoc.empty()) model += "+" + evaluation.post_hoc;
    if (!evaluation.test_set.empty()) task += "/" + evaluation.test_set;
    auto variant = std::find_if(variants.begin(), variants.end(), [&](const Trial& other) {
      return other.spec.model_name == model && other.spec.task_name == task;
    });
    if (variant == variants.end()) {
      variant = variants.insert(variants.end(), trial);
      variant->spec.model_name = model;
      variant->spec.task_name = task;
      variant->record->evaluations.clear();
      variant->is_variant = variants.size() > 1;
    }
    variant->record->evaluations.push_back(evaluation);
  }
  trials.insert(trials.end(), variants.begin(), variants.end());
}

}  // namespace

Results load_results(const fs::path& dir) {
  require_results_folder(dir);
  Results results;
  if (fs::exists(dir / "order.json")) try {
      results.trials = planned_trials(dir);
    } catch (const Error& error) {
      results.problems.push_back(error.what());
    }
  if (results.trials.empty()) results.trials = found_trials(dir, results.problems);
  std::vector<Trial> trials;
  for (Trial& trial : results.trials) {
    std::string problem;
    trial.record = read_record(trial.dir, &problem);
    if (!problem.empty()) results.problems.push_back(problem);
    if (trial.spec.tuning.is_candidate)
      results.tuning.push_back(trial);
    else
      append_variants(trials, trial);
  }
  results.trials = std::move(trials);
  try {
    results.throughput = read_throughput(dir);
    results.solvers = read_solvers(dir);
  } catch (const Error& error) {
    results.problems.push_back(error.what());
  }
  std::erase_if(results.throughput, [](const ThroughputRow& row) { return !row.planned; });
  return results;
}

}  // namespace longhaul
