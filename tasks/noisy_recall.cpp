// Noisy in-context recall of MAD (Poli et al. 2024, arXiv:2403.17844, section 3.1).
//
// in_context_recall with pairs of noise symbols among the pairs: a memory must not be filled by
// what nobody asks for.
//
//   length 12, vocabulary 10, noise_vocabulary 4
//   input   k v n n k v k v n n k v            3 4 7 10 1 6 3 4 8 8 1 6
//   target  value at a key seen before         . . . . . . 0 . . . 2 .
//
// Of a vocabulary of V symbols the last noise_vocabulary are noise, the rest as in
// in_context_recall. Each pair but the last is noise with probability `noise`: two symbols drawn
// uniformly. One pair, drawn uniformly among all but the last, is never noise.
//
// Ids: keys from 1, then values, then noise (0 pads). A target is its value's number from 0.
//
// Where this differs from the original: as in_context_recall does; and it draws the pair that is
// never noise among all pairs, the last included, so that at times none is kept and nothing is left
// to ask for.
// The shallow baseline is the commonest value so far, whatever the key.
//
// Its harder levels: vocabulary 48, 80, 144; length 256, 512, 1024; noise 0.4, 0.6, 0.8.

#include "longhaul/error.h"
#include "longhaul/parts/mad.h"
#include "longhaul/parts/recall_pairs.h"
#include "longhaul/plugin.h"
#include "longhaul/task.h"

namespace {
using namespace longhaul;

class NoisyRecall final : public RecallPairs {
 public:
  explicit NoisyRecall(Options& options) {
    shape_.length = options.integer("length", 128, "tokens of an example; even", 4, 1'000'000);
    const int64_t vocabulary =
        options.integer("vocabulary", 32, "symbols, noise among them", 5, 1'000'000);
    const int64_t noise =
        options.integer("noise_vocabulary", 16, "symbols that are noise", 1, 1'000'000);
    shape_.noise_share = options.number("noise", 0.2, "probability that a pair is noise", 0, 0.99);
    const std::string wrong = complaint(shape_.length);
    if (!wrong.empty()) options.problem("length", wrong);
    if (vocabulary - noise < 4)
      options.problem("noise_vocabulary",
                      text("found ", noise, ", allowed: at most ", vocabulary - 4, " (vocabulary ",
                           vocabulary, " less 2 keys and 2 values)"));
    shape_.noise = static_cast<int32_t>(noise);
    shape_.keys = static_cast<int32_t>(vocabulary - noise) / 2;
    shape_.values = static_cast<int32_t>(vocabulary - noise) - shape_.keys;
  }

  int version() const override { return 1; }
};

}  // namespace

LONGHAUL_PLUGIN(noisy_recall) {
  registry.task<NoisyRecall>({.name = "noisy_recall",
                              .about = "the value of each key seen before, with noise between",
                              .source = mad::kSource,
                              .published = mad::kPublished});
}
