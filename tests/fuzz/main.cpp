// longhaul_fuzz list                           names of the targets
// longhaul_fuzz TARGET|all [COUNT [FIRST]]     inputs FIRST .. FIRST+COUNT-1; a million by default
// longhaul_fuzz TARGET --write FOLDER [FIRST]  its seeds, or input FIRST alone, as files
#include <fmt/core.h>

#include <algorithm>

#include "longhaul/error.h"
#include "support/clock.h"
#include "support/number_text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/helpers/sample_data.h"

namespace {
using namespace longhaul;

bool run_in_parts(const fuzz::Target& target, uint64_t count, uint64_t first) {
  constexpr uint64_t kPart = 50'000;
  const Stopwatch watch;
  int64_t accepted = 0, refused = 0;
  for (uint64_t done = 0; done < count; done += kPart) {
    // Said before the part runs: a crash leaves its whereabouts.
    fmt::print(stderr, "{}: from input {}\n", target.name, first + done);
    const fuzz::Outcome outcome = fuzz::run(target, first + done, std::min(kPart, count - done));
    if (!outcome.finding.empty()) {
      fmt::print("{}: input {} ends in: {}\n", target.name, outcome.at, outcome.finding);
      return false;
    }
    accepted += outcome.accepted;
    refused += outcome.refused;
  }
  fmt::print("{}: {} accepted, {} refused, {:.0f} s\n", target.name, accepted, refused,
             watch.seconds());
  return true;
}

void write(const fuzz::Target& target, const std::string& folder, uint64_t first, uint64_t end) {
  for (uint64_t i = first; i < end; ++i)
    sample::write_file(std::filesystem::path(folder) / std::to_string(i), fuzz::input(target, i));
}

int main_of(const std::vector<std::string>& arguments) {
  require(!arguments.empty(), "usage: longhaul_fuzz list | all [COUNT [FIRST]] | TARGET ...");
  const std::string& name = arguments[0];
  const auto number = [&](std::size_t i, uint64_t standard) {
    uint64_t given = standard;
    require(arguments.size() <= i || read_number(arguments[i], given), "found '", arguments[i],
            "', allowed: a whole number");
    return given;
  };
  if (name == "list") {
    for (const fuzz::Target& target : fuzz::targets()) fmt::print("{}\n", target.name);
    return 0;
  }
  if (arguments.size() > 2 && arguments[1] == "--write") {
    const fuzz::Target& target = fuzz::target(name);
    const uint64_t first = number(3, 0);
    write(target, arguments[2], first, arguments.size() > 3 ? first + 1 : target.seeds.size());
    return 0;
  }
  if (name != "all")
    return run_in_parts(fuzz::target(name), number(1, 1'000'000), number(2, 0)) ? 0 : 1;
  bool clean = true;
  for (const fuzz::Target& target : fuzz::targets())
    clean &= run_in_parts(target, number(1, 1'000'000), number(2, 0));
  return clean ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return main_of({argv + 1, argv + argc});
  } catch (const longhaul::Error& error) {
    fmt::print(stderr, "longhaul_fuzz: {}\n", error.what());
    return 2;
  }
}
