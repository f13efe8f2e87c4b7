#include "harness/claims/explain.h"

#include "harness/claims/check.h"
#include "harness/claims/claim_page.h"
#include "harness/claims/numbers.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_claim.h"

using namespace longhaul;
using namespace longhaul::made_up;
using Catch::Matchers::Contains;

namespace {

Verdict judged(const Claim& claim, const Tables& tables) {
  Verdict verdict;
  verdict.claim = claim.name;
  verdict.says = claim.says;
  verdict.rule_hash = claim.rule_hash;
  verdict.seeds = seeds_of(claim);
  verdict.numbers = take_numbers(claim, tables);
  verdict.confirmed = check(claim.confirmed, verdict.numbers);
  verdict.refuted = check(claim.refuted, verdict.numbers);
  verdict.answer = answer_of(verdict.confirmed, verdict.refuted);
  return verdict;
}

}  // namespace

TEST_CASE("claim: --explain says which seed decides and what would change the answer", "[claim]") {
  const Claim claim = load(kTexts + kSuite + kNumbers + kRule);
  const std::string yes =
      explain(claim, judged(claim, tables_of({0.9, 0.5, 0.75}, {0.7, 0.25, 0.5})));
  CHECK_THAT(yes, Contains("made: CONFIRMED\n") &&
                      Contains("[x] every seed's gap at least 0.1: holds, 0.1 to spare (seed 0)") &&
                      Contains("[ ] mean gap at most 0: does not hold, 0.233 short") &&
                      Contains("CONFIRMED would be INCONCLUSIVE if") &&
                      Contains("REFUTED would need:\n  - mean gap at most 0 (it is 0.233 short)"));
  const std::string open =
      explain(claim, judged(claim, tables_of({0.9, 0.5, 0.75}, {0.7, 0.25, 0.7})));
  CHECK_THAT(open,
             Contains("made: INCONCLUSIVE\n") &&
                 Contains("CONFIRMED would need:\n  - every seed's gap at least 0.1 (it is 0.05 "
                          "short)"));
  Verdict old = judged(claim, tables_of({0.9, 0.5, 0.75}, {0.7, 0.25, 0.5}));
  old.rule_hash = "another";
  CHECK_THROWS_WITH(explain(claim, old), Contains("its rule has changed since the verdict"));
}

TEST_CASE("claim: a claim's page has verdict, rule, numbers and a picture", "[claim][report]") {
  const Claim claim = load(kTexts + kSuite + kNumbers + kRule);
  Page page("a claim");
  add_claim(page, judged(claim, tables_of({0.9, 0.5, 0.75}, {0.7, 0.25, 0.5})), &claim);
  const std::string html = page.html();
  for (const char* part :
       {"made: CONFIRMED", "It is so.", "every seed&#39;s gap at least 0.1: found 0.2, holds",
        "mean gap at most 0: found 0.2333, does not hold", "<circle", "CONFIRMED above 0.1",
        "REFUTED below 0", "a - b", "<title>seed 2: 0.25</title>"})
    CHECK_THAT(html, Contains(part));
}
