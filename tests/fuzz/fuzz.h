#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace longhaul::fuzz {

// A reader of files or text that a user may get wrong. It may accept an input or throw
// longhaul::Error; anything else (another exception, a crash, a sanitizer's report) is a finding.
struct Target {
  std::string name;
  std::vector<std::string> seeds;  // good inputs, which others are made from
  std::function<void(const std::string& input)> run;
};

const std::vector<Target>& targets();
const Target& target(const std::string& name);  // throws Error with the known names

std::vector<Target> data_targets();    // the tasks' readers
Target cache_target();                 // the files of `longhaul data`
std::vector<Target> parser_targets();  // suites, records, curves, checkpoints, arrays

// The seeds, then without end: a seed with a few bytes changed, put in, left out, doubled, or
// joined to another seed's. Input i is the same whatever was made before.
std::string input(const Target& target, uint64_t i);

struct Outcome {
  int64_t accepted = 0, refused = 0;
  std::string finding;  // what an input of no other kind ended in, or ""
  uint64_t at = 0;      // its number
};
Outcome run(const Target& target, uint64_t first, uint64_t count);

}  // namespace longhaul::fuzz
