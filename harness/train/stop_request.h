#pragma once

namespace longhaul {

// While it lives, SIGTERM, SIGHUP and SIGUSR1 (which clusters send ahead of a time limit) end this
// process with kStoredToResume: it is to be started again, and goes on. One in a process.
class StopRequests {
 public:
  StopRequests();
  ~StopRequests();
  StopRequests(const StopRequests&) = delete;
  StopRequests& operator=(const StopRequests&) = delete;
};

// Asks this process to stop, as those signals do.
void request_stop();

// While it lives, a request to stop waits until it is asked for, so that what has been reached can
// be stored before. One that nobody asked for ends the process as this ends.
class HeldStop {
 public:
  HeldStop();
  ~HeldStop();
  HeldStop(const HeldStop&) = delete;
  HeldStop& operator=(const HeldStop&) = delete;

  bool arrived();  // says so once
};

}  // namespace longhaul
