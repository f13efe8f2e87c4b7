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

// Asks what trains in this process, now or later, to stop as at those signals; and takes that back
// where it has ended meanwhile.
void request_stop();
void withdraw_stop();

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
