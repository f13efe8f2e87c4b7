// One complex diagonal state space a channel, written with r, i for real and imaginary parts; for
// channel d and state n:
//
//   value    x_t = lambda x_{t-1} + u_t         y_t = sum_n c^r x^r_t - c^i x^i_t
//   reverse  g_t = conj(c) dy_t + conj(lambda) g_{t+1}     du_t = sum_n g^r_t
//            dc^r = sum_t dy_t x^r_t            dc^i = -sum_t dy_t x^i_t
//            dlambda = sum_t g_t conj(x_{t-1})
//
// Eight channels make a block, side by side in vectors; a block's parameters are packed so that one
// state after the other runs through a chunk of kChunk positions in registers. Forward keeps the
// states between chunks; reverse recomputes those of one chunk, two states at a time, so the states
// of all positions never exist at once.
#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/vector.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 64;
constexpr int64_t W = kVectorWidth;
constexpr int64_t kPair = 2;  // states that run together, to hide the latency of one

struct Complex {
  Vector re, im;
};
Complex load_complex(const float* p) { return {load<Vector>(p), load<Vector>(p + W)}; }
void store_complex(float* p, const Complex& x) {
  store(p, x.re);
  store(p + W, x.im);
}

struct Problem {
  int64_t B, T, D, N, pairs;  // pairs: of states, the last one filled up

  int64_t blocks() const { return (D + W - 1) / W; }
  int64_t chunks() const { return (T + kChunk - 1) / kChunk; }
  int64_t steps(int64_t chunk) const { return std::min(kChunk, T - chunk * kChunk); }
  int64_t states() const { return pairs * kPair; }
  // Floats of a block: its states of one position; its lambda and c (lambda of state n, then c).
  int64_t state_size() const { return states() * 2 * W; }
  int64_t packed_size() const { return states() * 4 * W; }
};

// Copies between lambda, c [2N, D] and the packed blocks; `pack` fills, else adds up.
void pack(const Problem& p, const float* source, int64_t which, float* packed) {
  for (int64_t part = 0; part < 2; ++part)
    for (int64_t n = 0; n < p.N; ++n)
      for (int64_t d = 0; d < p.D; ++d)
        packed[d / W * p.packed_size() + ((n * 2 + which) * 2 + part) * W + d % W] =
            source[(part * p.N + n) * p.D + d];
}

void unpack_add(const Problem& p, const float* packed, int64_t which, float* sum) {
  for (int64_t part = 0; part < 2; ++part)
    for (int64_t n = 0; n < p.N; ++n)
      for (int64_t d = 0; d < p.D; ++d)
        sum[(part * p.N + n) * p.D + d] +=
            packed[d / W * p.packed_size() + ((n * 2 + which) * 2 + part) * W + d % W];
}

// Positions [t, t + steps) of a block's channels of one sequence, between [B, T, D] and [steps, W].
struct Window {
  int64_t first, width, steps, stride;  // first: offset of the first value

  Window(const Problem& p, int64_t b, int64_t block, int64_t chunk)
      : first((b * p.T + chunk * kChunk) * p.D + block * W),
        width(std::min(W, p.D - block * W)),
        steps(p.steps(chunk)),
        stride(p.D) {}

  void take(const float* from, float* rows) const {
    for (int64_t i = 0; i < steps; ++i) {
      if (width < W) std::fill_n(rows + i * W, W, 0.0f);
      std::copy_n(from + first + i * stride, width, rows + i * W);
    }
  }
  void put(const float* rows, const GradTarget& to) const {
    for (int64_t i = 0; i < steps; ++i) {
      float* out = to.data + first + i * stride;
      if (!to.accumulate)
        std::copy_n(rows + i * W, width, out);
      else
        for (int64_t d = 0; d < width; ++d) out[d] += rows[i * W + d];
    }
  }
};

Complex advance(const Complex& lambda, const Complex& x, Vector u) {
  return {multiply_add(-lambda.im, x.im, multiply_add(lambda.re, x.re, u)),
          multiply_add(lambda.re, x.im, lambda.im * x.re)};
}

// Two states through a chunk: adds their part of y.
void run_pair(const float* packed, float* state, const float* u, float* y, int64_t steps) {
  const Complex l0 = load_complex(packed), c0 = load_complex(packed + 2 * W);
  const Complex l1 = load_complex(packed + 4 * W), c1 = load_complex(packed + 6 * W);
  Complex x0 = load_complex(state), x1 = load_complex(state + 2 * W);
  for (int64_t i = 0; i < steps; ++i) {
    const Vector in = load<Vector>(u + i * W);
    x0 = advance(l0, x0, in);
    x1 = advance(l1, x1, in);
    Vector out = multiply_add(c0.re, x0.re, load<Vector>(y + i * W));
    out = multiply_add(-c0.im, x0.im, out);
    out = multiply_add(c1.re, x1.re, out);
    store(y + i * W, multiply_add(-c1.im, x1.im, out));
  }
  store_complex(state, x0);
  store_complex(state + 2 * W, x1);
}

// The states before and after each position of a chunk, recomputed: x [steps + 1, kPair, 2, W].
void replay_pair(const float* packed, const float* border, const float* u, float* x,
                 int64_t steps) {
  const Complex l0 = load_complex(packed), l1 = load_complex(packed + 4 * W);
  Complex x0 = load_complex(border), x1 = load_complex(border + 2 * W);
  for (int64_t i = 0;; ++i) {
    store_complex(x + i * 4 * W, x0);
    store_complex(x + i * 4 * W + 2 * W, x1);
    if (i == steps) return;
    const Vector in = load<Vector>(u + i * W);
    x0 = advance(l0, x0, in);
    x1 = advance(l1, x1, in);
  }
}

