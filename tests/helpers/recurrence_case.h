#pragma once

#include <algorithm>
#include <cmath>
#include <ostream>

#include "longhaul/ops.h"

// Small recurrences that several tests solve.
namespace longhaul {

constexpr Cell kAllCells[] = {Cell::tanh, Cell::gru, Cell::lstm, Cell::cifg};
constexpr Solver kSweepingSolvers[] = {Solver::newton,  Solver::quasi_newton, Solver::first_order,
                                       Solver::fixed_a, Solver::picard,       Solver::jacobi,
                                       Solver::elk,     Solver::clip_elk};

inline const char* name_of(Cell cell) {
  constexpr const char* kNames[] = {"tanh", "gru", "lstm", "cifg", "leaky"};
  return kNames[static_cast<int>(cell)];
}

inline const char* name_of(Solver solver) {
  constexpr const char* kNames[] = {"sequential", "newton",   "quasi_newton", "first_order",
                                    "fixed_a",    "picard",   "jacobi",       "elk",
                                    "clip_elk",   "automatic"};
  return kNames[static_cast<int>(solver)];
}

struct RecurrenceCase {
  Cell cell;
  int64_t B, T, N, block;
  int64_t gates() const { return cell == Cell::tanh ? 1 : cell == Cell::lstm ? 4 : 3; }
};

inline std::ostream& operator<<(std::ostream& out, const RecurrenceCase& c) {
  return out << name_of(c.cell) << " B " << c.B << " T " << c.T << " N " << c.N << " block "
             << c.block;
}

inline Tensor normal_tensor(const Shape& shape, uint64_t seed, double deviation) {
  Tensor x(shape);
  Rng rng(seed, "test");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * rng.normal());
  return x;
}

inline Tensor inputs(const RecurrenceCase& c) {
  return normal_tensor({c.B, c.T, c.gates() * c.N}, 1, 0.5);
}

// Entries of deviation rho / sqrt(block): the spectral radius of a wide block is about rho.
inline Tensor recurrent(const RecurrenceCase& c, double rho) {
  const int64_t blocks = c.block ? c.N / c.block : 0;
  return normal_tensor({c.gates(), blocks, c.block, c.block}, 2,
                       rho / std::sqrt(std::max<double>(1, static_cast<double>(c.block))));
}

inline RecurrenceSpec with(Cell cell, Solver solver) {
  RecurrenceSpec spec;
  spec.cell = cell;
  spec.solver = solver;
  return spec;
}

inline Tensor after_sweeps(const Tensor& u, const Tensor& R, RecurrenceSpec spec, int sweeps) {
  spec.sweeps = sweeps;
  return nonlinear_recurrence(u, R, spec);
}

}  // namespace longhaul
