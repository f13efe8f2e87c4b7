#include "support/say.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>

namespace longhaul {
namespace {

constexpr int kPatience = 1000;              // milliseconds
constexpr std::size_t kPipePart = PIPE_BUF;  // a pipe that has any room takes so much at once

std::atomic<bool> is_read = true;  // whether standard error had room when it was last tried

std::string shell_word(const std::string& word) {
  static const char* const plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

}  // namespace

std::size_t write_what_fits(int descriptor, std::string_view text, int patience) {
  std::size_t written = 0;
  while (written < text.size()) {
    pollfd room{descriptor, POLLOUT, 0};
    const int ready = poll(&room, 1, patience);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) break;
    const std::size_t part = std::min(text.size() - written, kPipePart);
    const ssize_t count = write(descriptor, text.data() + written, part);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return text.size();  // it takes no more
    written += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  return written;
}

void say_text(std::string_view text) {
  const int patience = is_read ? kPatience : 0;
  is_read = write_what_fits(STDERR_FILENO, text, patience) == text.size();
}

std::string shell_command(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) {
    if (!command.empty()) command += ' ';
    command += shell_word(word);
  }
  return command;
}

}  // namespace longhaul
