// What does EMO (kexue.fm/archives/9797) teach a language model whose tokens have synonyms?
//
// A chain of concepts, each written as one of its tokens, drawn uniformly: tokens of one concept
// are interchangeable. The model is the least that has a head, logits = table[last token] head. It
// is trained on sampled pairs of neighbours by cross-entropy; its head then says what a token costs
// in place of another (1 - cosine); and it is trained on, for as many steps, by cross-entropy, by
// EMO and by their mix. What it predicts then is compared with the chain itself, not with a sample.
#include <algorithm>
#include <cmath>

#include "harness/claims/measurement.h"
#include "longhaul/ops.h"
#include "longhaul/rng.h"
#include "longhaul/tape.h"
#include "math/ops/losses.h"
#include "math/optimizer.h"
#include "math/schedule.h"

namespace longhaul {
namespace {

constexpr int64_t kBatch = 128, kFirstSteps = 600, kFurtherSteps = 400;
constexpr double kRate = 1e-2;

struct Language {
  int64_t concepts, tokens = 0;
  std::vector<double> next;    // [concepts, concepts], probabilities
  std::vector<double> share;   // of each concept in an endless text
  std::vector<int64_t> first;  // of each concept's tokens; the last entry is `tokens`
  std::vector<int64_t> concept_of;

  Language(int64_t count, int64_t synonyms, bool uneven, Rng rng);

  int64_t ways(int64_t concept_id) const { return first[concept_id + 1] - first[concept_id]; }
  int32_t written(int64_t concept_id, Rng& rng) const {
    return static_cast<int32_t>(first[concept_id] + rng.below(ways(concept_id)));
  }
  int64_t after(int64_t concept_id, Rng& rng) const {
    double u = rng.uniform();
    for (int64_t c = 0; c + 1 < concepts; ++c)
      if ((u -= next[concept_id * concepts + c]) < 0) return c;
    return concepts - 1;
  }
};

// `uneven`: 1 to 2 synonyms - 1 tokens a concept, in turn, instead of as many for each.
Language::Language(int64_t count, int64_t synonyms, bool uneven, Rng rng)
    : concepts(count), share(count, 1.0 / static_cast<double>(count)), first{0} {
  for (int64_t c = 0; c < concepts; ++c) {
    const int64_t own = uneven ? 1 + c % (2 * synonyms - 1) : synonyms;
    concept_of.insert(concept_of.end(), own, c);
    first.push_back(tokens += own);
    double total = 0;
    for (int64_t to = 0; to < concepts; ++to) {
      const double normal = rng.normal();  // its square is a gamma variate of shape 1/2
      next.push_back(normal * normal);
      total += normal * normal;
    }
    for (auto p = next.end() - concepts; p != next.end(); ++p) *p /= total;
  }
  for (int round = 0; round < 200; ++round) {
    std::vector<double> later(concepts, 0);
    for (int64_t c = 0; c < concepts; ++c)
      for (int64_t to = 0; to < concepts; ++to) later[to] += share[c] * next[c * concepts + to];
    share = later;
  }
}

struct Pairs {
  std::vector<int32_t> last, next;

  Pairs(const Language& language, int64_t count, Rng rng) {
    int64_t at = rng.below(language.concepts);
    last.push_back(language.written(at, rng));
    for (int64_t i = 0; i < count; ++i) {
      at = language.after(at, rng);
      next.push_back(language.written(at, rng));
      if (i + 1 < count) last.push_back(next.back());
    }
  }
};

enum class Loss { cross_entropy, emo, mixed };

struct Model {
  Tensor table, head;  // [tokens, width], [width, tokens]

  Model(int64_t tokens, int64_t width, Rng rng)
      : table(Shape{tokens, width}), head(Shape{width, tokens}) {
    for (const Tensor& x : {table, head})
      for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(0.3 * rng.normal());
  }
  Model(const Model& other) : table(other.table.clone()), head(other.head.clone()) {}

