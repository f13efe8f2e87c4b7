#pragma once

#include <algorithm>
#include <cstdint>

#include "math/recurrence/cell.h"
#include "math/recurrence/linear.h"
#include "math/recurrence/product.h"
#include "math/recurrence/recurrence.h"

// One sweep of a parallel solver (parallel.cpp) over one sequence: the cell around the
// last iterate h', f_t = cell(h'_{t-1}, u_t), and then the linear recurrence
//
//   h_t = clip(f_t + M_t d_{t-1}),   d_t = h_t - h'_t
namespace longhaul {

// How M is held. applied: as slopes, one product with R a step. channels: the block of each
// channel, planes x planes. blocks: whole blocks of R, for a cell of one plane.
enum class Form { applied, channels, blocks };

// Where the Jacobian is taken that M is made of.
enum class Point { iterate, input, origin, none };  // (h', u_t), (0, u_t), (0, 0)

class Sweep {
 public:
  // `at`: where value (= f), c and what is kept of the last evaluated iterate are left.
  Sweep(const Recurrence& one, const RecurrenceSpec& spec, const BlockProduct& product,
        const CellOutput& at, int64_t value_plane);

  struct Seen {
    double residual, largest;  // max |f - h|, NaN if any is not finite; max |h|
  };
  // f and M around h, whose row -1 is the state before the sequence. c lies T + 1 rows behind h.
  Seen evaluate(const float* h);
  // The last evaluated f, and c, as an iterate.
  void put_values(float* h) const;
  // The next iterate; row -1 of `next` is read.
  void solve(const float* h, float* next);
  // v [planes, N] becomes M_T ... M_1 v, M as of the last evaluation.
  void carry(float* v) const;

 private:
  void run(const LinearSweep& s) const;
  void evaluate_rows(int64_t begin, int64_t end, const float* h);
  void evaluate_diagonal(int64_t begin, int64_t end, const float* h);
  void linearise_apart();  // at a point that no iterate moves
  void store_channels(int64_t begin, int64_t end);
  void store_blocks(int64_t begin, int64_t end);
  void store(int64_t begin, int64_t end);

  const float* matrices() const { return form_ == Form::applied ? slopes_.data() : M_.data(); }
  CellOutput at_row(int64_t t) const { return at_.from(t * N_); }
  const float* leak_at(int64_t t) const { return r_.leak ? r_.leak + t : nullptr; }
  const float* memory(const float* h) const { return planes_ > 1 ? h + (T_ + 1) * N_ : nullptr; }

  const Recurrence& r_;
  const RecurrenceSpec& spec_;
  const BlockProduct& product_;
  const CellOutput at_;
  const int64_t T_, N_, G_, planes_, value_plane_;
  const Point point_;
  const Form form_;
  Tensor u_;         // diagonal with gates: u as planes [G, T, N]
  Tensor pattern_;   // channels: the diagonal of R repeated, [G, span * N]
  Tensor repeated_;  // cifg: the peepholes repeated, [2, span * N]
  Peepholes peepholes_;
  Tensor slopes_;  // [slopes_of, T, N]
  Tensor M_;       // channels [planes, planes, T, N]; blocks [T, N, block]
  Tensor target_;  // damped: what takes the place of f, [planes, T, N]
};

}  // namespace longhaul
