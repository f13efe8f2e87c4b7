#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/throughput/throughput_record.h"

namespace longhaul {

// How a cost y grows with length L: y ~ L^exponent.
struct Exponent {
  double value = 0;
  std::optional<double> error;  // standard error of the fit; a line through two points has none
};

std::string to_string(const Exponent& exponent);  // "1.02 ±0.01"

// Least squares of log y over log L. Nothing for fewer than two lengths or a y that is not
// positive.
std::optional<Exponent> fit_exponent(const std::vector<double>& lengths,
                                     const std::vector<double>& values);

// How a row's model grows in the row's phase, fitted over the upper half of its lengths, rounded up
// and at least two: short lengths show the price of calls rather than that of length.
struct Scaling {
  std::optional<Exponent> time;    // of one sequence; in decode of one position
  std::optional<Exponent> memory;  // of peak activation bytes
  std::optional<Exponent> flops;   // as time, counted
  std::optional<Exponent> state;   // of state bytes, in decode
};

// Over the ok rows of the same model, phase, series and threads as `row`.
Scaling scaling_of(const ThroughputRow& row, const std::vector<ThroughputRow>& rows);

// What does not look as it should, a sentence each; empty if nothing does:
//   a time exponent that is not that of the counted FLOPs within 0.1 (0.2 where those grow faster
//   than the length); training memory that is not linear; decode time that is not flat though the
//   state is of one size, or flat though the state grows; a step that twice the batch does not
//   double; repetitions that lie far apart; threads that have no sequence to work on.
std::vector<std::string> sanity_notes(const std::vector<ThroughputRow>& rows);

}  // namespace longhaul
