#include "harness/train/diagnostics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "math/memory.h"
#include "math/recurrence/lyapunov.h"
#include "support/choices.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using Put = PutDiagnostic;

constexpr int64_t kQueries = 64;         // of each sequence, evenly spaced
constexpr int64_t kPositions = 1 << 15;  // of the batch; longer sequences are fewer
constexpr int64_t kExponentPositions = 1 << 12;

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

void attention_concentration(LayerMoment& layer, const Put& put) {
  if (const AttentionNumbers* numbers = layer.attention())
    put(layer.index(), "attention_concentration", numbers->concentration);
}

void effective_rank(LayerMoment& layer, const Put& put) {
  if (const AttentionNumbers* numbers = layer.attention())
    put(layer.index(), "effective_rank", numbers->effective_rank);
}

void attended_distance(LayerMoment& layer, const Put& put) {
  if (const AttentionNumbers* numbers = layer.attention())
    put(layer.index(), "attended_distance", numbers->distance);
}

void first_share(LayerMoment& layer, const Put& put) {
  if (const AttentionNumbers* numbers = layer.attention())
    put(layer.index(), "first_share", numbers->first_share);
}

void cosine(LayerMoment& layer, const Put& put) {
  const AttentionNumbers* numbers = layer.attention();
  if (!numbers) return;
  put(layer.index(), "cosine_mean", numbers->cosine_mean);
  put(layer.index(), "cosine_deviation", numbers->cosine_deviation);
}

void lyapunov_exponent(LayerMoment& layer, const Put& put) {
  if (const std::optional<double> exponent = layer.exponent())
    put(layer.index(), "lyapunov_exponent", *exponent);
}

// After the first sequence's last position. The state's first parts are the mixers'.
void state_norm(const ModelMoment& moment, const Put& put) {
  const auto& [model, batch, layers, causal] = moment;
  if (!causal || !model.decodes()) return;
  DecodeState state = model.start(1);
  for (int64_t t = 0; t < batch.lengths[0]; ++t) model.step(column(batch, t, 1), state);
  for (int64_t layer = 0; layer < layers; ++layer) {
    double squares = 0;
    for (const Tensor& tensor : state.parts[layer].tensors)
      squares += squares_of(tensor.data(), tensor.size());
    put(layer, "state_norm", std::sqrt(squares));
  }
}

void gradient_norm(const StepMoment& step, const Put& put) {
  std::map<int64_t, double> layers;
  double all = 0;
  for (std::size_t i = 0; i < step.model.parameters().size(); ++i) {
    const Parameter& parameter = step.model.parameters()[i];
    if (!parameter.trained()) continue;
    const double squares = squares_of(step.gradient + step.offsets[i], parameter.value.size());
    all += squares;
    if (const auto layer = layer_of(parameter.name)) layers[*layer] += squares;
  }
  put({}, "gradient_norm", std::sqrt(all));
  for (const auto& [layer, squares] : layers) put(layer, "gradient_norm", std::sqrt(squares));
}

void notes(const StepMoment& step, const Put& put) {
  for (const auto& [name, mean] : step.measured.notes)
    if (mean.count > 0) put({}, name, mean.value());
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

void update_cosine(const StepMoment& step, const Put& put) {
  Products whole;
  std::vector<double> cosines;  // of tensors that have a gradient and move
  for (std::size_t i = 0; i < step.model.parameters().size(); ++i) {
    if (!step.model.parameters()[i].trained()) continue;
    const int64_t offset = step.offsets[i];
    const Products own =
        products(step.before + offset, step.model.parameters()[i].value, step.gradient + offset);
    whole.add(own);
    if (own.change > 0 && own.gradient > 0) cosines.push_back(own.cosine());
  }
  put({}, "update_cosine", whole.cosine());
  if (!cosines.empty()) {
    std::sort(cosines.begin(), cosines.end());
    const std::size_t n = cosines.size();
    put({}, "update_cosine_least", cosines.front());
    put({}, "update_cosine_median", (cosines[(n - 1) / 2] + cosines[n / 2]) / 2);
    put({}, "update_least_above_whole", cosines.front() > whole.cosine() ? 1 : 0);
  }
  put({}, "predicted_change", whole.both);
  put({}, "measured_change", step.objective_after() - step.objective);
}

}  // namespace

