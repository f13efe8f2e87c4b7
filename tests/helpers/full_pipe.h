#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "longhaul/error.h"

namespace longhaul {

// A pipe that is full and that nobody reads.
class FullPipe {
 public:
  FullPipe() {
    require(pipe2(ends_, O_CLOEXEC) == 0, "pipe failed");
    fcntl(end(), F_SETFL, O_NONBLOCK);
    while (write(end(), "x", 1) > 0) continue;
    fcntl(end(), F_SETFL, 0);
  }
  ~FullPipe() {
    for (const int each : ends_) close(each);
  }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;

  int end() const { return ends_[1]; }

  // Takes everything out, so that there is room again.
  std::string drain() {
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::string all;
    char part[4096];
    for (ssize_t count; (count = read(ends_[0], part, sizeof(part))) > 0;)
      all.append(part, static_cast<std::size_t>(count));
    return all;
  }

 private:
  int ends_[2];
};

}  // namespace longhaul
