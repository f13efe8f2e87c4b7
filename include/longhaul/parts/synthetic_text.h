#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "longhaul/rng.h"

// Made-up English, apart from any task: statements that matter among sentences that do not.
namespace longhaul::synthetic_text {

// What one sentence says, or two: with `topic` set, the remark does not name what it is about, and
// other sentences may stand between the two.
struct Statement {
  std::string topic;
  std::string remark;
};

// The statements in their order, and as many idle sentences at random places before, after and
// inside them as fit into `length` bytes.
std::string compose(const std::vector<Statement>& statements, int64_t length, Rng& rng);

// `count` different indices below `n`, in random order.
std::vector<int64_t> choose(int64_t count, int64_t n, Rng& rng);

// A byte's id is the byte plus 1, since id 0 pads: vocabulary 257.
constexpr int64_t kByteVocabulary = 257;
std::vector<int32_t> to_ids(const std::string& text);
std::string from_ids(const std::vector<int32_t>& ids);

}  // namespace longhaul::synthetic_text
