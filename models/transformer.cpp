// Multi-head softmax attention (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).
//
//   q = x W_q, k = x W_k, v = x W_v, each cut into heads of width d = D / H
//   y_i = sum_j softmax_j(scale <q_i, k_j> + bias_h(|i - j|)) v_j        out = y W_out
//
// over the real positions j, when causal those up to i, and those nearer than the window. The
// projections have no bias. forget_gate adds sum_{j < s <= i} log sigmoid(x_s W_f + b_f) to the
// scores (FoX, Lin et al. 2025, arXiv:2503.02130), sink a logit without a value to each softmax
// (as gpt-oss has it), output_gate multiplies y by sigmoid(x W_g) (Qiu et al. 2025,
// arXiv:2505.06708). Options change what stands in the softmax and how positions are told;
// each is written out, with its source, in docs/models/transformer.md and in
// longhaul/parts/attention_*.h. Time O(T^2 D), under a window w O(T w D), memory O(T D); decoding
// keeps every k and v in reach: 2 D floats a position.
//
// Deviations: xPos decays by distance alone, without its blockwise attention at test time.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "longhaul/attention_rows.h"
#include "longhaul/elementary.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/attention_options.h"
#include "longhaul/parts/attention_positions.h"
#include "longhaul/parts/attention_scale.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;
namespace positions = attention_positions;
using attention_options::AttentionOptions;
using attention_options::PostHoc;

constexpr int64_t kFirstCapacity = 16;  // positions of a new cache; doubled whenever it is full

// How queries or keys are turned (RotarySpec); without frequencies they are not.
struct Turn {
  std::vector<double> frequencies, growth;
  double first = 0, step = 1;
};

