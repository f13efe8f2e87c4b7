#pragma once

#include <cstddef>
#include <vector>

namespace longhaul {

// How far real answers lie from their own mean: what R^2 is measured by. An answer has one number,
// or several, each with a mean of its own.
class AnswerSpread {
 public:
  explicit AnswerSpread(std::size_t outputs) : sums_(outputs), squares_(outputs) {}

  void add(const float* answer) {
    ++count_;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      sums_[i] += answer[i];
      squares_[i] += double{answer[i]} * answer[i];
    }
  }

  double mean(std::size_t output) const { return count_ > 0 ? sums_[output] / count_ : 0; }

  // The sum of (answer - mean)^2 over answers and their numbers; 0 if all are the same.
  double squares() const {
    double sum = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const double about_mean = squares_[i] - sums_[i] * mean(i);
      if (about_mean > 1e-12 * squares_[i]) sum += about_mean;
    }
    return sum;
  }

  // R^2 of guesses whose squared errors sum up to `missed`: 1 if there are none, 0 for the mean of
  // these answers, less for worse. 0 where all answers are the same.
  double explained(double missed) const { return squares() > 0 ? 1 - missed / squares() : 0; }

 private:
  double count_ = 0;
  std::vector<double> sums_, squares_;
};

}  // namespace longhaul
