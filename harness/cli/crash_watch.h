#pragma once

#include <string>

namespace longhaul {

// Survives code that may end the process. Made, it lets the program go on in a child process; the
// process that made it waits, and leaves as the child does. But if the child ends, or is ended,
// while work is named that it has begun, the other says on standard output at which, and how, and
// leaves with status 1.
class CrashWatch {
 public:
  explicit CrashWatch(const std::string& title);  // what is watched, for the message
  ~CrashWatch() { begin(""); }
  CrashWatch(const CrashWatch&) = delete;
  CrashWatch& operator=(const CrashWatch&) = delete;

  void begin(const std::string& work) const;  // "": none from here on

 private:
  int descriptor_ = -1;
};

}  // namespace longhaul