// One state back through a chunk. `x`: its states, rows 4 W apart; `carry`: conj(lambda) g_{t+1};
// adds to du and to the sums of dlambda and dc.
void reverse_state(const float* packed, const float* x, float* carry, const float* dy, float* du,
                   float* sums, int64_t steps) {
  const Complex l = load_complex(packed), c = load_complex(packed + 2 * W);
  Complex k = load_complex(carry), dl = load_complex(sums), dc = load_complex(sums + 2 * W);
  for (int64_t i = steps - 1; i >= 0; --i) {
    const Vector d = load<Vector>(dy + i * W);
    const Complex before = load_complex(x + i * 4 * W), after = load_complex(x + (i + 1) * 4 * W);
    const Complex g{multiply_add(c.re, d, k.re), multiply_add(-c.im, d, k.im)};
    store(du + i * W, load<Vector>(du + i * W) + g.re);
    dc = {multiply_add(d, after.re, dc.re), multiply_add(-d, after.im, dc.im)};
    dl.re = multiply_add(g.re, before.re, multiply_add(g.im, before.im, dl.re));
    dl.im = multiply_add(g.im, before.re, multiply_add(-g.re, before.im, dl.im));
    k = {multiply_add(l.re, g.re, l.im * g.im), multiply_add(l.re, g.im, -l.im * g.re)};
  }
  store_complex(carry, k);
  store_complex(sums, dl);
  store_complex(sums + 2 * W, dc);
}

void forward_block(const Problem& p, int64_t b, int64_t block, const float* packed, const float* u,
                   float* borders, float* y) {
  const Tensor state({p.state_size()});
  float in[kChunk * W], out[kChunk * W];
  for (int64_t chunk = 0; chunk < p.chunks(); ++chunk) {
    const Window window(p, b, block, chunk);
    std::copy_n(state.data(), p.state_size(), borders + chunk * p.state_size());
    window.take(u, in);
    std::fill_n(out, kChunk * W, 0.0f);
    for (int64_t pair = 0; pair < p.pairs; ++pair)
      run_pair(packed + pair * 8 * W, state.data() + pair * 4 * W, in, out, window.steps);
    window.put(out, {y, false});
  }
}

void reverse_block(const Problem& p, int64_t b, int64_t block, const float* packed, const float* u,
                   const float* borders, const float* dy, const GradTarget& du, float* sums) {
  const Tensor carry({p.state_size()});
  float in[kChunk * W], d[kChunk * W], gradient[kChunk * W], x[(kChunk + 1) * 4 * W];
  for (int64_t chunk = p.chunks() - 1; chunk >= 0; --chunk) {
    const Window window(p, b, block, chunk);
    window.take(u, in);
    window.take(dy, d);
    std::fill_n(gradient, kChunk * W, 0.0f);
    for (int64_t pair = 0; pair < p.pairs; ++pair) {
      replay_pair(packed + pair * 8 * W, borders + chunk * p.state_size() + pair * 4 * W, in, x,
                  window.steps);
      for (int64_t n = pair * kPair; n < (pair + 1) * kPair; ++n)
        reverse_state(packed + n * 4 * W, x + n % kPair * 2 * W, carry.data() + n * 2 * W, d,
                      gradient, sums + n * 4 * W, window.steps);
    }
    if (du.data) window.put(gradient, du);
  }
}

}  // namespace

Tensor diagonal_ssm(const Tensor& lambda, const Tensor& c, const Tensor& u) {
  const bool fits = u.rank() == 3 && lambda.rank() == 2 && lambda.dim(0) % 2 == 0 &&
                    lambda.dim(1) == u.dim(2) && c.shape() == lambda.shape();
  require(fits, "diagonal_ssm: lambda ", lambda.shape(), ", c ", c.shape(), ", u ", u.shape(),
          ", not [2N, D], [2N, D], [B, T, D]");
  const int64_t N = lambda.dim(0) / 2;
  const Problem p{u.dim(0), u.dim(1), u.dim(2), N, (N + kPair - 1) / kPair};
  const Tensor packed({p.blocks(), p.packed_size()});
  pack(p, lambda.data(), 0, packed.data());
  pack(p, c.data(), 1, packed.data());
  Tensor y = Tensor::empty(u.shape());
  const Tensor borders = Tensor::empty({p.B * p.blocks(), p.chunks(), p.state_size()});
  const auto for_blocks = [=](auto body) {
    parallel_for(p.B * p.blocks(), 1, [&](int64_t item, int64_t) {
      const int64_t block = item % p.blocks();
      body(item, item / p.blocks(), block, packed.data() + block * p.packed_size(),
           borders.data() + item * p.chunks() * p.state_size());
    });
  };
  for_blocks([&](int64_t, int64_t b, int64_t block, const float* parameters, float* border) {
    forward_block(p, b, block, parameters, u.data(), border, y.data());
  });
  count_flops(12 * p.B * p.T * p.D * p.N);
  record(y, {lambda, c, u}, [=] {
    const Tensor sums({p.B, p.blocks(), p.packed_size()});  // each sequence's share
    const GradTarget du = u.needs_grad() ? u.grad_target() : GradTarget{nullptr, false};
    for_blocks([&](int64_t item, int64_t b, int64_t block, const float* parameters, float* border) {
      reverse_block(p, b, block, parameters, u.data(), border, y.grad(), du,
                    sums.data() + item * p.packed_size());
    });
    for (int64_t b = 0; b < p.B; ++b) {
      const float* share = sums.data() + b * p.blocks() * p.packed_size();
      if (lambda.needs_grad()) unpack_add(p, share, 0, lambda.grad());
      if (c.needs_grad()) unpack_add(p, share, 1, c.grad());
    }
    count_flops(24 * p.B * p.T * p.D * p.N);
  });
  return y;
}

}  // namespace longhaul
