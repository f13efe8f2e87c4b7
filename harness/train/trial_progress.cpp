#include "harness/train/trial_progress.h"

#include <csignal>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/results/machine.h"
#include "math/ranks.h"
#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"

namespace longhaul {
namespace {

constexpr std::chrono::milliseconds kWriteEvery{500};

// A thread that is started while this lives leaves the process's signals to the other threads.
class SignalsElsewhere {
 public:
  SignalsElsewhere() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsElsewhere() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsElsewhere(const SignalsElsewhere&) = delete;
  SignalsElsewhere& operator=(const SignalsElsewhere&) = delete;

 private:
  sigset_t before_;
};

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

template <>
inline constexpr auto json_fields<Progress> =
    std::tuple{field("step", &Progress::step),
               field("fraction", &Progress::fraction),
               field("loss", &Progress::loss),
               field("accuracy", &Progress::accuracy),
               field("tokens_per_second", &Progress::tokens_per_second),
               field<Key::newer>("metric", &Progress::metric),
               field<Key::newer>("began", &Progress::began),
               field<Key::newer>("seconds", &Progress::seconds),
               field<Key::newer>("running", &Progress::running),
               field<Key::newer>("host", &Progress::host),
               field<Key::newer>("time", &Progress::time),
               field<Key::newer>("resident_bytes", &Progress::resident_bytes)};

nlohmann::json to_json(const Progress& progress) { return json_of(progress); }

Progress progress_from_json(const nlohmann::json& json) { return from_json<Progress>(json); }

ProgressFile::ProgressFile(std::filesystem::path path)
    : path_(std::move(path)), is_ours_(Ranks::all().is_first()) {
  if (!is_ours_) return;
  write(progress_);
  const SignalsElsewhere here;
  try {
    writer_ = std::thread([this] { keep_writing(); });
  } catch (const std::system_error&) {  // a limit of memory leaves no room for its stack
  }
}

ProgressFile::~ProgressFile() {
  if (!is_ours_) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_one();
  if (writer_.joinable()) writer_.join();
  progress_.running = false;
  write(progress_);
}

void ProgressFile::note(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

void ProgressFile::keep_writing() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kWriteEvery, [this] { return ends_; })) {
    const Progress now = progress_;
    lock.unlock();
    write(now);
    lock.lock();
  }
}

void ProgressFile::write(Progress progress) const {
  progress.seconds = watch_.seconds();
  progress.host = host_name();
  progress.time = seconds_since_1970();
  progress.resident_bytes = resident_bytes();
  try {
    write_atomically(path_, json_text(to_json(progress), -1), Durable::no);
  } catch (const std::system_error&) {
  }
}

}  // namespace longhaul
