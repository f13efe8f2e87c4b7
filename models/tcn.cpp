// Temporal convolutional network (Bai, Kolter & Koltun 2018, arXiv:1803.01271, section 3): a whole
// network, not a mixer, since it has neither the backbone's norms nor its gated MLP.
//
//   x = embedding[token]
//   layer l, dilation s = 2^l, taps K:
//     y = drop(relu(conv1(x))),  y = drop(relu(conv2(y))),  x = relu(x + y)           (figure 1b)
//   conv(x)_t = b + sum_j x_{t - s j} W_j, j = 0 .. K - 1, x before the start is 0
//   W = g v / |v|, a length g and a direction v of each output channel: weight normalisation
//   (Salimans & Kingma 2016, arXiv:1602.07868, eq. 2)
//   logits = head(norm(pooled x))
//
// Example: K = 3 and 4 layers see 2 (K - 1) (1 + 2 + 4 + 8) = 60 positions back, each layer more
// doubles that: what lies farther back cannot change an answer at one position.
// Time O(T D^2 K), and decoding keeps 2 (K - 1) s inputs a layer, whatever T is.
//
// Deviations: ids are embedded with the standard deviation 1; v is started with 1/sqrt(K D), not
// 0.01, and g with |v| (the authors' code); dropout drops single values, not channels; before the
// head stands the RMS norm that every model here has, and the read-out is the suite's `pooling`
// (last in the paper).
#include <algorithm>
#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class Convolution {
 public:
  Convolution(NetworkContext& c, const std::string& name, int64_t taps, int64_t dilation)
      : taps_(taps), dilation_(dilation) {
    const int64_t D = c.d_model();
    const ParameterGroup no_decay{.lr_scale = 1, .decay = false};
    direction_ = c.weight(name + ".direction", taps * D, D);
    length_ = c.parameter(name + ".length", {D}, constant(1), no_decay);
    bias_ = c.parameter(name + ".bias", {D}, zeros(), no_decay);
    for (int64_t d = 0; d < D; ++d) {
      double square = 0;
      for (int64_t i = 0; i < taps * D; ++i) {
        const double v = direction_.data()[i * D + d];
        square += v * v;
      }
      length_.data()[d] = static_cast<float>(std::sqrt(square));
    }
  }

  Tensor forward(const Tensor& x) const {  // [B, T, D]
    const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2);
    const Tensor w = weight();
    Tensor y = matmul(x, tap(w, 0)) + bias_;
    for (int64_t j = 1; j < taps_ && j * dilation_ < T; ++j) {
      const int64_t delay = j * dilation_;
      const Tensor past = concat({Tensor(Shape{B, delay, D}), slice(x, 1, 0, T - delay)}, 1);
      y = y + matmul(past, tap(w, j));
    }
    return y;
  }

  // x [B, D]; the state holds the inputs before it, oldest first.
  State start(int64_t batch, int64_t width) const {
    State state;
    state.tensors.emplace_back(Shape{batch, (taps_ - 1) * dilation_, width});
    return state;
  }
  Tensor step(const Tensor& x, State& state) const {
    const int64_t B = x.dim(0), D = x.dim(1), now = (taps_ - 1) * dilation_;
    const Tensor window = concat({state.tensors[0], reshape(x, {B, 1, D})}, 1);
    state.tensors[0] = slice(window, 1, 1, now + 1);
    const Tensor w = weight();
    Tensor y = matmul(x, tap(w, 0)) + bias_;
    for (int64_t j = 1; j < taps_; ++j) {
      const int64_t t = now - j * dilation_;
      y = y + matmul(reshape(slice(window, 1, t, t + 1), {B, D}), tap(w, j));
    }
    return y;
  }

 private:
  Tensor weight() const {  // [taps D, D]
    return direction_ * (length_ / sqrt(sum(direction_ * direction_, 0)));
  }
  static Tensor tap(const Tensor& w, int64_t j) {
    const int64_t D = w.dim(1);
    return slice(w, 0, j * D, (j + 1) * D);
  }

  int64_t taps_, dilation_;
  Tensor direction_, length_, bias_;
};

class Tcn final : public Network {
 public:
  explicit Tcn(NetworkContext& c) : width_(c.d_model()), input_(c, width_) {
    const int64_t taps = c.options().integer("taps", 3, "positions that a convolution sees", 1, 64);
    const int64_t cycle = c.options().integer(
        "dilations", 12, "layers after which the dilation, doubled every layer, is 1 again", 1, 30);
    for (int64_t l = 0; l < c.layers(); ++l) {
      const int64_t dilation = int64_t{1} << l % cycle;
      for (const char* name : {"first", "second"})
        convolutions_.emplace_back(c, "block." + std::to_string(l) + "." + name, taps, dilation);
    }
    read_out_ = ReadOut(c, width_);
  }

  Tensor forward(const Batch& batch, Dropout drop) const override {
    Tensor x = input_(batch);  // [B, T, D]
    for (std::size_t i = 0; i < convolutions_.size(); i += 2) {
      Tensor y = drop(relu(convolutions_[i].forward(x)));
      y = drop(relu(convolutions_[i + 1].forward(y)));
      x = relu(x + y);
    }
    return read_out_(x, batch);
  }

  bool decodes() const override { return true; }

  DecodeState start(int64_t batch) const override {
    DecodeState state;
    for (const Convolution& convolution : convolutions_)
      state.parts.push_back(convolution.start(batch, width_));
    return state;
  }

  Tensor step(const Batch& column, DecodeState& state) const override {
    Tensor x = reshape(input_(column), {column.size, width_});
    for (std::size_t i = 0; i < convolutions_.size(); i += 2) {
      Tensor y = relu(convolutions_[i].step(x, state.parts[i]));
      y = relu(convolutions_[i + 1].step(y, state.parts[i + 1]));
      x = relu(x + y);
    }
    ++state.position;
    return read_out_.step(x);
  }

 private:
  int64_t width_;
  InputEmbedding input_;
  std::vector<Convolution> convolutions_;
  ReadOut read_out_;
};

}  // namespace

LONGHAUL_PLUGIN(tcn) {
  registry.network<Tcn>({
      .name = "tcn",
      .about = "temporal convolutional network: dilated causal convolutions, a whole network",
      .source = "Bai, Kolter & Koltun 2018, arXiv:1803.01271, section 3",
      .direction = Direction::causal,
  });
}
