#pragma once

namespace longhaul {

// How the program leaves, beside 0 for done. Listed in docs/commands.md and in --help.
constexpr int kSomeFailed = 1;        // trials, or promises that check looks at
constexpr int kBadArguments = 2;      // or a bad config
constexpr int kEnvironmentFault = 3;  // disk full, out of memory
constexpr int kInternalError = 70;    // a bug of ours or of a plugin
constexpr int kInterrupted = 130;     // by Ctrl-C or SIGTERM

}  // namespace longhaul
