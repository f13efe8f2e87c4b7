#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/cli/command_tree.h"

// CLI11's templates cost seconds wherever they are included: command.cpp alone does so.
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace longhaul {

class Registry;

// What every command shares: the names it may use, and the exit status it leaves
// (0 done, 1 some trials failed, 2 bad arguments or config, 3 environment fault).
struct CommandContext {
  Registry& registry;
  int exit_status = 0;
};

// A positional argument or an option of a command. Rules may be chained.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}

  Argument& required();
  Argument& show_default();  // --help prints the variable's value
  Argument& range(int lowest, int highest);
  Argument& positive();
  Argument& not_negative();
  Argument& one_of(const std::vector<std::string>& words);
  Argument& existing_file();
  // Of a list: --set A=1 --set B=2, but not --set A=1 B=2. Help shows "--set TEXT ...".
  Argument& one_value_each();
  Argument& may_be_repeated();  // the same, and help shows "--set TEXT"
  Argument& by_commas();        // of a list: --models lru,gla; it may be repeated too

 private:
  CLI::Option* option_;
};

class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  // An argument that is written to `value`, which must outlive the command and holds the default.
  // Names are as --help shows them: "NAME" stands at its place, "-o,--out" anywhere.
  Argument add(const std::string& names, std::string& value, const std::string& help);
  Argument add(const std::string& names, std::vector<std::string>& value, const std::string& help);
  Argument add(const std::string& names, int& value, const std::string& help);
  Argument add(const std::string& names, int64_t& value, const std::string& help);
  Argument add(const std::string& names, uint64_t& value, const std::string& help);
  Argument add(const std::string& names, double& value, const std::string& help);
  // A list whose values go to a function, before the command runs.
  Argument add(const std::string& names,
               const std::function<void(const std::vector<std::string>&)>& take,
               const std::string& help);
  void flag(const std::string& names, bool& value, const std::string& help);
  void footer(const std::string& text);  // an example, below the options
  void run(std::function<void()> work);

 private:
  CLI::App* app_;
};

// The program and its commands. A command is one file, NAME_command.cpp, whose add_NAME_command()
// adds it with its arguments and its work; main.cpp has the list of them. Errors are thrown as
// longhaul::Error and printed once by main.
class Program {
 public:
  Program(const std::string& about, const std::string& version, const std::string& footer);
  ~Program();

  Command add(const std::string& name, const std::string& about);
  ProgramInfo info() const;  // its commands, in the order in which they were added
  // Runs the command that the arguments name, or prints help or the version. Throws Error where
  // they name none, with the nearest valid command or option.
  void run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace longhaul
