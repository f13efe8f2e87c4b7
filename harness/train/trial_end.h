#pragma once

#include <functional>
#include <string>

#include "harness/results/record.h"

namespace longhaul {

// How the work of a trial ended.
struct TrialEnd {
  Status status = Status::ok;
  std::string message;  // why it is not ok
};

// Does it. A loss that is not finite ends it as `diverged`; a model that declines the task as
// `unsupported`; any other exception as `failed`. Lets MachineFault and StoredToResume
// through.
TrialEnd do_trial(const std::function<void()>& work);

}  // namespace longhaul
