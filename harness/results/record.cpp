#include "harness/results/record.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "harness/results/machine.h"
#include "harness/settings/settings.h"
#include "support/json_fields.h"

namespace longhaul {

using nlohmann::json;

template <>
inline constexpr auto json_fields<Baselines> =
    std::tuple{field("chance", &Baselines::chance), field("majority", &Baselines::majority),
               field("shallow", &Baselines::shallow),
               field<Key::unless_default>("bag_of_tokens", &Baselines::bag_of_tokens)};

template <>
inline constexpr auto json_fields<Evaluation> =
    std::tuple{field("length", &Evaluation::length),
               field("test", &Evaluation::test),
               field("validation", &Evaluation::validation),
               field("test_set", &Evaluation::test_set),
               field("post_hoc", &Evaluation::post_hoc),
               field("baselines", &Evaluation::baselines),
               field<Key::newer>("calibration_error", &Evaluation::calibration_error),
               field<Key::newer>("loss", &Evaluation::loss),
               field<Key::newer>("string_accuracy", &Evaluation::string_accuracy),
               field<Key::newer>("mse", &Evaluation::mse),
               field<Key::newer>("mae", &Evaluation::mae),
               field<Key::unless_default>("metrics", &Evaluation::metrics),
               field<Key::newer>("status", &Evaluation::status),
               field<Key::newer>("message", &Evaluation::message)};

template <>
inline constexpr auto json_fields<FileSum> =
    std::tuple{field("bytes", &FileSum::bytes), field("hash", &FileSum::hash)};

template <>
inline constexpr auto json_fields<TrialRecord> =
    std::tuple{field("status", &TrialRecord::status),
               field<Key::newer>("message", &TrialRecord::message),
               field<Key::newer>("attempts", &TrialRecord::attempts),
               field<Key::newer>("metric", &TrialRecord::metric),
               field<Key::unless_default>("metrics", &TrialRecord::metrics),
               field("evaluations", &TrialRecord::evaluations),
               field<Key::newer>("selected_step", &TrialRecord::selected_step),
               field<Key::newer>("train_loss", &TrialRecord::train_loss),
               field<Key::newer>("parameters", &TrialRecord::parameters),
               field<Key::newer>("flops_per_token", &TrialRecord::flops_per_token),
               field<Key::newer>("steps", &TrialRecord::steps),
               field<Key::newer>("tokens_seen", &TrialRecord::tokens_seen),
               field<Key::newer>("train_seconds", &TrialRecord::train_seconds),
               field<Key::newer>("train_tokens_per_second", &TrialRecord::train_tokens_per_second),
               field<Key::newer>("peak_activation_bytes", &TrialRecord::peak_activation_bytes),
               field<Key::newer>("peak_resident_bytes", &TrialRecord::peak_resident_bytes),
               field<Key::newer>("state_bytes", &TrialRecord::state_bytes),
               field<Key::newer>("learning_rate", &TrialRecord::learning_rate),
               field<Key::newer>("threads", &TrialRecord::threads),
               field<Key::newer>("ranks", &TrialRecord::ranks),
               field<Key::newer>("precision", &TrialRecord::precision),
               field<Key::newer>("model_origin", &TrialRecord::model_origin),
               field<Key::newer>("host", &TrialRecord::host),
               field<Key::newer>("cpu", &TrialRecord::cpu),
               field<Key::newer>("version", &TrialRecord::version),
               field<Key::newer>("build", &TrialRecord::build),
               field<Key::newer>("finished_at", &TrialRecord::finished_at),
               field<Key::newer>("notes", &TrialRecord::notes),
               field<Key::newer>("files", &TrialRecord::files)};

const EnumNames<Status>& names_of(Status) {
  static const EnumNames<Status> names = {{Status::ok, "ok"},
                                          {Status::diverged, "diverged"},
                                          {Status::failed, "failed"},
                                          {Status::out_of_memory, "out_of_memory"},
                                          {Status::timed_out, "timed_out"},
                                          {Status::unsupported, "unsupported"},
                                          {Status::killed, "killed"}};
  return names;
}

const EnumNames<Better>& names_of(Better) {
  static const EnumNames<Better> names = {
      {Better::higher, "higher"}, {Better::lower, "lower"}, {Better::neither, "neither"}};
  return names;
}

bool is_score(const std::string& metric) { return metric == "accuracy" || metric == "r2"; }

double Baselines::best() const {
  double best = 0;
  for (const double one : {chance, majority, shallow, bag_of_tokens.value_or(0)})
    if (one > best) best = one;  // never so of what is not a number
  return best;
}

double Evaluation::scaled_accuracy() const {
  return (test - baselines.chance) / (1 - baselines.chance);
}

double Evaluation::perplexity() const { return std::exp(loss); }

double Evaluation::bits() const { return loss / std::numbers::ln2; }

void note_settings(TrialRecord& record, const Settings& settings) {
  record.learning_rate = settings.learning_rate;
  record.precision = settings.precision;
}

json to_json(const TrialRecord& record) { return json_of(record); }

TrialRecord record_from_json(const json& object) {
  TrialRecord record = from_json<TrialRecord>(object, unknown_keys_of(object));
  const json complete = json_of(TrialRecord());
  for (const auto& [key, value] : complete.items())
    if (!object.contains(key)) record.missing.insert(key);
  return record;
}

UnknownKeys unknown_keys_of(const json& stored) {
  const auto is_foreign = [](const json& object) {
    const auto version = object.is_object() ? object.find("version") : object.end();
    return version != object.end() && version->is_string() &&
           !version->get_ref<const std::string&>().empty() && *version != longhaul_version();
  };
  const bool any = stored.is_array() ? std::any_of(stored.begin(), stored.end(), is_foreign)
                                     : is_foreign(stored);
  return any ? UnknownKeys::ignore : UnknownKeys::refuse;
}

}  // namespace longhaul
