// In-context recall of MAD (Poli et al. 2024, arXiv:2403.17844, section 3.1), with many queries.
//
// Key-value pairs at random; a key keeps the value that it had at first sight. Where a key comes
// again, its value is to be answered.
//
//   length 12, vocabulary 8
//   input   k v k v k v k v k v k v            2 7 4 5 1 7 2 7 1 7 4 5
//   target  value at a key seen before         . . . . . . 2 . 2 . 0 .
//
// Of a vocabulary of V symbols the lower half are keys, the rest values. Each pair draws its key
// uniformly; a new key draws its value uniformly, so two keys may share one. The last pair's key is
// drawn among those shown: every example has something to answer.
//
// Ids: keys 1 .. V/2, values V/2+1 .. V (0 pads). A target is its value's number from 0, since only
// values are ever asked for; right answers are the original's.
//
// Each value follows its key, also where it is asked for: only a causal model is put to the test.
//
// Where this differs from the original:
// - It trains on the next token everywhere and tests on recall alone. Both are recall here.
// - It trains on 12,800 stored examples again and again (fewer at its harder levels); examples do
//   not repeat here.
// - It cuts the last value off, which nobody is asked about after. It stays here: an example has
//   `length` tokens.
// - Its noise vocabulary of 16 by default would leave no symbol of 16; its configuration hides that
//   by setting 0. There is no noise here (see noisy_recall).
// The shallow baseline is the commonest value so far, whatever the key.
//
// Its harder levels: vocabulary 32, 64, 128; length 256, 512, 1024.

#include "longhaul/error.h"
#include "longhaul/parts/mad.h"
#include "longhaul/parts/recall_pairs.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class InContextRecall final : public RecallPairs {
 public:
  explicit InContextRecall(Options& options) {
    shape_.length = options.integer("length", 128, "tokens of an example; even", 4, 1'000'000);
    const auto vocabulary = static_cast<int32_t>(
        options.integer("vocabulary", 16, "symbols, the lower half of them keys", 4, 1'000'000));
    shape_.keys = vocabulary / 2;
    shape_.values = vocabulary - shape_.keys;
    const std::string wrong = complaint(shape_.length);
    if (!wrong.empty()) options.problem("length", wrong);
  }

  int version() const override { return 1; }
};

}  // namespace

LONGHAUL_PLUGIN(in_context_recall) {
  registry.task<InContextRecall>({.name = "in_context_recall",
                                  .about = "the value of each key that was seen before",
                                  .source = mad::kSource,
                                  .published = mad::kPublished});
}
