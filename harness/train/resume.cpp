#include "harness/train/resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/results/machine.h"
#include "harness/results/store.h"
#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/hash.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "support/number_text.h"
#include "support/say.h"

namespace longhaul {

template <>
inline constexpr auto json_fields<CurvePoint> =
    std::tuple{field("step", &CurvePoint::step), field("split", &CurvePoint::split),
               field("metric", &CurvePoint::metric), field("value", &CurvePoint::value)};

template <>
inline constexpr auto json_fields<DiagnosticPoint> =
    std::tuple{field("step", &DiagnosticPoint::step), field("layer", &DiagnosticPoint::layer),
               field("name", &DiagnosticPoint::name), field("value", &DiagnosticPoint::value)};

template <>
inline constexpr auto json_fields<Diagnostics::State> = std::tuple{
    field("is_due", &Diagnostics::State::is_due), field("points", &Diagnostics::State::points)};

template <>
inline constexpr auto json_fields<TrainingState> =
    std::tuple{field("steps", &TrainingState::steps),
               field("tokens", &TrainingState::tokens),
               field("flops", &TrainingState::flops),
               field("seconds", &TrainingState::seconds),
               field("evaluations", &TrainingState::evaluations),
               field("selected_step", &TrainingState::selected_step),
               field("validation", &TrainingState::validation),
               field("accuracy", &TrainingState::accuracy),
               field("losses", &TrainingState::losses),
               field("validations", &TrainingState::validations),
               field("diagnostics", &TrainingState::diagnostics),
               field("notes", &TrainingState::notes),
               field("peak_activation_bytes", &TrainingState::peak_activation_bytes)};

namespace {

namespace fs = std::filesystem;

constexpr double kMostTime = 0.01;  // share of the training that writing may take

// Of all that the file holds, but for the checksum itself.
std::string checksum(const Checkpoint& content) {
  uint64_t hash = 0;
  for (const auto& [key, value] : content.metadata)
    if (key != "checksum") hash = hash_bytes(value.data(), value.size(), hash);
  // Sorted by name, as a file returns them.
  std::map<std::string, Tensor> tensors;
  for (const NamedTensor& tensor : content.tensors) tensors[tensor.name] = tensor.value;
  for (const auto& [name, value] : tensors) {
    hash = hash_bytes(name.data(), name.size(), hash);
    hash = hash_bytes(value.data(), static_cast<std::size_t>(value.bytes()), hash);
  }
  return to_hex(hash);
}

struct Numbered {
  int64_t number = -1;  // none
  ResumeFiles::Content content;
};

Numbered read_one(const fs::path& path, const std::string& identity) {
  const Checkpoint file = load_checkpoint(path);
  const auto text_of = [&](const char* key) {
    const auto found = file.metadata.find(key);
    require(found != file.metadata.end(), path.string(), ": its metadata holds no ", key);
    return found->second;
  };
  require(text_of("checksum") == checksum(file), path.string(), ": damaged");
  if (text_of("of") != identity) return {};
  Numbered numbered;
  const std::string number = text_of("number");
  require(read_number(number, numbered.number), path.string(), ": damaged: its number is '", number,
          "'");
  numbered.content.state = from_json<TrainingState>(parse_json(text_of("state")));
  for (const NamedTensor& tensor : file.tensors)
    numbered.content.tensors[tensor.name] = tensor.value;
  return numbered;
}

}  // namespace

ResumeFiles::ResumeFiles(fs::path trial_dir, const TrialSpec& spec, double seconds)
    : dir_(std::move(trial_dir)),
      identity_("trial " + spec.exact_id() + " of build " + longhaul_build()),
      seconds_(seconds) {}

fs::path ResumeFiles::path(int64_t number) const {
  return dir_ / fmt::format("resume.{}", number % 2);
}

std::optional<ResumeFiles::Content> ResumeFiles::read() {
  if (seconds_ == 0) return std::nullopt;
  Numbered newest;
  for (const int64_t slot : {0, 1}) {
    if (!fs::exists(path(slot))) continue;
    try {
      Numbered found = read_one(path(slot), identity_);
      if (found.number > newest.number) newest = std::move(found);
    } catch (const std::runtime_error& error) {  // an Error, or the system's
      say("{}; going on from the file before, or from the beginning\n", error.what());
    }
  }
  if (newest.number < 0) return std::nullopt;
  next_ = newest.number + 1;
  return std::move(newest.content);
}

bool ResumeFiles::is_due() const {
  return seconds_ > 0 && since_last_.seconds() >= std::max(seconds_, cost_ / kMostTime);
}

void ResumeFiles::write(const TrainingState& state, const std::vector<NamedTensor>& tensors) {
  if (seconds_ == 0) return;
  const Stopwatch watch;
  Checkpoint file;
  file.tensors = tensors;
  file.metadata = {
      {"of", identity_}, {"number", std::to_string(next_)}, {"state", json_of(state).dump()}};
  file.metadata["checksum"] = checksum(file);
  try {
    save_checkpoint(path(next_), file);
    ++next_;
  } catch (const std::system_error& error) {
    say("{}: a trial that is killed now goes on from the file before\n", error.what());
  }
  cost_ = watch.seconds();
  since_last_.restart();
}

void write_end(const fs::path& trial_dir, const TrialRecord& record) {
  write_record(trial_dir, record);
  if (record.status != Status::out_of_memory) remove_resume_files(trial_dir);
}

void remove_resume_files(const fs::path& trial_dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(trial_dir))  // with those half written
    if (entry.path().filename().string().starts_with("resume.")) files.push_back(entry.path());
  for (const fs::path& file : files) fs::remove(file);
}

}  // namespace longhaul
