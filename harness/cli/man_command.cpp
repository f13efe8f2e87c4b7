#include <iostream>

#include "harness/cli/command.h"
#include "harness/cli/completions.h"
#include "harness/results/machine.h"

namespace longhaul {

void add_man_command(Program& program, CommandContext&) {
  Command command = program.add("man", "The manual page of all commands, for man");
  command.footer("Example: longhaul man | man -l -");
  command.run([&program] { std::cout << manual_page(program.info(), longhaul_version()); });
}

}  // namespace longhaul
