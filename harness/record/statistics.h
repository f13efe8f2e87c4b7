#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace longhaul {

// Student's t distribution with `degrees` > 0 degrees of freedom: P(T <= t), and its inverse for
// 0 < p < 1.
double student_t_cdf(double t, double degrees);
double student_t_quantile(double p, double degrees);

// What a few seeds say about a model. Spread and interval need two values.
struct Statistics {
  int64_t n = 0;
  double mean = 0, min = 0, max = 0;
  std::optional<double> std;         // sample deviation (n - 1)
  std::optional<double> half_width;  // of the 95% interval of the mean, by Student's t
};

Statistics describe(const std::vector<double>& values);  // all zero if there are none

double median(std::vector<double> values);  // not of nothing
// The value below which the share p of the values lies, linear between two of them; not of nothing.
double quantile(std::vector<double> values, double p);

// Two-sided p value of the paired t-test that a and b, of equal length, have the same mean; nothing
// for fewer than two pairs.
std::optional<double> paired_t_test(const std::vector<double>& a, const std::vector<double>& b);

// Holm's step-down correction: p values adjusted for how many of them there are, in the given
// order.
std::vector<double> holm(const std::vector<double>& p_values);

// Whether scores show no more than a baseline does: their mean does not lie above it by the 95%
// interval over seeds, or not by what chance does to a baseline on `examples` test examples (the
// 95% half-width of a binomial share). Seeds share the test examples, so a model that always
// answers the same has no spread between seeds and may still be lucky; and a single seed has no
// interval at all.
bool is_at_baseline(const Statistics& scores, double baseline, int64_t examples);

}  // namespace longhaul
