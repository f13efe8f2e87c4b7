#pragma once

#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/claims/tables.h"
#include "longhaul/error.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/temporary_file.h"

// A claim of the models and tasks of fake_registry(): copy is better than mirror.
namespace longhaul::made_up {

inline const std::string kTexts =
    "claim: made\nsays: It is so.\nsource: nobody\npublished: nothing\n";
inline const std::string kSuite =
    "suite: {seeds: [0, 1, 2], budget: {steps: 5}, models: [copy, mirror], tasks: [coin]}\n";
inline const std::string kNumbers =
    "numbers:\n"
    "  a: {model: copy, task: coin}\n"
    "  b: {model: mirror, task: coin}\n"
    "  gap: {difference: [a, b]}\n";
inline const std::string kRule =
    "confirmed:\n  - {number: gap, seeds: every, at_least: 0.1}\n"
    "refuted:\n  - {number: gap, at_most: 0}\n";

inline Claim load(const std::string& yaml) {
  const TemporaryFile file("made.yaml", yaml);
  Registry registry = fake_registry();
  return load_claim(file.path(), registry);
}

// What load_claim says, without the folder.
inline std::string complaint(const std::string& yaml) {
  const TemporaryFile file("made.yaml", yaml);
  Registry registry = fake_registry();
  try {
    load_claim(file.path(), registry);
  } catch (const Error& error) {
    std::string message = error.what();
    const std::string folder = file.path().parent_path().string() + "/";
    for (std::size_t at; (at = message.find(folder)) != std::string::npos;)
      message.erase(at, folder.size());
    return message;
  }
  return "";
}

inline Tables tables_of(const std::vector<double>& copy, const std::vector<double>& mirror) {
  Results results;
  for (uint64_t seed = 0; seed < copy.size(); ++seed)
    results.trials.push_back(made_up_trial("copy", "coin", seed, copy[seed]));
  for (uint64_t seed = 0; seed < mirror.size(); ++seed)
    results.trials.push_back(made_up_trial("mirror", "coin", seed, mirror[seed]));
  return exported_tables(results);
}

}  // namespace longhaul::made_up
