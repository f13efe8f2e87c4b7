#pragma once

#include "longhaul/error.h"

namespace longhaul {

// How the program leaves, beside 0 for done. Listed in docs/commands.md and in --help.
constexpr int kSomeFailed = 1;        // trials, or promises that check looks at
constexpr int kBadArguments = 2;      // or a bad config
constexpr int kEnvironmentFault = 3;  // disk full, out of memory
constexpr int kInternalError = 70;    // a bug of ours or of a plugin
constexpr int kStoredToResume = 75;   // of a trial that was asked to end: started again, it goes on
constexpr int kInterrupted = 130;     // by Ctrl-C, SIGTERM or SIGHUP

// What the machine did to a trial, not what the trial found: a disk is full, a file is away or
// damaged. Such a trial leaves no record, so that it runs again once that is mended. A plugin
// cannot throw it, and what it throws instead is its own fault.
class MachineFault : public Error {
 public:
  using Error::Error;
};

}  // namespace longhaul
