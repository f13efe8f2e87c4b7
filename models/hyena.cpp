// Hyena: long convolutions whose filters a small network makes of the position, between gates (Poli
// et al. 2023, arXiv:2302.10866, section 3).
//
//   [x_0 .. x_{N-1}, v] = conv(in u + in_bias) + b       N = order; conv: depthwise, causal, 3 taps
//   for i = N-1 .. 1:  v = h_i * (v .* x_i) + bias_i .* (v .* x_i)        *: over all of the past
//   out (v .* x_0) + out_bias
//   h(t) = exp(-rate t / (L-1)) .* (sin(f .* (W_2 sin(f .* (W_1 sin(f .* (W_0 z(t))))))) W_out)
//   z(t) = [t / (L-1), cos(k w), -sin(k w) for each band k], w = 2 pi t / L, L the training length
//
// Biases of W_0 .. W_2 are left out above. The rates of a filter's channels lie evenly between
// ln(100) / 1.5 and ln(100) / 0.3, those of several filters between each other, and are not
// trained. f, bias and the biases never decay. Time O(T D (D + log T)); decoding keeps the inputs
// of each convolution, so that its state grows with the input as attention's does.

#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

constexpr int64_t kTaps = 3, kHidden = 3;  // of the short convolution; layers of the filter network
constexpr double kSlow = 1.5, kFast = 0.3;  // decays reach 1/100 at these multiples of L

class Hyena final : public Mixer {
 public:
  explicit Hyena(MixerContext& c) : D_(c.d_model()), L_(c.trained_length()) {
    Options& o = c.options();
    order_ = o.integer("order", 2, "gates; one long convolution fewer", 2, 8);
    const int64_t F = o.integer("filter_width", 64, "width of the network of a filter", 1);
    bands_ = o.integer("bands", 1, "sines and cosines of the position that it sees", 1);
    const double frequency = o.number("frequency", 1, "of its sines at the start", 1e-3, 100);
    const ParameterGroup no_decay{.decay = false};
    const int64_t inner = (order_ + 1) * D_, filters = (order_ - 1) * D_;
    in_ = c.weight("in.weight", D_, inner);
    in_bias_ = c.parameter("in.bias", {inner}, zeros(), no_decay);
    const double bound = 1 / std::sqrt(static_cast<double>(kTaps));
    conv_ = c.parameter("conv.weight", {kTaps, inner}, uniform(-bound, bound));
    conv_bias_ = c.parameter("conv.bias", {inner}, zeros(), no_decay);
    for (int64_t i = 0; i < kHidden; ++i) {
      const std::string name = text("filter.", i);
      layers_.push_back({c.weight(name + ".weight", i == 0 ? 1 + 2 * bands_ : F, F),
                         c.parameter(name + ".bias", {F}, zeros(), no_decay)});
    }
    frequency_ =
        c.parameter("filter.frequency", {F}, constant(static_cast<float>(frequency)), no_decay);
    filter_out_ = c.weight("filter.out.weight", F, filters);
    bias_ = c.parameter("bias", {filters}, normal(1), no_decay);
    out_ = c.weight("out.weight", D_, D_);
    out_bias_ = c.parameter("out.bias", {D_}, zeros(), no_decay);
    rates_ = c.fixed("rates", {filters}, [D = D_, count = order_ - 1](Tensor& values, Rng&) {
      const double slow = elementary::log(100) / kSlow, fast = elementary::log(100) / kFast;
      const auto last = static_cast<double>(std::max<int64_t>(values.size() - 1, 1));
      for (int64_t i = 0; i < values.size(); ++i) {  // filter i / D, channel i % D
        const int64_t place = i % D * count + i / D;
        values.data()[i] =
            static_cast<float>(slow + (fast - slow) * static_cast<double>(place) / last);
      }
    });
  }

  Tensor forward(const Tensor& u, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor x = causal_conv(matmul(u, in_) + in_bias_, conv_) + conv_bias_;
    const Tensor h = filters(u.dim(1));
    Tensor v = part(x, order_);
    for (int64_t i = order_ - 1; i > 0; --i) {
      const int64_t at = order_ - 1 - i;  // the filter
      v = v * part(x, i);
      v = fft_convolution(v, part(h, at)) + part(bias_, at) * v;
    }
    return matmul(v * part(x, 0), out_) + out_bias_;
  }

