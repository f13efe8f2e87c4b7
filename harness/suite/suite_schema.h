#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace longhaul {

// A key that a part of a suite or claim file may have, and the JSON Schema of its value.
struct FileKey {
  std::string name;
  nlohmann::ordered_json schema;
};

// The one list of the keys of a part of a suite file, options of models and tasks aside. Parts:
// suite, budget, retry, engine, defaults, model, task, evaluate, throughput.
const std::vector<FileKey>& suite_part(const std::string& part);

// {"a": schema of a, ...}
nlohmann::ordered_json properties(const std::vector<FileKey>& keys);

// The JSON Schema of a suite file, which is stored as configs/suite.schema.json.
nlohmann::ordered_json suite_schema();

}  // namespace longhaul
