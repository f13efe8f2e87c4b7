// Does the sign of the largest Lyapunov exponent say whether a recurrence can be solved in
// parallel? (Gonzalez et al. 2025, arXiv:2508.16817.) Random cells h_t = tanh(u_t + R h_{t-1}),
// inputs normal with deviation 0.5, matrices normal with deviation rho / sqrt(width), rho rising
// evenly from cell to cell. Of each cell
//   exponent  of the loop's states (math/recurrence/lyapunov.h)
//   share     Newton's sweeps until converged over the number of steps; 1 where it gave up
#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/claims/measurement.h"
#include "longhaul/ops.h"
#include "longhaul/rng.h"
#include "math/recurrence/lyapunov.h"

namespace longhaul {
namespace {

struct LyapunovStudy {
  int64_t cells = 40, width = 16, length = 1024;
  double least_rho = 0.4, most_rho = 3, margin = 0.02, clip = 1e8;
};

struct StudiedCell {
  double exponent = 0, share = 0;
};

Tensor normal_numbers(const Shape& shape, Rng rng, double deviation) {
  Tensor x = Tensor::empty(shape);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * rng.normal());
  return x;
}

double exponent_of(const Tensor& u, const Tensor& R) {
  const Exponents exponents;
  nonlinear_recurrence(u, R, {.solver = Solver::sequential});
  return exponents.mean();
}

StudiedCell study(const LyapunovStudy& of, double rho, uint64_t seed, uint64_t cell) {
  const Tensor u =
      normal_numbers({1, of.length, of.width}, Rng(seed, "lyapunov inputs", cell), 0.5);
  const Tensor R = normal_numbers({1, 1, of.width, of.width}, Rng(seed, "lyapunov matrices", cell),
                                  rho / std::sqrt(static_cast<double>(of.width)));
  SolverReport report;
  nonlinear_recurrence(
      u, R,
      {.solver = Solver::newton, .max_iterations = static_cast<int>(of.length), .clip = of.clip},
      &report);
  const double sweeps = report.converged ? report.iterations : static_cast<double>(of.length);
  return {exponent_of(u, R), sweeps / static_cast<double>(of.length)};
}

std::map<std::string, double> study_all(const LyapunovStudy& of, uint64_t seed) {
  double predictable = 0, chaotic = 0, most = 0, least = 1;
  for (int64_t cell = 0; cell < of.cells; ++cell) {
    const double way = static_cast<double>(cell) / static_cast<double>(of.cells - 1);
    const StudiedCell found = study(of, of.least_rho + way * (of.most_rho - of.least_rho), seed,
                                    static_cast<uint64_t>(cell));
    if (found.exponent < -of.margin) {
      ++predictable;
      most = std::max(most, found.share);
    } else if (found.exponent > of.margin) {
      ++chaotic;
      least = std::min(least, found.share);
    }
  }
  return {{"predictable_cells", predictable},
          {"chaotic_cells", chaotic},
          {"most_share_predictable", most},
          {"least_share_chaotic", least}};
}

ClaimMeasurement make_lyapunov(Options& options) {
  LyapunovStudy of;
  of.cells = options.integer("cells", of.cells, "random cells of a seed", 2, 1000);
  of.width = options.integer("width", of.width, "width of the state", 1, 256);
  of.length = options.integer("length", of.length, "steps", 2, 1 << 16);
  of.least_rho = options.number("least_rho", of.least_rho, "spectral radius of the first", 0, 10);
  of.most_rho = options.number("most_rho", of.most_rho, "and of the last cell", 0, 10);
  of.margin =
      options.number("margin", of.margin, "cells nearer to an exponent of 0 do not count", 0, 1);
  of.clip = options.number("iterate_clip", of.clip, "bound of the iterates", 1e-3, 1e30);
  ClaimMeasurement measurement;
  measurement.values = {
      {"predictable_cells", "cells whose exponent is below -margin"},
      {"chaotic_cells", "cells whose exponent is above margin"},
      {"most_share_predictable", "largest sweeps over steps among the predictable"},
      {"least_share_chaotic", "least sweeps over steps among the chaotic"}};
  measurement.run = [of](uint64_t seed) { return study_all(of, seed); };
  return measurement;
}

}  // namespace

MeasurementInfo lyapunov_threshold() {
  return {"lyapunov_threshold", "sweeps of Newton's method against the largest Lyapunov exponent",
          make_lyapunov};
}

}  // namespace longhaul
