#include "harness/suite/engine.h"

#include <regex>

#include "harness/suite/read_list.h"
#include "harness/suite/section.h"
#include "harness/suite/suite_schema.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/number_text.h"
#include "support/values.h"

namespace longhaul {

const std::vector<EngineKey>& engine_keys() {
  static const std::vector<EngineKey> keys = {
      {"name", &Engine::name, "^(local|slurm)$", "local, slurm",
       "local: processes of this machine; slurm: jobs of a cluster"},
      {"partition", &Engine::partition, "^[A-Za-z0-9_.,-]+$", "a name", "of the cluster"},
      {"time", &Engine::time, "^([0-9]{1,5}-)?[0-9]{1,9}(:[0-9]{2}){0,2}$",
       "minutes, or as in 1:30:00 and 2-12:00:00",
       "limit of a job; a trial that needs longer stores where it is and goes on in the next"},
      {"memory", &Engine::memory, "^[0-9]+[KMGT]?$", "a size such as 4G", "of a trial"},
      {"cpus", &Engine::cpus, "", "", "of a trial, and its threads; 0: as --threads says"},
      {"throttle", &Engine::throttle, "", "", "trials that run at once at most; 0: no limit"},
      {"account", &Engine::account, "^[A-Za-z0-9_.-]+$", "a name", "that is charged"},
  };
  return keys;
}

Engine read_engine(const Section& section) {
  const std::vector<std::string> known = names_of(suite_part("engine"));
  Options options(section.values({"extra"}));
  Engine engine;
  for (const EngineKey& key : engine_keys()) {
    if (const auto* number = std::get_if<int64_t Engine::*>(&key.value)) {
      engine.** number = options.integer(key.name, engine.**number, key.description, 0, 1 << 20);
      continue;
    }
    std::string& member = engine.*std::get<std::string Engine::*>(key.value);
    options.text(key.name, member, key.description);  // which declares it
    const ConfigNode* node = section.find(key.name);
    const std::string given = node ? node->written : member;  // an account may be named 007
    if (given == member || std::regex_match(given, std::regex(key.pattern)))
      member = given;
    else
      section.problem(key.name, text("found '", given, "', allowed: ", key.allowed));
  }
  for (const OptionProblem& wrong : options.problems())
    if (contains(known, wrong.key))
      section.problem(wrong.key, wrong.message);
    else
      section.unknown(wrong.key, known);
  engine.extra = read_list<std::string>(section, "extra", "[--constraint=avx512]",
                                        "options of sbatch, which begin with '-'",
                                        [](const OptionValue& given, std::string& value) {
                                          value = to_text(given);
                                          return value.starts_with('-');
                                        });
  return engine;
}

int64_t slurm_minutes(const std::string& time) {
  if (time.empty()) return 0;
  const std::size_t dash = time.find('-');
  const bool has_days = dash != std::string::npos;
  const auto number = [](const std::string& digits) {
    int64_t value = 0;
    require(read_number(digits, value), "'", digits, "' is no number of a time");
    return value;
  };
  std::vector<int64_t> parts;
  for (std::size_t at = has_days ? dash + 1 : 0; at <= time.size();) {
    const std::size_t end = std::min(time.find(':', at), time.size());
    parts.push_back(number(time.substr(at, end - at)));
    at = end + 1;
  }
  // D-H[:M[:S]]; without days M, M:S or H:M:S.
  const bool begins_with_hours = has_days || parts.size() == 3;
  parts.resize(3);
  const int64_t days = has_days ? number(time.substr(0, dash)) : 0;
  return begins_with_hours ? days * 1440 + parts[0] * 60 + parts[1] : parts[0];
}

}  // namespace longhaul
