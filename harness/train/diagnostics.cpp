#include "harness/train/diagnostics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "harness/train/attention_numbers.h"
#include "math/memory.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

constexpr int64_t kQueries = 64;         // of each sequence, evenly spaced
constexpr int64_t kPositions = 1 << 15;  // of the batch; longer sequences are fewer

// The layer of "block.3.mixer.q.weight"; none of what stands outside the blocks.
std::optional<int64_t> layer_of(const std::string& parameter) {
  constexpr std::string_view prefix = "block.";
  if (!parameter.starts_with(prefix)) return std::nullopt;
  int64_t layer = 0;
  std::from_chars(parameter.data() + prefix.size(), parameter.data() + parameter.size(), layer);
  return layer;
}

double squares_of(const float* values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += double{values[i]} * values[i];
  return sum;
}

std::vector<int64_t> evenly_spaced(int64_t length) {
  const int64_t count = std::min(kQueries, length);
  std::vector<int64_t> positions;  // the last one among them, which sees most
  for (int64_t i = 1; i <= count; ++i) positions.push_back(i * length / count - 1);
  return positions;
}

// Of weights' change and gradient.
struct Products {
  double both = 0, change = 0, gradient = 0;

  void add(const Products& other) {
    both += other.both;
    change += other.change;
    gradient += other.gradient;
  }
  double cosine() const { return -both / std::sqrt(change * gradient); }  // a step goes downhill
};

Products products(const float* before, const Tensor& after, const float* gradient) {
  Products sum;
  for (int64_t i = 0; i < after.size(); ++i) {
    const double change = double{after.data()[i]} - before[i];
    sum.add({change * gradient[i], change * change, double{gradient[i]} * gradient[i]});
  }
  return sum;
}

}  // namespace

Diagnostics::Diagnostics(const Model& model, const std::vector<std::string>& asked, bool causal,
                         std::vector<int64_t> offsets)
    : model_(model), asked_(asked), causal_(causal), offsets_(std::move(offsets)) {}

bool Diagnostics::asks(const std::string& name) const {
  return std::find(asked_.begin(), asked_.end(), name) != asked_.end();
}

void Diagnostics::put(int64_t step, std::optional<int64_t> layer, const std::string& name,
                      double value) {
  points_.push_back({step, layer, name, value});
}

void Diagnostics::before_step() {
  if (!is_due_ || !asks("update_cosine")) return;
  before_.resize(static_cast<std::size_t>(offsets_.back()));
  for (std::size_t i = 0; i < model_.parameters().size(); ++i) {
    const Tensor& value = model_.parameters()[i].value;
    std::copy_n(value.data(), value.size(), before_.begin() + offsets_[i]);
  }
}

void Diagnostics::after_step(int64_t step, const Lanes& lanes, const std::vector<Batch>& batches,
                             uint64_t dropout_seed, double objective) {
  if (!is_due_) return;
  is_due_ = false;
  if (asks("gradient_norm")) put_gradient_norms(step, lanes.gradient());
  if (!asks("update_cosine")) return;
  put(step, {}, "predicted_change", put_update_cosines(step, lanes.gradient()));
  put(step, {}, "measured_change", lanes.objective(batches, dropout_seed) - objective);
}

void Diagnostics::put_gradient_norms(int64_t step, const float* gradient) {
  std::map<int64_t, double> layers;
  double all = 0;
  for (std::size_t i = 0; i < model_.parameters().size(); ++i) {
    const Parameter& parameter = model_.parameters()[i];
    const double squares = squares_of(gradient + offsets_[i], parameter.value.size());
    all += squares;
    if (const auto layer = layer_of(parameter.name)) layers[*layer] += squares;
  }
  put(step, {}, "gradient_norm", std::sqrt(all));
  for (const auto& [layer, squares] : layers) put(step, layer, "gradient_norm", std::sqrt(squares));
}

double Diagnostics::put_update_cosines(int64_t step, const float* gradient) {
  Products whole;
  std::vector<double> cosines;  // of tensors that have a gradient and move
  for (std::size_t i = 0; i < model_.parameters().size(); ++i) {
    const Products own = products(before_.data() + offsets_[i], model_.parameters()[i].value,
                                  gradient + offsets_[i]);
    whole.add(own);
    if (own.change > 0 && own.gradient > 0) cosines.push_back(own.cosine());
  }
  put(step, {}, "update_cosine", whole.cosine());
  if (cosines.empty()) return whole.both;
  const double least = *std::min_element(cosines.begin(), cosines.end());
  put(step, {}, "update_cosine_least", least);
  put(step, {}, "update_cosine_median", median(cosines));
  put(step, {}, "update_least_above_whole", least > whole.cosine() ? 1 : 0);
  return whole.both;
}

void Diagnostics::after_validation(int64_t step, const Batch& batch) {
  is_due_ = true;
  const char* const by_layer[] = {"attention_concentration", "effective_rank", "attended_distance",
                                  "cosine", "state_norm"};
  if (std::none_of(std::begin(by_layer), std::end(by_layer), [&](auto name) { return asks(name); }))
    return;
  const MemoryScope scope(Memory::optimizer);  // not a part of what training holds
  int64_t layers = 0;
  model_.visit_layers(batch, [&](const Mixer& mixer, const Tensor& x, const Lengths& lengths) {
    put_attention(step, layers++, mixer, x, lengths);
  });
  if (asks("state_norm") && causal_ && model_.decodes()) put_state_norms(step, batch, layers);
}

void Diagnostics::put_attention(int64_t step, int64_t layer, const Mixer& mixer, const Tensor& x,
                                const Lengths& lengths) {
  const std::vector<int64_t> queries = evenly_spaced(x.dim(1));
  const int64_t most = std::max<int64_t>(kPositions / x.dim(1), 1);
  const int64_t count = std::min(x.dim(0), most);
  const Lengths first(lengths.begin(), lengths.begin() + count);
  const AttentionRows rows = mixer.attention_rows(slice(x, 0, 0, count), first, queries);
  if (!rows.weights.defined()) return;
  const AttentionNumbers numbers = attention_numbers(rows, queries);
  const auto report = [&](const char* asked, const char* name, double value) {
    if (asks(asked)) put(step, layer, name, value);
  };
  report("attention_concentration", "attention_concentration", numbers.concentration);
  report("effective_rank", "effective_rank", numbers.effective_rank);
  report("attended_distance", "attended_distance", numbers.distance);
  report("cosine", "cosine_mean", numbers.cosine_mean);
  report("cosine", "cosine_deviation", numbers.cosine_deviation);
}

// After the first sequence's last position. The state's first parts are the mixers'.
void Diagnostics::put_state_norms(int64_t step, const Batch& batch, int64_t layers) {
  DecodeState state = model_.start(1);
  for (int64_t t = 0; t < batch.lengths[0]; ++t) model_.step(column(batch, t, 1), state);
  for (int64_t layer = 0; layer < layers; ++layer) {
    double squares = 0;
    for (const Tensor& tensor : state.parts[layer].tensors)
      squares += squares_of(tensor.data(), tensor.size());
    put(step, layer, "state_norm", std::sqrt(squares));
  }
}

}  // namespace longhaul
