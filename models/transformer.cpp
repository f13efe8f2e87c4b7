// Multi-head softmax attention (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).
//
//   q = x W_q, k = x W_k, v = x W_v, each cut into heads of width d = D / H
//   y_i = sum_j softmax_j(<q_i, k_j> / sqrt(d)) v_j        out = y W_out
//
// over the real positions j, when causal those up to i. No biases. Positions are told by rotating q
// and k (rope, Su et al. 2021, arXiv:2104.09864), by a learned table added to the embeddings, or
// not. Time O(T^2 D), memory O(T D); decoding keeps every k and v: 2 D floats a position.

#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

constexpr int64_t kFirstCapacity = 16;  // positions of a new cache; doubled whenever it is full

class Transformer final : public Mixer {
 public:
  explicit Transformer(MixerContext& c) : causal_(c.causal()) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    heads_ = o.integer("heads", 2, "attention heads; they divide d_model", 1);
    const std::string position =
        o.choice("position", "rope", {"none", "learned", "rope"}, "how positions are told apart");
    rope_ = position == "rope";
    if (position == "learned") c.want_learned_positions();
    if (D % heads_ != 0 || (rope_ && D / heads_ % 2 != 0)) {
      o.problem("heads", text(heads_, " heads do not cut d_model ", D, " into equal parts",
                              rope_ ? " of even width, as rope needs" : ""));
      heads_ = 1;
    }
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    out_ = c.weight("out.weight", D, D);
  }

  Tensor forward(const Tensor& x, const Lengths& lengths) const override {  // [B, T, D]
    const Tensor y = attention(turn(matmul(x, q_), 0), turn(matmul(x, k_), 0), matmul(x, v_),
                               lengths, {.heads = heads_, .causal = causal_});
    return matmul(y, out_);
  }

  // The state is the keys and values so far, [B, capacity, D] each.
  State start(int64_t batch) const override {
    const Shape shape{batch, kFirstCapacity, q_.dim(0)};
    return {{Tensor(shape), Tensor(shape)}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const int64_t B = x.dim(0), D = x.dim(1), at = state.position++;
    const Shape row{B, 1, D};
    append(state.tensors[0], at, turn(reshape(matmul(x, k_), row), at));
    append(state.tensors[1], at, reshape(matmul(x, v_), row));
    const Tensor y =
        attention(turn(reshape(matmul(x, q_), row), at), state.tensors[0], state.tensors[1],
                  Lengths(B, at + 1), {.heads = heads_, .causal = false});
    return matmul(reshape(y, {B, D}), out_);
  }

 private:
  Tensor turn(const Tensor& x, int64_t first) const {
    return rope_ ? rope(x, heads_, 10000, first) : x;
  }

  // Writes row [B, 1, D] to position `at` of cache [B, capacity, D].
  static void append(Tensor& cache, int64_t at, const Tensor& row) {
    const int64_t B = cache.dim(0), D = cache.dim(2);
    if (at == cache.dim(1)) cache = concat({cache, Tensor(cache.shape())}, 1);
    for (int64_t b = 0; b < B; ++b)
      std::copy_n(row.data() + b * D, D, cache.data() + (b * cache.dim(1) + at) * D);
  }

  bool causal_, rope_;
  int64_t heads_;
  Tensor q_, k_, v_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(transformer) {
  registry.mixer<Transformer>({.name = "transformer",
                               .about = "multi-head softmax attention",
                               .source = "Vaswani et al. 2017, arXiv:1706.03762, section 3.2",
                               .direction = Direction::either});
}
