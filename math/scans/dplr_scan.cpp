// The state with a diagonal decay and a correction of rank one. With e_t = exp(log_decay_t), for
// one head, S [d, dv]:
//
//   value    c_t = a_t S_{t-1}       S_t = diag(e_t) S_{t-1} + b_t^T c_t + k_t^T v_t    y_t = q_t
//   S_t reverse  G_t = dL/dS_t, with q_t^T dy_t in it:
//            dq_t = S_t dy_t         dk_t = G_t v_t         dv_t = k_t G_t
//            f_t = b_t G_t           db_t = G_t c_t         da_t = S_{t-1} f_t
//            dlog_decay_t = e_t sum_columns(G_t S_{t-1})    G_{t-1} = diag(e_t) G_t + a_t^T f_t
//
// Columns of S do not depend on each other: a block of kBlock of them is scanned at a time, a row
// of it in registers. The forward pass keeps the state at every kChunk-th position, the reverse
// pass recomputes those between from there: [kChunk, d, kBlock], which stays in the cache.
#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/gradient.h"
#include "math/kernels/vector.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 16;
constexpr int64_t kBlock = 2 * kVectorWidth;

struct Wide {  // kBlock values
  Vector low, high;
};
Wide load(const float* p) {
  return {longhaul::load<Vector>(p), longhaul::load<Vector>(p + kVectorWidth)};
}
void store(float* p, const Wide& x) {
  longhaul::store(p, x.low);
  longhaul::store(p + kVectorWidth, x.high);
}
Vector splat(float x) { return x - Vector{}; }
void add_product(Wide& sum, float factor, const Wide& x) {  // sum += factor x
  const Vector f = splat(factor);
  sum = {multiply_add(f, x.low, sum.low), multiply_add(f, x.high, sum.high)};
}
Wide times(float factor, const Wide& x) { return {splat(factor) * x.low, splat(factor) * x.high}; }
float dot(const Wide& x, const Wide& y) {
  const Vector sum = multiply_add(x.low, y.low, x.high * y.high);
  float total = 0;
  for (int i = 0; i < kVectorWidth; ++i) total += sum[i];
  return total;
}

struct Problem {
  int64_t B, T, H, d, dv;
  const float *q, *k, *v, *a, *b, *g;

  int64_t blocks() const { return (dv + kBlock - 1) / kBlock; }
  int64_t chunks() const { return (T + kChunk - 1) / kChunk; }
  int64_t state() const { return d * kBlock; }
  int64_t at(int64_t head, int64_t t, int64_t width) const {
    return ((head / H * T + t) * H + head % H) * width;
  }
};

// A block of columns of one head; short ones are padded with zeros.
struct Part {
  Part(const Problem& p, int64_t head, int64_t block)
      : p(p), head(head), first(block * kBlock), width(std::min(kBlock, p.dv - first)) {}
  Wide columns(const float* x, int64_t t) const {  // of a row of v, y or their gradients
    const float* row = x + p.at(head, t, p.dv) + first;
    if (width == kBlock) return load(row);
    float padded[kBlock] = {};
    std::copy_n(row, width, padded);
    return load(padded);
  }
  // Adds to, or writes, a row of y or dv.
  void put(const GradTarget& to, int64_t t, const Wide& x) const {
    float values[kBlock];
    store(values, x);
    const GradTarget row{to.data + p.at(head, t, p.dv) + first, to.accumulate};
    for (int64_t i = 0; i < width; ++i) row.data[i] = before(row, i) + values[i];
  }
  const Problem& p;
  int64_t head, first, width;
};

// a S of one position.
Wide read(const Problem& p, const float* a, const float* S) {
  Wide c{};
  for (int64_t i = 0; i < p.d; ++i) add_product(c, a[i], load(S + i * kBlock));
  return c;
}

// S_t from S_{t-1}, e exp(log_decay); both may be one place. Gives q S_t.
Wide advance(const Problem& p, int64_t at, const float* e, const Wide& c, const Wide& v,
             const float* S, float* next) {
  const float *q = p.q + at, *k = p.k + at, *b = p.b + at;
  Wide y{};
  for (int64_t i = 0; i < p.d; ++i) {
    Wide row = times(e[i], load(S + i * kBlock));
    add_product(row, b[i], c);
    add_product(row, k[i], v);
    add_product(y, q[i], row);
    store(next + i * kBlock, row);
  }
  return y;
}

void forward_part(const Part& part, const float* e, float* kept, float* y) {
  const Problem& p = part.p;
  const Tensor S({p.state()});
  for (int64_t t = 0; t < p.T; ++t) {
    if (t % kChunk == 0) std::copy_n(S.data(), p.state(), kept + t / kChunk * p.state());
    const int64_t at = p.at(part.head, t, p.d);
    const Wide c = read(p, p.a + at, S.data());
    part.put({y, false}, t,
             advance(p, at, e + t * p.d, c, part.columns(p.v, t), S.data(), S.data()));
  }
}

struct Gradients {
  const float* dy;
  GradTarget dv;
  // Of one head [T, d] each, added to by one block of columns after the other.
  float *dq, *dk, *da, *db, *dg;
};

