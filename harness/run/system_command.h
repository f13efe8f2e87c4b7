#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/process.h"

namespace longhaul {

struct CommandOutput {
  ProcessEnd end;
  std::string out, errors;

  bool ok() const { return end.signal == 0 && end.exit_status == 0; }
};

// A program of the system that runs beside this one, found in PATH, with empty standard input; no
// shell reads its arguments. Ctrl-C on the terminal does not reach it.
class SystemCommand {
 public:
  // Throws std::system_error naming a program that cannot be started.
  explicit SystemCommand(const std::vector<std::string>& words);
  ~SystemCommand();  // kills it if it still runs
  SystemCommand(const SystemCommand&) = delete;
  SystemCommand& operator=(const SystemCommand&) = delete;

  std::optional<CommandOutput> poll();  // nothing while it runs; does not wait
  CommandOutput wait();

 private:
  CommandOutput finish();

  pid_t child_ = -1;
  int out_, errors_;  // files without a name
};

CommandOutput run_command(const std::vector<std::string>& words);

}  // namespace longhaul
