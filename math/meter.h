#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace longhaul {

// What one thread's forward and backward passes report while this object lives: operations counted by
// the operators that ran (ops.h count_flops) and numbers that mixers note (mixer.h note).
class Meter {
 public:
  Meter();
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  static Meter* active();

  struct Mean {
    double sum = 0;
    int64_t count = 0;
    double value() const { return count ? sum / static_cast<double>(count) : 0; }
  };

  int64_t flops = 0;
  std::map<std::string, Mean, std::less<>> notes;

 private:
  Meter* outer_;
};

}  // namespace longhaul
