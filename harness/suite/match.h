#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/suite/section.h"
#include "harness/suite/suite.h"
#include "support/enum_names.h"

namespace longhaul {

const EnumNames<Match>& names_of(Match);
Match read_match(const Section& suite);

// Solves, for every model but the first and every task, the width that makes it as large, or as
// costly, as the first model is there: within 5%, and as near as widths allow. Parameters are those
// of the whole model; operations a token those of one training step on a few training examples.
// Models that cannot see what a task asks for are left as they are. `fail` hears of models without
// such a width: the entry's name, and why.
using MatchFailure = std::function<void(const std::string& model, const std::string& why)>;
std::vector<MatchedWidth> match_widths(const Suite& suite, const Registry& registry,
                                       const MatchFailure& fail);

// What was matched, in words, a line for each width.
std::vector<std::string> match_lines(const Suite& suite);

}  // namespace longhaul
