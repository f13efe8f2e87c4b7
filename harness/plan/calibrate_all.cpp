#include "harness/plan/calibrate_all.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>

#include "harness/run/attempt.h"
#include "support/clock.h"
#include "support/exit_status.h"
#include "support/json.h"
#include "support/process.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery{100};

// A folder that goes with its last file.
class Scratch {
 public:
  Scratch() : path(fs::temp_directory_path() / fmt::format("longhaul-plan-{}", getpid())) {
    fs::create_directories(path);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const fs::path path;
};

// A child process that calibrates.
class Child {
 public:
  Child(const TrialSpec& spec, const CalibrationOptions& options, const fs::path& dir)
      : dir_(cleared(dir, spec)),
        process_({options.worker.string(), "trial", (dir / "spec.json").string(), "--out",
                  dir.string(), "--threads", std::to_string(options.threads), "--calibrate"},
                 dir / "log.txt") {}

  // What it found; nothing while it runs. Throws MachineFault if it met one.
  std::optional<Calibration> poll() {
    const std::optional<ProcessEnd> end = process_.poll();
    if (!end) return std::nullopt;
    if (!end->machine_fault.empty()) throw MachineFault(end->machine_fault);
    if (fs::exists(dir_ / "calibration.json")) {
      Calibration found = read_json_file(dir_ / "calibration.json", calibration_from_json);
      found.start_seconds += std::max(watch_.seconds() - found.total_seconds, 0.0);
      return found;
    }
    Calibration crashed;
    const std::string last = last_line(dir_ / "log.txt", 0);
    crashed.message = to_string(*end) + (last.empty() ? "" : ": " + last);
    return crashed;
  }

 private:
  static const fs::path& cleared(const fs::path& dir, const TrialSpec& spec) {
    fs::remove_all(dir);
    fs::create_directories(dir);
    write_atomically(dir / "spec.json", json_text(to_json(spec)), Durable::no);
    return dir;
  }

  const fs::path dir_;
  const Stopwatch watch_;
  ChildProcess process_;
};

// What is to be calibrated, dealt to as many slots as trials will run at once.
class Calibrations {
 public:
  // `found` has a place for each of `specs`; those of `missing` are filled.
  Calibrations(const std::vector<TrialSpec>& specs, const CalibrationOptions& options,
               const CalibrationCache& cache, const std::vector<std::size_t>& missing,
               std::vector<Calibration>& found)
      : specs_(specs), options_(options), cache_(cache), missing_(missing), found_(found) {
    for (int64_t i = 0; i < options.at_once; ++i)
      slots_.push_back({scratch_.path / std::to_string(i), missing.front()});
  }

  void run(const CalibrationProgress& report) {
    const HeldSignals signals;
    while (true) {
      for (Slot& slot : slots_) attend(slot);
      report(static_cast<int64_t>(done_), static_cast<int64_t>(missing_.size()));
      if (done_ == missing_.size()) return;
      if (signals.arrived(kLookEvery)) throw Interrupted("interrupted; what is calibrated is kept");
    }
  }

 private:
  struct Slot {
    fs::path dir;
    std::size_t place;     // of what it calibrates, or had last
    bool is_load = false;  // it has calibrated that before
    bool is_idle = false;  // for good
    std::unique_ptr<Child> child = {};
  };

  void attend(Slot& slot) {
    if (slot.child) {
      const std::optional<Calibration> end = slot.child->poll();
      if (!end) return;
      slot.child.reset();
      slot.is_idle = slot.is_load && !end->ok();
      if (!slot.is_load) note(slot.place, *end);
    }
    // When nothing is left a slot repeats what it had last, to be the load beside the others.
    slot.is_load = next_ == missing_.size();
    if (slot.is_idle || done_ == missing_.size()) return;
    if (!slot.is_load) slot.place = missing_[next_++];
    slot.child = std::make_unique<Child>(specs_[slot.place], options_, slot.dir);
  }

  void note(std::size_t place, const Calibration& calibration) {
    cache_.keep(specs_[place], calibration);
    found_[place] = calibration;
    ++done_;
  }

  const std::vector<TrialSpec>& specs_;
  const CalibrationOptions& options_;
  const CalibrationCache& cache_;
  const std::vector<std::size_t>& missing_;
  std::vector<Calibration>& found_;
  std::size_t next_ = 0, done_ = 0;  // of `missing_`
  const Scratch scratch_;
  std::vector<Slot> slots_;  // their children end before the folder goes
};

}  // namespace

std::vector<Calibration> calibrate_all(const std::vector<TrialSpec>& specs,
                                       const CalibrationOptions& options,
                                       const CalibrationProgress& report) {
  const CalibrationCache cache(options.cache, options.threads, options.at_once);
  std::vector<Calibration> found(specs.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (const std::optional<Calibration> kept = cache.find(specs[i]))
      found[i] = *kept;
    else
      missing.push_back(i);
  if (!missing.empty()) Calibrations(specs, options, cache, missing, found).run(report);
  return found;
}

}  // namespace longhaul
