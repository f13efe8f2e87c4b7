#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "math/profile.h"

namespace longhaul {

// What forward and backward passes report: operations counted by the operators that ran (ops.h
// count_flops), the means of the numbers that mixers note (mixer.h note) and, where a profile is
// asked for, what each operator took.
struct Measurement {
  struct Mean {
    double sum = 0;
    int64_t count = 0;
    double value() const { return count ? sum / static_cast<double>(count) : 0; }
  };
  int64_t flops = 0;
  std::map<std::string, Mean, std::less<>> notes;
  std::optional<OperatorProfile> profile;

  void reset();  // to zero, keeping the names (and so the memory), and whether there is a profile
  void add(const Measurement& other);
};

// While it lives, this thread's passes report to `into`.
class Meter {
 public:
  explicit Meter(Measurement& into);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  Measurement* outer_;
  ProfileScope profile_;
};

}  // namespace longhaul
