#pragma once

#include <functional>
#include <string>

namespace longhaul {

// How a piece of work that may do anything ended in a child process.
struct ProbeEnd {
  // "killed by SIGSEGV", "exit status 0", "throws: no such device"; "" if the work came to its end.
  std::string crash;
  bool hangs = false;  // it was still at work after `seconds`
};

// Does the work in a forked child first, so that code of a plugin which crashes, ends the program
// or never ends costs that child alone. Standard output and error of the child are closed. An
// Error counts as an end: the caller meets it again; any other exception as a crash. Throws
// std::system_error if no process can be started.
ProbeEnd try_in_child(const std::function<void()>& work, double seconds);

}  // namespace longhaul
