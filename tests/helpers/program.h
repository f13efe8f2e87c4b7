#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "longhaul/error.h"
#include "test_paths.h"

namespace longhaul {

struct Outcome {
  int status;
  std::string out;
};

// Runs the program with `arguments`, a shell line, in the source tree; stderr is dropped unless the
// line says otherwise. `variable`: "NAME=VALUE" for its environment.
inline Outcome longhaul_run(const std::string& arguments, const std::string& variable = "") {
  const std::string line = "cd '" LONGHAUL_SOURCE_DIR "' && exec 2>/dev/null; " + variable +
                           " '" LONGHAUL_PROGRAM "' " + arguments;
  FILE* pipe = popen(line.c_str(), "r");
  require(pipe != nullptr, "popen failed");
  Outcome outcome;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    outcome.out.append(buffer.data(), n);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

// What the program prints on stderr, alone.
inline Outcome complaint(const std::string& arguments, const std::string& variable = "") {
  return longhaul_run(arguments + " 2>&1 >/dev/null", variable);
}

inline bool has(const std::string& where, const std::string& what) {
  return where.find(what) != std::string::npos;
}

}  // namespace longhaul