class Transformer final : public Mixer {
 public:
  explicit Transformer(MixerContext& c)
      : causal_(c.causal()), o_(attention_options::read(c)), trained_(o_.trained_length) {
    if (o_.position == "learned") c.want_learned_positions();
    if (o_.position == "sinusoidal") c.want_sinusoidal_positions();
    if (o_.hwfa) place_in_hwfa(c.layer(), c.layers());
    if (o_.post_hoc.name == "window")
      o_.window = o_.window ? std::min(o_.window, o_.post_hoc.window) : o_.post_hoc.window;
    if (o_.rotates()) choose_turns();
    scale_ = static_cast<float>(chosen_scale());
    const int64_t D = c.d_model(), shared = o_.kv_heads * o_.head_width;
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, shared);
    v_ = c.weight("v.weight", D, shared);
    out_ = c.weight("out.weight", D, D);
    make_bias(c);
    make_gates(c);
  }

  Tensor forward(const Tensor& x, const Lengths& lengths) const override {  // [B, T, D]
    const Rows rows = project(x, focus(x.dim(1), 0, lengths), 0);
    AttentionSpec spec = scores(rows, x.dim(1));
    spec.far_k = rows.far_k;
    spec.log_forget = rows.log_forget;
    return read_out(attention(rows.q, rows.k, rows.v, lengths, spec), x);
  }

  // The state is the keys and values in reach, [B, capacity, kv_heads * d] each, with rerope the
  // keys as far queries see them, and with a forget gate its logarithm [B, capacity, heads].
  State start(int64_t batch) const override {
    const int64_t rows = o_.window ? std::min(o_.window, kFirstCapacity) : kFirstCapacity;
    const Shape shape{batch, rows, k_.dim(1)};
    State state{{Tensor(shape), Tensor(shape)}};
    if (far_from_) state.tensors.emplace_back(shape);
    if (o_.forget_gate) state.tensors.emplace_back(Shape{batch, rows, o_.heads});
    return state;
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const int64_t B = x.dim(0), D = x.dim(1), at = state.position++;
    const int64_t held = o_.window ? std::min(at + 1, o_.window) : at + 1;
    const Rows rows = project(reshape(x, {B, 1, D}), focus(1, at, Lengths(1, at + 1)), at);
    append(state.tensors[0], at, rows.k);
    append(state.tensors[1], at, rows.v);
    if (far_from_) append(state.tensors[2], at, rows.far_k);
    if (o_.forget_gate) append(state.tensors.back(), at, rows.log_forget);
    AttentionSpec spec = scores(rows, state.tensors[0].dim(1));
    spec.causal = false;  // all that is held is past
    spec.first = held - 1;
    if (far_from_) spec.far_k = state.tensors[2];
    if (o_.forget_gate) spec.log_forget = state.tensors.back();
    const Tensor y = attention(rows.q, state.tensors[0], state.tensors[1], Lengths(B, held), spec);
    return read_out(reshape(y, {B, D}), x);
  }

  AttentionRows attention_rows(const Tensor& x, const Lengths& lengths,
                               const std::vector<int64_t>& queries) const override {
    const Rows rows = project(x, focus(x.dim(1), 0, lengths), 0);
    AttentionSpec spec = scores(rows, x.dim(1));
    spec.far_k = rows.far_k;
    spec.log_forget = rows.log_forget;
    return longhaul::attention_rows(rows.q, rows.k, lengths, queries, spec);
  }

 private:
  // Queries, keys and values of consecutive positions, [B, T, heads * d].
  struct Rows {
    Tensor q, k, v, far_q, far_k, log_forget;
  };

  // (w - 1) (L - 1) + 1 = 3/4 of the trained length (Su Jianlin, kexue.fm/archives/9603).
  void place_in_hwfa(int64_t layer, int64_t layers) {
    if (layer + 1 == layers) {
      o_.position = "none";
      o_.logn = true;
      o_.window = 0;
    } else if (o_.window == 0) {
      o_.window = 1 + std::max<int64_t>(0, trained_ * 3 / 4 - 1) / (layers - 1);
    }
  }

  void choose_turns() {
    const PostHoc& change = o_.post_hoc;
    near_q_.frequencies = near_k_.frequencies = positions::stretched(
        change.name, positions::rope_frequencies(o_.head_width, o_.rope_base),
        {change.factor, o_.rope_base, static_cast<double>(trained_), change.yarn_fast});
    if (o_.position == "xpos") {
      near_q_.growth = positions::xpos_growth(o_.head_width);
      near_k_.growth = positions::negated(near_q_.growth);
      near_q_.first = near_k_.first = -static_cast<double>(xpos_middle());
    }
    if (!change.selects()) return;
    // Beyond w a distance D counts as w + (D - w) / kappa, or as w when kappa is infinite
    // (Su Jianlin, kexue.fm/archives/9708).
    far_from_ = change.window;
    far_q_ = near_q_;
    far_k_ = near_k_;
    far_q_.step = far_k_.step = change.name == "rerope" ? 0 : 1 / change.kappa;
    far_q_.first = static_cast<double>(far_from_) * (1 - far_q_.step);
  }

  // The position that decays are counted from. Only distances matter to scores, the middle to the
  // range of numbers: that of training, as far as the longest input stays in reach of it.
  int64_t xpos_middle() const {
    return std::max(std::min(trained_, o_.longest) / 2, o_.longest - attention_options::kXposReach);
  }

  double chosen_scale() const {
    const bool cosine = o_.query_norm && o_.key_norm, plain = !o_.query_norm && !o_.key_norm;
    const double root = plain ? std::sqrt(std::max(1.0, static_cast<double>(o_.head_width))) : 1;
    const double L = std::max(2.0, static_cast<double>(trained_));
    const double n = std::max(2.0, causal_ ? L / 2 : L);  // keys that a query sees, on average
    double scale = o_.scale_factor;
    if (o_.scale == "standard")  // with logn, 4 ln n of each query's own n
      scale *= cosine ? 4 * elementary::log(o_.logn ? L : n) : 1 / root;
    if (o_.scale == "gradmax")
      scale *= cosine ? attention_scale::cosine_optimum(n, o_.head_width)
                      : attention_scale::gaussian_optimum(n) / root;
    if (o_.rotates() && o_.post_hoc.name.starts_with("yarn"))
      scale *= positions::yarn_logit_factor(o_.post_hoc.factor);
    return scale;
  }

  void make_bias(MixerContext& c) {
    if (o_.position == "alibi")
      slopes_ = c.fixed("slopes", {o_.heads, 1}, [](Tensor& values, Rng&) {
        const Tensor slopes = positions::alibi_slopes(values.dim(0));
        std::copy_n(slopes.data(), slopes.size(), values.data());
      });
    if (!o_.position.starts_with("kerple")) return;
    const bool power = o_.position == "kerple_power";
    ParameterGroup group{.lr_scale = 1, .decay = false, .least = positions::kKerpleLeast};
    r1_ = c.parameter("r1", {o_.heads, 1}, uniform(0, power ? 1 : 2), group);
    if (power) group.most = positions::kKerpleSteepest;
    r2_ = c.parameter("r2", {o_.heads, 1}, uniform(0, power ? 2 : 1), group);
  }

  void make_gates(MixerContext& c) {
    if (o_.forget_gate) {
      forget_ = c.weight("forget.weight", c.d_model(), o_.heads);
      forget_bias_ = c.parameter("forget.bias", {o_.heads}, zeros(), {.decay = false});
    }
    if (o_.output_gate) gate_ = c.weight("gate.weight", c.d_model(), c.d_model());
    if (o_.sink) sink_ = c.parameter("sink", {o_.heads}, zeros(), {.decay = false});
  }

  Tensor read_out(const Tensor& y, const Tensor& x) const {
    return matmul(o_.output_gate ? y * sigmoid(matmul(x, gate_)) : y, out_);
  }

  Tensor bias(int64_t n) const {
    if (o_.position == "alibi") return positions::alibi_bias(slopes_, n);
    if (o_.position == "kerple_log") return positions::kerple_log_bias(r1_, r2_, n);
    if (o_.position == "kerple_power") return positions::kerple_power_bias(r1_, r2_, n);
    return {};
  }

  // Keys that a query at position t sees in a sequence.
  int64_t visible(int64_t t, int64_t length) const {
    const int64_t w = o_.window, begin = w ? std::max<int64_t>(0, t - w + 1) : 0;
    const int64_t end = causal_ ? t + 1 : w ? std::min(length, t + w) : length;
    return std::max<int64_t>(1, end - begin);
  }

  // What logn multiplies the queries from position `at` on by, [B or 1, T, 1]; undefined: nothing.
  Tensor focus(int64_t T, int64_t at, const Lengths& lengths) const {
    if (!o_.logn && !o_.post_hoc.logn) return {};
    const int64_t B = causal_ ? 1 : static_cast<int64_t>(lengths.size());
    const double log_trained = elementary::log(std::max(2.0, static_cast<double>(trained_)));
    Tensor factor = Tensor::empty({B, T, 1});
    for (int64_t b = 0; b < B; ++b)
      for (int64_t t = 0; t < T; ++t) {
        const auto n = static_cast<double>(visible(at + t, causal_ ? 0 : lengths[b]));
        const double ratio = elementary::log(n) / log_trained;
        factor.data()[b * T + t] = static_cast<float>(o_.logn ? ratio : std::max(1.0, ratio));
      }
    return factor;
  }

  Rows project(const Tensor& x, const Tensor& focus, int64_t at) const {
    Tensor q = matmul(x, q_), k = matmul(x, k_);
    if (o_.query_norm) q = unit(q, o_.heads);
    if (o_.key_norm) k = unit(k, o_.kv_heads);
    if (focus.defined()) q = q * focus;
    Rows rows{turned(q, near_q_, o_.heads, at),
              turned(k, near_k_, o_.kv_heads, at),
              matmul(x, v_),
              Tensor(),
              Tensor(),
              Tensor()};
    if (o_.forget_gate) rows.log_forget = log_sigmoid(matmul(x, forget_) + forget_bias_);
    if (far_from_) {
      rows.far_q = turned(q, far_q_, o_.heads, at);
      rows.far_k = turned(k, far_k_, o_.kv_heads, at);
    }
    return rows;
  }

  // Every head's part of every row divided by its length.
  Tensor unit(const Tensor& x, int64_t heads) const {
    const int64_t d = o_.head_width;
    const Tensor gain({d}, 1 / std::sqrt(static_cast<float>(d)));
    return reshape(rms_norm(reshape(x, {x.dim(0), x.dim(1), heads, d}), gain, 1e-12f), x.shape());
  }

  static Tensor turned(const Tensor& x, const Turn& turn, int64_t heads, int64_t at) {
    if (turn.frequencies.empty()) return x;
    return rotary(x, {.heads = heads,
                      .frequencies = turn.frequencies,
                      .growth = turn.growth,
                      .first = turn.first + turn.step * static_cast<double>(at),
                      .step = turn.step});
  }

  // For these queries, at distances below n; far_k and log_forget are left to the caller.
  AttentionSpec scores(const Rows& rows, int64_t n) const {
    return {.heads = o_.heads,
            .causal = causal_,
            .scale = scale_,
            .kv_heads = o_.kv_heads,
            .window = o_.window,
            .bias = bias(n),
            .far_q = rows.far_q,
            .far_from = far_from_,
            .sink = sink_};
  }

  // Puts row [B, 1, width] of position `at` at the end of cache [B, capacity, width]; the oldest
  // leaves when a window is full.
  void append(Tensor& cache, int64_t at, const Tensor& row) const {
    const int64_t B = cache.dim(0), width = cache.dim(2), w = o_.window;
    const bool full = w && at >= w;
    if (!full && at == cache.dim(1))
      cache = concat({cache, Tensor({B, w ? std::min(at, w - at) : at, width})}, 1);
    for (int64_t b = 0; b < B; ++b) {
      float* rows = cache.data() + b * cache.dim(1) * width;
      if (full) std::copy(rows + width, rows + w * width, rows);
      std::copy_n(row.data() + b * width, width, rows + (full ? w - 1 : at) * width);
    }
  }

  bool causal_;
  AttentionOptions o_;  // of this layer
  int64_t trained_, far_from_ = 0;
  float scale_;
  Turn near_q_, near_k_, far_q_, far_k_;
  Tensor q_, k_, v_, out_, slopes_, r1_, r2_, forget_, forget_bias_, gate_, sink_;
};

OptionMap change_after_training(OptionMap options, const PostHocChange& change) {
  const auto given = options.find("trained_length");
  const int64_t* own = given == options.end() ? nullptr : std::get_if<int64_t>(&given->second);
  const int64_t trained = own && *own > 0 ? *own : change.trained_length;
  options["post_hoc"] = change.name;
  options["post_hoc_factor"] =
      std::max(1.0, static_cast<double>(change.tested_length) / static_cast<double>(trained));
  return options;
}

}  // namespace

LONGHAUL_PLUGIN(transformer) {
  registry.mixer<Transformer>({.name = "transformer",
                               .about = "multi-head softmax attention",
                               .source = "Vaswani et al. 2017, arXiv:1706.03762, section 3.2",
                               .direction = Direction::either,
                               .post_hoc = change_after_training});
}
