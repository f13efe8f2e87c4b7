#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace longhaul {

// How far real answers lie from their own mean: what R^2 is measured by. An answer has one number,
// or several, each with a mean of its own.
class AnswerSpread {
 public:
  explicit AnswerSpread(std::size_t outputs) : sums_(1 + 2 * outputs) {}
  // Of several added up.
  explicit AnswerSpread(std::vector<double> sums) : sums_(std::move(sums)) {}

  void add(const float* answer) {
    ++sums_[0];
    for (std::size_t i = 0; i < outputs(); ++i) {
      sums_[1 + i] += answer[i];
      sums_[1 + outputs() + i] += double{answer[i]} * answer[i];
    }
  }

  // Answers, then the sum and the sum of squares of each number.
  const std::vector<double>& sums() const { return sums_; }

  double mean(std::size_t output) const { return sums_[0] > 0 ? sums_[1 + output] / sums_[0] : 0; }

  // The sum of (answer - mean)^2 over answers and their numbers; 0 if all are the same.
  double squares() const {
    double sum = 0;
    for (std::size_t i = 0; i < outputs(); ++i) {
      const double square = sums_[1 + outputs() + i];
      const double about_mean = square - sums_[1 + i] * mean(i);
      if (about_mean > 1e-12 * square) sum += about_mean;
    }
    return sum;
  }

  // R^2 of guesses whose squared errors sum up to `missed`: 1 if there are none, 0 for the mean of
  // these answers, less for worse. 0 where all answers are the same.
  double explained(double missed) const { return squares() > 0 ? 1 - missed / squares() : 0; }

 private:
  std::size_t outputs() const { return (sums_.size() - 1) / 2; }

  std::vector<double> sums_;
};

}  // namespace longhaul
