#pragma once

#include <string>
#include <vector>

#include "harness/suite/suite_schema.h"

namespace longhaul {

// The one list of the keys of a part of a claim file. Parts: claim, number (columns that name rows
// aside), condition.
const std::vector<FileKey>& claim_part(const std::string& part);

// The JSON Schema of a claim file, which is stored as configs/claim.schema.json.
nlohmann::ordered_json claim_schema();

}  // namespace longhaul
