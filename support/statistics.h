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
  std::optional<double> std_dev;     // sample deviation (n - 1)
  std::optional<double> half_width;  // of the 95% interval of the mean, by Student's t
};

Statistics describe(const std::vector<double>& values);  // all zero if there are none

// The 95% interval of the mean by the percentile bootstrap (Efron 1979): of the means of 10000
// samples drawn with replacement, the same for the same values. Of a few values it is narrower than
// Student's t, which assumes more. Nothing for fewer than two values.
struct Interval {
  double low = 0, high = 0;
};
std::optional<Interval> bootstrap_interval(const std::vector<double>& values);

double median(std::vector<double> values);  // not of nothing
// The value below which the share p of the values lies, linear between two of them; not of nothing.
double quantile(std::vector<double> values, double p);

// Two-sided p value of the paired t-test that a and b, of equal length, have the same mean; nothing
// for fewer than two pairs.
std::optional<double> paired_t_test(const std::vector<double>& a, const std::vector<double>& b);

// Holm's step-down correction: p values adjusted for how many of them there are, in the given
// order.
std::vector<double> holm(const std::vector<double>& p_values);

// The rank of each score among all, 1 for the highest; equal ones share the mean of their ranks.
std::vector<double> ranks(const std::vector<double>& scores);

// Two-sided critical value of Nemenyi's test at 0.05 for k >= 2 models: two of them differ if their
// mean ranks over n tasks lie at least critical * sqrt(k (k + 1) / (6 n)) apart (Demsar 2006, JMLR
// 7, section 3.2.2). It is the 95% quantile of the range of k standard normals, over sqrt(2).
double nemenyi_critical_value(int64_t models);
double nemenyi_difference(int64_t models, int64_t tasks);

// P value of Friedman's test that all models rank alike, from their mean ranks over n >= 2 tasks,
// by the F distribution of Iman and Davenport (1980; Demsar 2006, section 3.2.2).
double friedman_p(const std::vector<double>& mean_ranks, int64_t tasks);

// Whether scores show no more than a baseline does: their mean does not lie above it by the 95%
// interval over seeds, or not by what chance does to a baseline on `examples` test examples (the
// 95% half-width of a binomial share). Seeds share the test examples, so a model that always
// answers the same has no spread between seeds and may still be lucky; and a single seed has no
// interval at all.
bool is_at_baseline(const Statistics& scores, double baseline, int64_t examples);

}  // namespace longhaul
