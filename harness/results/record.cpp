#include "harness/results/record.h"

#include <algorithm>
#include <array>
#include <limits>

#include "longhaul/error.h"
#include "longhaul/options.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr std::array kStatusNames = {"ok",        "diverged",   "failed", "out_of_memory",
                                     "timed_out", "unsupported"};

// The one list of what record.json holds, read and written alike; notes and status stand apart.
template <class Record, class Visit>
void each_field(Record& record, Visit&& visit) {
  visit("message", record.message);
  visit("attempts", record.attempts);
  visit("metric", record.metric);
  visit("evaluations", record.evaluations);
  visit("selected_step", record.selected_step);
  visit("train_loss", record.train_loss);
  visit("parameters", record.parameters);
  visit("flops_per_token", record.flops_per_token);
  visit("steps", record.steps);
  visit("tokens_seen", record.tokens_seen);
  visit("train_seconds", record.train_seconds);
  visit("train_tokens_per_second", record.train_tokens_per_second);
  visit("peak_activation_bytes", record.peak_activation_bytes);
  visit("peak_resident_bytes", record.peak_resident_bytes);
  visit("state_bytes", record.state_bytes);
  visit("learning_rate", record.learning_rate);
  visit("threads", record.threads);
  visit("precision", record.precision);
  visit("model_origin", record.model_origin);
  visit("host", record.host);
  visit("cpu", record.cpu);
  visit("version", record.version);
  visit("notes", record.notes);
}

json encode(const std::string& value) { return value; }
json encode(int64_t value) { return value; }
json encode(double value) { return value; }
json encode(const std::map<std::string, double>& notes) { return notes; }
json encode(const Baselines& baselines) {
  json object = {{"chance", baselines.chance},
                 {"majority", baselines.majority},
                 {"shallow", baselines.shallow}};
  if (baselines.bag_of_tokens) object["bag_of_tokens"] = *baselines.bag_of_tokens;
  return object;
}
json encode(const std::vector<Evaluation>& evaluations) {
  json list = json::array();
  for (const Evaluation& evaluation : evaluations)
    list.push_back({{"length", evaluation.length},
                    {"test", evaluation.test},
                    {"validation", evaluation.validation},
                    {"test_set", evaluation.test_set},
                    {"post_hoc", evaluation.post_hoc},
                    {"baselines", encode(evaluation.baselines)},
                    {"calibration_error", evaluation.calibration_error},
                    {"status", to_string(evaluation.status)},
                    {"message", evaluation.message}});
  return list;
}

[[noreturn]] void wrong_type(const std::string& key, const char* expected, const json& found) {
  throw Error(text(key, ": expected ", expected, ", found ", found.dump()));
}

void decode(const std::string& key, const json& found, std::string& value) {
  if (!found.is_string()) wrong_type(key, "a text", found);
  value = found.get<std::string>();
}

void decode(const std::string& key, const json& found, int64_t& value) {
  if (!found.is_number_integer()) wrong_type(key, "an integer", found);
  value = found.get<int64_t>();
}

void decode(const std::string& key, const json& found, double& value) {
  if (!found.is_number() && !found.is_null()) wrong_type(key, "a number", found);
  // JSON has no infinity and no NaN: they are written as null.
  value = found.is_null() ? std::numeric_limits<double>::quiet_NaN() : found.get<double>();
}

void decode(const std::string& key, const json& found, Baselines& baselines);

template <class Value>
void decode_member(const std::string& parent, const json& object, const char* name, Value& value) {
  const std::string key = parent + "." + name;
  const auto found = object.find(name);
  require(found != object.end(), key, " is missing");
  decode(key, *found, value);
}

void decode(const std::string& key, const json& found, Baselines& baselines) {
  if (!found.is_object()) wrong_type(key, "an object", found);
  decode_member(key, found, "chance", baselines.chance);
  decode_member(key, found, "majority", baselines.majority);
  decode_member(key, found, "shallow", baselines.shallow);
  if (found.contains("bag_of_tokens"))
    decode_member(key, found, "bag_of_tokens", baselines.bag_of_tokens.emplace());
}

void decode(const std::string& key, const json& found, std::vector<Evaluation>& evaluations) {
  if (!found.is_array()) wrong_type(key, "a list", found);
  evaluations.clear();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string place = text(key, "[", i, "]");
    if (!found[i].is_object()) wrong_type(place, "an object", found[i]);
    Evaluation& evaluation = evaluations.emplace_back();
    decode_member(place, found[i], "length", evaluation.length);
    decode_member(place, found[i], "test", evaluation.test);
    decode_member(place, found[i], "validation", evaluation.validation);
    decode_member(place, found[i], "test_set", evaluation.test_set);
    decode_member(place, found[i], "post_hoc", evaluation.post_hoc);
    decode_member(place, found[i], "baselines", evaluation.baselines);
    if (found[i].contains("calibration_error"))
      decode_member(place, found[i], "calibration_error", evaluation.calibration_error);
    if (found[i].contains("status")) {
      std::string status;
      decode_member(place, found[i], "status", status);
      evaluation.status = status_from(status);
      decode_member(place, found[i], "message", evaluation.message);
    }
  }
}

void decode(const std::string& key, const json& found, std::map<std::string, double>& notes) {
  if (!found.is_object()) wrong_type(key, "an object", found);
  notes.clear();
  for (const auto& [name, value] : found.items()) decode(key + "." + name, value, notes[name]);
}

}  // namespace

std::string to_string(Status status) { return kStatusNames.at(static_cast<std::size_t>(status)); }

Status status_from(const std::string& name) {
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), name);
  if (found != kStatusNames.end()) return static_cast<Status>(found - kStatusNames.begin());
  const std::string near = nearest(name, {kStatusNames.begin(), kStatusNames.end()});
  std::string message = text("unknown status '", name, "'");
  if (!near.empty()) message += text("; did you mean '", near, "'?");
  message += " known:";
  for (const char* known : kStatusNames) message += text(' ', known);
  throw Error(message);
}

double Baselines::best() const {
  double best = 0;
  for (const double one : {chance, majority, shallow, bag_of_tokens.value_or(0)})
    if (one > best) best = one;  // never so of what is not a number
  return best;
}

json to_json(const TrialRecord& record) {
  json object = {{"status", to_string(record.status)}};
  each_field(record, [&](const char* key, const auto& value) { object[key] = encode(value); });
  return object;
}

TrialRecord record_from_json(const json& object) {
  if (!object.is_object()) wrong_type("record", "an object", object);
  for (const char* key : {"status", "evaluations"})
    require(object.contains(key), key, " is missing");

  TrialRecord record;
  std::string status;
  decode("status", object.at("status"), status);
  record.status = status_from(status);
  // A record may be older than a field, which then keeps its default: finished trials stay
  // finished.
  each_field(record, [&](const char* key, auto& value) {
    const auto found = object.find(key);
    if (found != object.end()) decode(key, *found, value);
  });
  return record;
}

}  // namespace longhaul
