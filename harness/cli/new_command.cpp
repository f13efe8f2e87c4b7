#include <fmt/core.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <set>
#include <system_error>

#include "harness/cli/command.h"
#include "harness/cli/templates.h"
#include "harness/results/machine.h"
#include "longhaul/error.h"
#include "longhaul/registry.h"
#include "support/file.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string kind, name, folder;
};

// The registry's own rules for a new name, and CMake's.
void check_name(const Arguments& arguments, Registry registry) {
  registry.set_origin("longhaul new");
  if (arguments.kind == "model")
    registry.add(ModelInfo{.name = arguments.name, .about = "", .source = ""});
  else
    registry.add(TaskInfo{.name = arguments.name, .about = "", .source = ""});
  static const std::set<std::string> reserved = {"all",     "clean",   "help",
                                                 "install", "package", "test"};
  require(!reserved.count(arguments.name), "new: '", arguments.name,
          "' is a name that CMake keeps for itself; choose another");
}

std::string camel_case(const std::string& name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') result += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = c == '_';
  }
  return result;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string filled_in(const std::string& name_of_template, const std::string& name) {
  const std::string version = longhaul_version();
  std::string text = templates().at(name_of_template);
  replace_all(text, "{{name}}", name);
  replace_all(text, "{{Name}}", camel_case(name));
  replace_all(text, "{{version}}", version.substr(0, version.rfind('.')));
  return text;
}

// Writes the whole folder aside and moves it to its place: it is there in full or not at all.
void write_folder(const fs::path& folder, const std::map<std::string, std::string>& files) {
  require(!fs::exists(folder), "new: ", folder.string(), " exists already; give another folder");
  const fs::path aside = folder.string() + text(".part", getpid());
  try {
    make_folder(aside);
    for (const auto& [name, content] : files) write_atomically(aside / name, content);
    fs::rename(aside, folder);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(aside, ignored);
    throw;
  }
}

void run(const Arguments& arguments, CommandContext& context) {
  const std::string &kind = arguments.kind, &name = arguments.name;
  require(kind == "model" || kind == "task", "new: found '", kind, "', allowed: model | task");
  check_name(arguments, context.registry);
  fs::path folder = fs::path(arguments.folder.empty() ? name : arguments.folder).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();  // it ended in '/'
  const std::map<std::string, std::string> files = {
      {"CMakeLists.txt", filled_in("CMakeLists.txt", name)},
      {"README.md", filled_in(kind + "_README.md", name)},
      {name + ".cpp", filled_in(kind + ".cpp", name)},
      {name + ".yaml", filled_in(kind + "_suite.yaml", name)}};
  write_folder(folder, files);
  for (const auto& [file, content] : files) fmt::print("{}\n", (folder / file).string());
}

}  // namespace

void add_new_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "new", "Writes a folder with a model or task of your own: source, build, suite, README");
  command.add("KIND", arguments->kind, "model | task").required();
  command.add("NAME", arguments->name, "Lower-case letters, digits and '_'").required();
  command.add("DIR", arguments->folder, "The folder, which must not exist yet [NAME]");
  command.footer("Example: longhaul new model my_model");
  command.run([arguments, &context] { run(*arguments, context); });
}

}  // namespace longhaul
