#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "harness/run/attempt.h"

namespace longhaul {

// A trial that is to be attempted.
struct DueTrial {
  std::filesystem::path dir;
  std::string pretraining;  // the trial that it starts from, "" for none
};

// A trial whose worker has ended.
struct EndedTrial {
  std::filesystem::path dir;
  Attempt attempt;
};

// Where the workers of trials run: one attempt of a trial is one submission. A trial is named by
// its folder, in which spec.json stands. The scheduler decides what runs, and what runs again.
// submit() and poll() throw std::runtime_error for a fault that would meet every other trial too.
class Executor {
 public:
  static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

  virtual ~Executor() = default;

  virtual int64_t slots() const = 0;  // how many it takes at once
  // Bytes that the trials of all slots share; nothing where that is no question.
  virtual std::optional<double> memory() const { return std::nullopt; }
  // Whether it can be given a trial that needs the end of this one, its pretraining, and hold it
  // back until then.
  virtual bool can_follow(const std::filesystem::path& pretraining) const {
    return pretraining.empty();
  }
  virtual void submit(const std::vector<DueTrial>& trials) = 0;
  virtual std::vector<EndedTrial> poll() = 0;  // since the last call; does not wait for any
  virtual bool runs(
      const std::filesystem::path& trial) const = 0;  // and does not wait for its turn
  virtual bool busy() const = 0;                      // with any that has not ended

  // Ends all that was submitted, without a record: poll() tells when. A second call is less
  // patient.
  virtual void cancel() = 0;
  // What Ctrl-C asks for.
  virtual void interrupt() { cancel(); }
  // Lets go of what can run on without this process.
  virtual void leave() { cancel(); }
  virtual int64_t left() const { return 0; }          // how many do
  virtual std::string trouble() const { return ""; }  // that passes, for the line of progress
};

}  // namespace longhaul
