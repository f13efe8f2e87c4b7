#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/completions.h"

namespace longhaul {

void add_completion_command(Program& program, CommandContext&) {
  const auto shell = std::make_shared<std::string>();
  Command command = program.add("completion", "A file that completes longhaul's words in a shell");
  command.add("SHELL", *shell, "The shell").required().one_of({"bash", "zsh", "fish"});
  command.footer(
      "An installation has these files in its share/. For the shell at hand alone:\n"
      "Example: source <(longhaul completion bash)");
  command.run([&program, shell] { std::cout << completions(program.info(), *shell); });
}

}  // namespace longhaul
