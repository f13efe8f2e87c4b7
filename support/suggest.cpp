#include "support/suggest.h"

#include <algorithm>
#include <numeric>

#include "longhaul/options.h"

namespace longhaul {
namespace {

// "lr" of learning_rate: the first letters of its words.
std::string initials(const std::string& name) {
  std::string letters = name.substr(0, 1);
  for (std::size_t i = 1; i < name.size(); ++i)
    if (name[i - 1] == '_') letters += name[i];
  return letters;
}

// How many letters must be replaced, added or left out to make one of the other (Levenshtein).
std::size_t edit_distance(const std::string& one, const std::string& other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (char letter : one) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t replaced = diagonal + (letter != other[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  for (const std::string& candidate : candidates)
    if (name.size() > 1 && initials(candidate) == name) return candidate;
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates,
                         const std::string& folder) {
  const std::string near = nearest(name, candidates);
  return near.empty() ? "" : "; did you mean '" + folder + near + "'?";
}

std::string nearest_and_known(const std::string& name, const std::vector<std::string>& known,
                              const std::vector<std::string>& rather) {
  std::vector<std::string> candidates = rather;
  candidates.insert(candidates.end(), known.begin(), known.end());
  const std::string near = did_you_mean(name, candidates);
  std::string message = near.empty() ? ";" : near;
  message += known.empty() ? " there are none" : " known:";
  for (const std::string& one : known) message += " " + one;
  return message;
}

std::string not_allowed(const std::string& found, const std::vector<std::string>& allowed) {
  std::string list;
  for (const std::string& one : allowed) list += (list.empty() ? "" : " | ") + one;
  return "found '" + found + "', allowed: " + list + did_you_mean(found, allowed);
}

}  // namespace longhaul