// G [d, kBlock] holds dL/dS_t without the read-out's part, then dL/dS_{t-1}.
void step_back(const Part& part, int64_t t, const float* e, const float* S, const float* next,
               float* G, const Gradients& to) {
  const Problem& p = part.p;
  const int64_t at = p.at(part.head, t, p.d), own = t * p.d;
  const float *q = p.q + at, *k = p.k + at, *a = p.a + at, *b = p.b + at;
  const Wide dy = part.columns(to.dy, t), v = part.columns(p.v, t), c = read(p, a, S);
  Wide dv{}, f{};
  for (int64_t i = 0; i < p.d; ++i) {
    Wide g = load(G + i * kBlock);
    add_product(g, q[i], dy);
    add_product(dv, k[i], g);
    add_product(f, b[i], g);
    store(G + i * kBlock, g);
  }
  for (int64_t i = 0; i < p.d; ++i) {
    const Wide g = load(G + i * kBlock), s = load(S + i * kBlock);
    to.dq[own + i] += dot(load(next + i * kBlock), dy);
    to.dk[own + i] += dot(g, v);
    to.db[own + i] += dot(g, c);
    to.da[own + i] += dot(s, f);
    to.dg[own + i] += e[i] * dot(g, s);
    Wide earlier = times(e[i], g);
    add_product(earlier, a[i], f);
    store(G + i * kBlock, earlier);
  }
  if (to.dv.data) part.put(to.dv, t, dv);
}

void reverse_part(const Part& part, const float* e, const float* kept, const Gradients& to) {
  const Problem& p = part.p;
  const Tensor states = Tensor::empty({(kChunk + 1) * p.state()}), G({p.state()});
  for (int64_t chunk = p.chunks() - 1; chunk >= 0; --chunk) {
    const int64_t begin = chunk * kChunk, end = std::min(p.T, begin + kChunk);
    const auto state = [&](int64_t t) { return states.data() + (t - begin) * p.state(); };
    std::copy_n(kept + chunk * p.state(), p.state(), states.data());
    for (int64_t t = begin; t < end; ++t) {
      const int64_t at = p.at(part.head, t, p.d);
      advance(p, at, e + t * p.d, read(p, p.a + at, state(t)), part.columns(p.v, t), state(t),
              state(t + 1));
    }
    for (int64_t t = end - 1; t >= begin; --t)
      step_back(part, t, e + t * p.d, state(t), state(t + 1), G.data(), to);
  }
}

// exp of a head's log decays, [T, d].
Tensor decays(const Problem& p, int64_t head) {
  Tensor e = Tensor::empty({p.T, p.d});
  for (int64_t t = 0; t < p.T; ++t) {
    const float* g = p.g + p.at(head, t, p.d);
    float* row = e.data() + t * p.d;
#pragma omp simd
    for (int64_t i = 0; i < p.d; ++i) row[i] = vmath::exp(g[i]);
  }
  return e;
}

void put_head(const Problem& p, int64_t head, const float* from, const GradTarget& to) {
  if (!to.data) return;
  for (int64_t t = 0; t < p.T; ++t) {
    const GradTarget row{to.data + p.at(head, t, p.d), to.accumulate};
    for (int64_t i = 0; i < p.d; ++i) row.data[i] = before(row, i) + from[t * p.d + i];
  }
}

}  // namespace

Tensor dplr_scan(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& a,
                 const Tensor& b, const Tensor& log_decay, int64_t heads) {
  const bool fits = q.rank() == 3 && heads > 0 && q.dim(2) % heads == 0 && v.rank() == 3 &&
                    v.dim(0) == q.dim(0) && v.dim(1) == q.dim(1) && v.dim(2) % heads == 0 &&
                    k.shape() == q.shape() && a.shape() == q.shape() && b.shape() == q.shape() &&
                    log_decay.shape() == q.shape();
  require(fits, "dplr_scan: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), ", a ", a.shape(),
          ", b ", b.shape(), ", log_decay ", log_decay.shape(), " with ", heads,
          " heads; expected [B, T, H d], v [B, T, H dv]");
  const Problem p{q.dim(0), q.dim(1), heads,    q.dim(2) / heads, v.dim(2) / heads, q.data(),
                  k.data(), v.data(), a.data(), b.data(),         log_decay.data()};
  const int64_t flops = 2 * p.B * p.T * p.H * 5 * p.d * p.dv, kept_size = p.chunks() * p.state();
  Tensor y = Tensor::empty(v.shape());
  const Tensor kept = Tensor::empty({p.B * p.H * p.blocks() * kept_size});
  const auto kept_at = [=](int64_t head, int64_t block) {
    return kept.data() + (head * p.blocks() + block) * kept_size;
  };
  count_flops(flops);
  parallel_for(p.B * p.H, 1, [&](int64_t head, int64_t) {
    const Tensor e = decays(p, head);
    for (int64_t block = 0; block < p.blocks(); ++block)
      forward_part({p, head, block}, e.data(), kept_at(head, block), y.data());
  });
  record(y, {q, k, v, a, b, log_decay}, [=] {  // p points into the tensors captured here
    count_flops(2 * flops);
    const GradTarget dv = target_of(v), targets[] = {target_of(q), target_of(k), target_of(a),
                                                     target_of(b), target_of(log_decay)};
    const float* dy = y.grad();
    parallel_for(p.B * p.H, 1, [&](int64_t head, int64_t) {
      const Tensor e = decays(p, head), own({5, p.T, p.d});
      const auto sum = [&](int64_t i) { return own.data() + i * p.T * p.d; };
      const Gradients to{dy, dv, sum(0), sum(1), sum(2), sum(3), sum(4)};
      for (int64_t block = 0; block < p.blocks(); ++block)
        reverse_part({p, head, block}, e.data(), kept_at(head, block), to);
      for (int64_t i = 0; i < 5; ++i) put_head(p, head, sum(i), targets[i]);
    });
  });
  return y;
}

}  // namespace longhaul
