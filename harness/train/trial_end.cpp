#include "harness/train/trial_end.h"

#include <exception>
#include <new>

#include "harness/train/trainer.h"
#include "support/exit_status.h"
#include "support/process.h"

namespace longhaul {

TrialEnd do_trial(const std::function<void()>& work) {
  try {
    work();
    return {};
  } catch (const Diverged& e) {
    return {Status::diverged, e.what()};
  } catch (const Unsupported& e) {
    return {Status::unsupported, e.what()};
  } catch (const std::bad_alloc&) {
    const std::string limit = memory_limit();
    return {Status::out_of_memory, "out of memory" + (limit.empty() ? "" : ", under " + limit)};
  } catch (const MachineFault&) {  // no result of the trial
    throw;
  } catch (const StoredToResume&) {  // nor is this one yet
    throw;
  } catch (const std::exception& e) {  // a plugin may throw what it likes
    return {Status::failed, e.what()};
  }
}

}  // namespace longhaul
