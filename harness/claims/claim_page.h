#pragma once

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"
#include "harness/report/report_page.h"

namespace longhaul {

// A claim on a page: verdict, rule with what was found, every number by seed, and a picture of the
// numbers that the rule speaks of with their bounds. `claim` is the rule that was judged; null
// where the file is another by now, and then the picture has no bounds.
void add_claim(Page& page, const Verdict& verdict, const Claim* claim);

}  // namespace longhaul
