#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace longhaul {

class Section;

// Where the trials of a suite run, and what each may use there. No part of a trial's id: its
// numbers are the same everywhere.
struct Engine {
  std::string name = "local";
  std::string partition;  // texts are as sbatch takes them; "" leaves the choice to the cluster
  std::string time;
  std::string memory;
  int64_t cpus = 0;  // 0: as many as --threads
  int64_t throttle = 0;
  std::string account;
  std::vector<std::string> extra;

  bool operator==(const Engine&) const = default;
};

// A key of `engine:`, the list `extra` aside.
struct EngineKey {
  std::string name;
  std::variant<std::string Engine::*, int64_t Engine::*> value;
  std::string pattern;  // of a text
  std::string allowed;  // the same for a person
  std::string description;
};

const std::vector<EngineKey>& engine_keys();
Engine read_engine(const Section& section);

// A time limit as Slurm writes it, in minutes: "90", "1:30:00", "2-12:00:00"; 0 for "".
int64_t slurm_minutes(const std::string& time);

}  // namespace longhaul
