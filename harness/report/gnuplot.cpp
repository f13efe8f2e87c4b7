#include "harness/report/gnuplot.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace longhaul {
namespace {

void check(int fault, const char* what) {
  if (fault != 0) throw std::system_error(fault, std::generic_category(), what);
}

// A file without a name, gone with its last user. Unlike a pipe it is never full, so that neither
// side can wait for the other.
class Scratch {
 public:
  Scratch() : file_(std::tmpfile()) { check(file_ ? 0 : errno, "temporary file"); }
  ~Scratch() { std::fclose(file_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  int descriptor() const { return fileno(file_); }
  void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), file_);
    check(std::fflush(file_) == 0 ? 0 : errno, "temporary file");
    std::rewind(file_);
  }
  std::string read() {
    std::rewind(file_);
    std::string text;
    std::array<char, 1 << 16> buffer;
    for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), file_)) > 0;)
      text.append(buffer.data(), n);
    return text;
  }

 private:
  std::FILE* file_;
};

}  // namespace

std::string run_gnuplot(const std::string& script) {
  Scratch input, output, complaint;
  input.write(script);

  posix_spawn_file_actions_t actions;
  check(posix_spawn_file_actions_init(&actions), "gnuplot");
  posix_spawn_file_actions_adddup2(&actions, input.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, complaint.descriptor(), STDERR_FILENO);
  char name[] = "gnuplot", no_start_files[] = "-d";
  char* const arguments[] = {name, no_start_files, nullptr};
  pid_t child = 0;
  const int fault = posix_spawnp(&child, name, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  check(fault, "gnuplot, which draws the pictures, cannot be started (apt install gnuplot-nox)");

  int status = 0;
  while (waitpid(child, &status, 0) < 0) check(errno == EINTR ? 0 : errno, "gnuplot");
  if (status != 0)
    throw std::system_error(std::make_error_code(std::errc::io_error),
                            "gnuplot: " + complaint.read());
  return output.read();
}

}  // namespace longhaul