  Tensor logits(const std::vector<int32_t>& ids) const {
    return matmul(embedding(table, ids, {static_cast<int64_t>(ids.size())}), head);
  }
};

void train(Model& model, const Pairs& pairs, Loss loss, const Tensor& directions, int64_t steps,
           Rng rng) {
  model.table.set_needs_grad(true);
  model.head.set_needs_grad(true);
  const std::vector<Parameter> parameters = {{"table", model.table, {}}, {"head", model.head, {}}};
  const std::vector<int64_t> offsets = gradient_layout(parameters);
  Optimizer optimizer(parameters, offsets, {});
  std::vector<float> gradient(offsets.back());
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<int32_t> ids, targets;
    for (int64_t i = 0; i < kBatch; ++i) {
      const auto at = rng.below(pairs.last.size());
      ids.push_back(pairs.last[at]);
      targets.push_back(pairs.next[at]);
    }
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    Tape tape(gradient.data());
    const Tensor logits = model.logits(ids);
    const float weight = 1.0f / kBatch;
    tape.backward(loss == Loss::cross_entropy
                      ? cross_entropy(logits, targets, weight)
                      : emo_loss(logits, targets, directions, loss == Loss::mixed, weight));
    const double spent = static_cast<double>(step + 1) / static_cast<double>(steps);
    optimizer.step(gradient.data(), 1, kRate * rate_share({.warmup = 0.1}, spent));
  }
}

// Means over the contexts of an endless text.
struct Scores {
  double concepts = 0;  // how often the likeliest token is one of the right concept
  double nats = 0;      // cross-entropy of tokens
  double entropy = 0;   // of predictions
  double distance = 0;  // expected cost of a token drawn from the prediction
};

Scores score(const Model& model, const Language& language, const Tensor& directions) {
  const int64_t V = language.tokens;
  std::vector<int32_t> all(V);
  for (int64_t i = 0; i < V; ++i) all[i] = static_cast<int32_t>(i);
  const Tensor p = softmax(model.logits(all)), similar = matmul(directions, directions, true);
  Scores scores;
  for (int64_t context = 0; context < V; ++context) {
    const int64_t from = language.concept_of[context];
    const double often = language.share[from] / static_cast<double>(language.ways(from));
    const float* row = p.data() + context * V;
    const auto follows = [&](int64_t token) {
      const int64_t to = language.concept_of[token];
      return language.next[from * language.concepts + to] / static_cast<double>(language.ways(to));
    };
    const int64_t favourite = std::max_element(row, row + V) - row;
    scores.concepts += often * follows(favourite) *
                       static_cast<double>(language.ways(language.concept_of[favourite]));
    for (int64_t token = 0; token < V; ++token) {
      const double log_p = std::log(std::max(row[token], 1e-30f));
      scores.nats -= often * follows(token) * log_p;
      scores.entropy -= often * row[token] * log_p;
      for (int64_t target = 0; target < V; ++target)
        scores.distance +=
            often * row[token] * follows(target) * (1 - similar.data()[token * V + target]);
    }
  }
  return scores;
}

ClaimMeasurement make(Options& options) {
  const int64_t concepts = options.integer("concepts", 16, "of the language", 2, 64);
  const int64_t synonyms = options.integer("synonyms", 3, "tokens of a concept", 1, 8);
  const bool uneven =
      options.flag("uneven", false, "1 to 2 synonyms - 1 tokens a concept, in turn");
  const int64_t width = options.integer("width", 16, "of the model", 1, 64);
  const int64_t pairs = options.integer("pairs", 4000, "neighbours to learn from", 1, 1000000);
  ClaimMeasurement measurement;
  for (const std::string loss : {"cross_entropy", "emo", "mixed"})
    for (const auto& [name, meaning] : std::map<std::string, std::string>{
             {"concepts", "how often the likeliest token is one of the right concept"},
             {"nats", "cross-entropy of tokens"},
             {"entropy", "entropy of predictions, in nats"},
             {"distance", "expected cost of a predicted token"}})
      measurement.values.push_back({name + "_" + loss, meaning + ", after " + loss});
  measurement.run = [=](uint64_t seed) {
    const Language language(concepts, synonyms, uneven, Rng(seed, "emo language"));
    const Pairs text(language, pairs, Rng(seed, "emo text"));
    Model first(language.tokens, width, Rng(seed, "emo model"));
    train(first, text, Loss::cross_entropy, {}, kFirstSteps, Rng(seed, "emo batches"));
    const Tensor directions = unit_columns(first.head);
    std::map<std::string, double> found;
    for (const auto& [name, loss] : std::map<std::string, Loss>{
             {"cross_entropy", Loss::cross_entropy}, {"emo", Loss::emo}, {"mixed", Loss::mixed}}) {
      Model model = first;
      train(model, text, loss, directions, kFurtherSteps, Rng(seed, "emo further batches"));
      const Scores scores = score(model, language, directions);
      found["concepts_" + name] = scores.concepts;
      found["nats_" + name] = scores.nats;
      found["entropy_" + name] = scores.entropy;
      found["distance_" + name] = scores.distance;
    }
    return found;
  };
  return measurement;
}

}  // namespace

MeasurementInfo emo_synonyms() {
  return {"emo_synonyms", "a language model with synonyms, trained on by EMO and by cross-entropy",
          make};
}

}  // namespace longhaul