const std::vector<DiagnosticInfo>& diagnostics() {
  static const std::vector<DiagnosticInfo> all = {
      {.name = "attention_concentration",
       .quantities = {{"attention_concentration",
                       "E|a| / sqrt(E a^2) of the weights a that a query gives the keys it sees: 1 "
                       "if all are equal, 1 / sqrt(keys) if one has it all (Su Jianlin, "
                       "kexue.fm/archives/9889)"}},
       .of_layer = attention_concentration},
      {.name = "effective_rank",
       .quantities = {{"effective_rank",
                       "exponential of the entropy of the singular values of a head's rows of "
                       "weights: how many directions they use, at most the 64 rows that are taken "
                       "(Roy and Vetterli 2007)"}},
       .of_layer = effective_rank},
      {.name = "attended_distance",
       .quantities = {{"attended_distance",
                       "positions between query and key, weighted by the weights' size"}},
       .of_layer = attended_distance},
      {.name = "first_share",
       .quantities = {{"first_share",
                       "share of a query's weights that the first key has: an attention sink "
                       "where it is large (Xiao et al. 2023, arXiv:2309.17453)"}},
       .of_layer = first_share},
      {.name = "cosine",
       .quantities = {{"cosine_mean",
                       "mean cosine of the angle between queries and keys, of linear attention "
                       "after the feature map"},
                      {"cosine_deviation", "standard deviation of that cosine"}},
       .of_layer = cosine},
      {.name = "update_cosine",
       .quantities = {{"update_cosine",
                       "cosine of the step, weight decay included, with the negative gradient: of "
                       "all parameters as one vector"},
                      {"update_cosine_least", "least of the same cosines within each tensor"},
                      {"update_cosine_median", "median of the same cosines within each tensor"},
                      {"update_least_above_whole",
                       "1 where every tensor's cosine is above that of the whole, else 0"},
                      {"predicted_change",
                       "change of the training loss that the step should make, to first order"},
                      {"measured_change",
                       "change of the training loss that the step made, on the same batch"}},
       .of_step = update_cosine},
      {.name = "state_norm",
       .quantities = {{"state_norm",
                       "norm of what the mixer holds after decoding one sequence; causal models "
                       "only"}},
       .of_model = state_norm},
      {.name = "gradient_norm",
       .quantities =
           {{"gradient_norm",
             "norm of the gradient before clipping, of each layer and of all parameters"}},
       .of_step = gradient_norm},
      {.name = "lyapunov_exponent",
       .quantities = {{"lyapunov_exponent",
                       "largest Lyapunov exponent of a nonlinear recurrence (rnn, m2rnn): by which "
                       "power of e a step moves nearby states apart; below 0 they run together, "
                       "and a parallel solver needs few sweeps (Gonzalez et al. 2025, "
                       "arXiv:2508.16817)"}},
       .of_layer = lyapunov_exponent},
      {.name = "notes",
       .quantities = {{"solver.iterations",
                       "sweeps of a parallel solver (rnn, m2rnn), mean over the layers"},
                      {"solver.residual", "largest change that one more sweep would make"},
                      {"solver.unconverged",
                       "share of the solves that stopped before they converged"},
                      {"NAME", "every other number that mixers report by `note(NAME, value)`"}},
       .of_step = notes},
  };
  return all;
}

const AttentionNumbers* LayerMoment::attention() {
  if (!is_known_) {
    is_known_ = true;
    const std::vector<int64_t> queries = evenly_spaced(x_.dim(1));
    const int64_t count = at_most(kPositions);
    const Lengths first(lengths_.begin(), lengths_.begin() + count);
    const AttentionRows rows = mixer_.attention_rows(slice(x_, 0, 0, count), first, queries);
    if (rows.weights.defined()) attention_ = attention_numbers(rows, queries);
  }
  return attention_ ? &*attention_ : nullptr;
}

int64_t LayerMoment::at_most(int64_t positions) const {
  return std::clamp<int64_t>(positions / x_.dim(1), 1, x_.dim(0));
}

// Of real positions alone: as many of each sequence as the shortest has.
std::optional<double> LayerMoment::exponent() const {
  const int64_t count = at_most(kExponentPositions);
  const int64_t length = *std::min_element(lengths_.begin(), lengths_.begin() + count);
  const Tensor x = slice(slice(x_, 0, 0, count), 1, 0, length);
  const Exponents exponents;
  mixer_.forward(x, Lengths(count, length));
  if (exponents.empty()) return std::nullopt;
  return exponents.mean();
}

Diagnostics::Diagnostics(const Model& model, const std::vector<std::string>& asked, bool causal,
                         std::vector<int64_t> offsets)
    : model_(model), causal_(causal), offsets_(std::move(offsets)) {
  for (const std::string& name : asked)
    asked_.push_back(row_named("diagnostic", name, diagnostics()));
}

bool Diagnostics::asks_for_steps() const {
  return std::any_of(asked_.begin(), asked_.end(), [](const auto& info) { return info.of_step; });
}

PutDiagnostic Diagnostics::put_at(int64_t step) {
  return [this, step](std::optional<int64_t> layer, const std::string& name, double value) {
    state_.points.push_back({step, layer, name, value});
  };
}

void Diagnostics::before_step() {
  if (!state_.is_due || !asks_for_steps()) return;
  before_.resize(static_cast<std::size_t>(offsets_.back()));
  for (std::size_t i = 0; i < model_.parameters().size(); ++i) {
    const Tensor& value = model_.parameters()[i].value;
    std::copy_n(value.data(), value.size(), before_.begin() + offsets_[i]);
  }
}

void Diagnostics::after_step(int64_t step, const Lanes& lanes, const std::vector<Batch>& batches,
                             uint64_t dropout_seed, double objective) {
  if (!state_.is_due) return;
  state_.is_due = false;
  const StepMoment moment{
      model_, offsets_, before_.data(), lanes.gradient(), lanes.measured(), objective, [&] {
        return lanes.objective(batches, dropout_seed);
      }};
  for (const DiagnosticInfo& info : asked_)
    if (info.of_step) info.of_step(moment, put_at(step));
}

void Diagnostics::after_validation(int64_t step, const Batch& batch) {
  state_.is_due = true;
  const bool is_asked = std::any_of(asked_.begin(), asked_.end(), [](const auto& info) {
    return info.of_layer || info.of_model;
  });
  if (!is_asked) return;
  const MemoryScope scope(Memory::optimizer);  // not a part of what training holds
  int64_t layers = 0;
  model_.visit_layers(batch, [&](const Mixer& mixer, const Tensor& x, const Lengths& lengths) {
    LayerMoment moment(layers++, mixer, x, lengths);
    for (const DiagnosticInfo& info : asked_)
      if (info.of_layer) info.of_layer(moment, put_at(step));
  });
  for (const DiagnosticInfo& info : asked_)
    if (info.of_model) info.of_model({model_, batch, layers, causal_}, put_at(step));
}

}  // namespace longhaul
