// nonlinear_recurrence step by step, a few sequences side by side so that each load of R serves
// all.
#include "math/recurrence/sequential.h"

#include <algorithm>

#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/product.h"

namespace longhaul {
namespace {

// Steps the sequences [begin, end) together.
class Group {
 public:
  Group(const Recurrence& r, const BlockProduct& product, Solution& s, int64_t begin, int64_t end)
      : r_(r), product_(product), s_(s), begin_(begin), count_(static_cast<int>(end - begin)) {
    p_ = Tensor::empty({count_, product.vector_stride()});
    if (!s.kept.defined()) unkept_ = Tensor::empty({kept_of(r.cell), r.N});
    zero_ = Tensor({r.N});
    const int64_t planes = planes_of(r.cell);
    for (int i = 0; i < count_; ++i) {
      const float* state = r.state ? r.state + (begin + i) * planes * r.N : nullptr;
      h_[i] = state ? state : zero_.data();
      c_[i] = state ? state + (planes - 1) * r.N : zero_.data();
    }
  }

  void step(int64_t t) {
    product_.apply(count_, h_, p_.data());
    for (int i = 0; i < count_; ++i) {
      const int64_t row = (begin_ + i) * r_.T + t;
      CellOutput out{s_.h.data() + row * r_.N, s_.c.defined() ? s_.c.data() + row * r_.N : nullptr,
                     unkept_.defined() ? unkept_.data() : s_.kept.data() + row * r_.N,
                     unkept_.defined() ? r_.N : r_.plane()};
      cell_values(r_.cell, r_.N,
                  {r_.u + row * r_.G * r_.N, p_.data() + i * product_.vector_stride(), h_[i], c_[i],
                   r_.N, product_.stride()},
                  out, {r_.peepholes, r_.N});
      h_[i] = out.value;
      c_[i] = out.c;
    }
  }

  void leave_state() const {
    const int64_t planes = planes_of(r_.cell);
    for (int i = 0; i < count_; ++i) {
      float* state = r_.state + (begin_ + i) * planes * r_.N;
      std::copy_n(h_[i], r_.N, state);
      if (planes > 1) std::copy_n(c_[i], r_.N, state + r_.N);
    }
  }

 private:
  const Recurrence& r_;
  const BlockProduct& product_;
  const Solution& s_;
  int64_t begin_;
  int count_;
  Tensor p_, unkept_, zero_;
  const float *h_[BlockProduct::kGroup], *c_[BlockProduct::kGroup];
};

}  // namespace

int64_t group_of(int64_t sequences) {
  if (LaneScope::inside()) return BlockProduct::kGroup;
  return std::clamp<int64_t>(sequences / 2, 1, BlockProduct::kGroup);
}

Solution solve_sequential(const Recurrence& r, bool keep) {
  Solution s;
  s.h = Tensor::empty({r.B, r.T, r.N});
  s.value = s.h;
  s.applied = r.B * r.T;
  if (has_memory(r.cell)) s.c = Tensor::empty({r.B, r.T, r.N});
  if (keep && kept_of(r.cell)) s.kept = Tensor::empty({kept_of(r.cell), r.B, r.T, r.N});
  const BlockProduct product(r, false);
  parallel_for(r.B, group_of(r.B), [&](int64_t begin, int64_t end) {
    Group group(r, product, s, begin, end);
    for (int64_t t = 0; t < r.T; ++t) group.step(t);
    if (r.state) group.leave_state();
  });
  return s;
}

}  // namespace longhaul