  // The state is the last 2 inputs of the short convolution [B, 2, (N+1) D], and the inputs of each
  // long one so far [B, t, D].
  State start(int64_t batch) const override {
    State state{{Tensor({batch, kTaps - 1, (order_ + 1) * D_})}};
    for (int64_t i = 1; i < order_; ++i) state.tensors.emplace_back(Shape{batch, 0, D_});
    return state;
  }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const int64_t B = u.dim(0), t = state.position, inner = (order_ + 1) * D_;
    const Tensor window =
        concat({state.tensors[0], reshape(matmul(u, in_) + in_bias_, {B, 1, inner})}, 1);
    State next{{slice(window, 1, 1, kTaps)}, t + 1};
    const Tensor x = slice(causal_conv(window, conv_), 1, kTaps - 1, kTaps) + conv_bias_;
    const Tensor h = reversed(filters(t + 1));
    Tensor v = part(x, order_);  // [B, 1, D]
    for (int64_t i = order_ - 1; i > 0; --i) {
      const int64_t at = order_ - 1 - i;
      v = v * part(x, i);
      next.tensors.push_back(concat({state.tensors[1 + at], v}, 1));
      const Tensor sum_of_past = sum(next.tensors.back() * part(h, at), 1);
      v = reshape(sum_of_past, {B, 1, D_}) + part(bias_, at) * v;
    }
    state = next;
    return reshape(matmul(v * part(x, 0), out_) + out_bias_, {B, D_});
  }

 private:
  struct Layer {
    Tensor weight, bias;
  };

  // The i-th D values of the last axis.
  Tensor part(const Tensor& x, int64_t i) const { return slice(x, -1, i * D_, (i + 1) * D_); }

  static Tensor reversed(const Tensor& h) {  // [T, N] from its end
    const int64_t T = h.dim(0), N = h.dim(1);
    return reshape(flip(reshape(h, {1, T, N}), {T}), {T, N});
  }

  Tensor filters(int64_t T) const {  // h(0) .. h(T-1), [T, (N-1) D]
    Tensor place = Tensor::empty({T, 1 + 2 * bands_}), age = Tensor::empty({T, 1});
    const auto last = static_cast<double>(std::max<int64_t>(L_ - 1, 1));
    for (int64_t t = 0; t < T; ++t) {
      float* row = place.data() + t * (1 + 2 * bands_);
      const double share = static_cast<double>(t) / last;
      const double w = 2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(L_);
      row[0] = age.data()[t] = static_cast<float>(share);
      for (int64_t k = 0; k < bands_; ++k) {
        row[1 + k] = static_cast<float>(elementary::cos(band(k) * w));
        row[1 + bands_ + k] = static_cast<float>(-elementary::sin(band(k) * w));
      }
    }
    Tensor h = place;
    for (const Layer& layer : layers_) h = sin(frequency_ * (matmul(h, layer.weight) + layer.bias));
    return matmul(h, filter_out_) * exp(-1.0f * (age * rates_));
  }

  // Evenly from 0.0001 to bands - 1.
  double band(int64_t k) const {
    const double least = 1e-4, most = static_cast<double>(bands_ - 1);
    return bands_ == 1
               ? least
               : least + (most - least) * static_cast<double>(k) / static_cast<double>(bands_ - 1);
  }

  int64_t D_, L_, order_, bands_;
  Tensor in_, in_bias_, conv_, conv_bias_, frequency_, filter_out_, bias_, out_, out_bias_, rates_;
  std::vector<Layer> layers_;
};

}  // namespace

LONGHAUL_PLUGIN(hyena) {
  registry.mixer<BothWays<Hyena>>(
      {.name = "hyena",
       .about = "long convolutions, whose filters a network makes of the position, and gates",
       .source = "Poli et al. 2023, arXiv:2302.10866, section 3",
       .direction = Direction::either});
}
