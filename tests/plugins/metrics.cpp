// A plugin with metrics that are each odd in one way.
#include <cmath>
#include <stdexcept>

#include "longhaul/plugin.h"

namespace {
using namespace longhaul;
using Sums = std::vector<double>;

Sums rows(const Tensor& logits, const Batch&) { return {static_cast<double>(logits.dim(0))}; }

double first(const Sums& sums) { return sums.at(0); }

}  // namespace

LONGHAUL_PLUGIN(metrics) {
  const auto metric = [&](const char* name, auto sums, auto value, Better better = Better::lower,
                          bool is_of_numbers = false) {
    registry.metric({.name = name,
                     .about = "a test",
                     .source = "",
                     .sums = sums,
                     .value = value,
                     .better = better,
                     .is_of_numbers = is_of_numbers});
  };
  metric("scored", rows, first, Better::neither);
  // Order of the sums shows in the last bits of this one.
  metric(
      "mean_logit",
      [](const Tensor& logits, const Batch&) {
        double sum = 0;
        for (int64_t i = 0; i < logits.size(); ++i) sum += double{logits.data()[i]} / 3;
        return Sums{sum};
      },
      first);
  metric("nowhere", rows, [](const Sums&) { return std::nan(""); });
  metric(
      "throws", [](const Tensor&, const Batch&) -> Sums { throw std::logic_error("no such row"); },
      first);
  metric("throws_later", rows, [](const Sums&) -> double { throw std::logic_error("no sums"); });
  metric(
      "uneven",
      [](const Tensor&, const Batch& answers) {
        return Sums(static_cast<std::size_t>(answers.length));
      },
      first);
  metric(
      "absolute_errors",
      [](const Tensor& outputs, const Batch& answers) {
        double sum = 0;
        for (int64_t i = 0; i < outputs.size(); ++i)
          sum += std::abs(outputs.data()[i] - answers.numbers[static_cast<std::size_t>(i)]);
        return Sums{sum};
      },
      first, Better::lower, true);
  metric("steps", rows, first);
}
