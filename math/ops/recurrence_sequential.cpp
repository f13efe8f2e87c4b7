// nonlinear_recurrence step by step, a few sequences side by side so that each load of R serves
// all.
#include <algorithm>

#include "math/parallel.h"
#include "math/recurrence.h"

namespace longhaul {

int64_t group_of(int64_t sequences) {
  if (LaneScope::inside()) return BlockProduct::kGroup;
  return std::clamp<int64_t>(sequences / 2, 1, BlockProduct::kGroup);
}

Solution solve_sequential(const Recurrence& r, bool keep_gates) {
  Solution s;
  s.h = Tensor::empty({r.B, r.T, r.N});
  s.value = s.h;
  s.products = r.B;
  const bool gated = r.cell == Cell::gru;
  if (gated && keep_gates) s.gates = Tensor::empty({kGateCount, r.B, r.T, r.N});
  const BlockProduct product(r, false);
  const Tensor zero({r.N});
  parallel_for(r.B, group_of(r.B), [&](int64_t begin, int64_t end) {
    const int count = static_cast<int>(end - begin);
    const Tensor p = Tensor::empty({count, product.vector_stride()});
    const Tensor unkept = gated && !keep_gates ? Tensor::empty({kGateCount, r.N}) : Tensor();
    const float* before[BlockProduct::kGroup];
    std::fill_n(before, count, zero.data());
    for (int64_t t = 0; t < r.T; ++t) {
      product.apply(count, before, p.data());
      for (int i = 0; i < count; ++i) {
        const int64_t row = (begin + i) * r.T + t;
        CellOutput out{s.h.data() + row * r.N, nullptr, 0};
        if (gated && keep_gates) {
          out.gates = s.gates.data() + row * r.N;
          out.gate_stride = r.plane();
        } else if (gated) {
          out.gates = unkept.data();
          out.gate_stride = r.N;
        }
        cell_values(r.cell, r.N,
                    {r.u + row * r.G * r.N, p.data() + i * product.vector_stride(), before[i], r.N,
                     product.stride()},
                    out);
        before[i] = out.value;
      }
    }
  });
  return s;
}

}  // namespace longhaul
