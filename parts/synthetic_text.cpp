#include "longhaul/parts/synthetic_text.h"

#include <numeric>

namespace longhaul::synthetic_text {
namespace {

constexpr const char* kWho[] = {"My sister",    "A neighbour", "The driver",  "An old friend",
                                "Our guide",    "The waiter",  "A child",     "The postman",
                                "My uncle",     "Somebody",    "A stranger",  "The landlord",
                                "The gardener", "A clerk",     "Our teacher", "The captain"};
constexpr const char* kWhat[] = {
    "bought bread",     "lost a glove",       "fed the ducks",     "told a long story",
    "missed the train", "painted a fence",    "carried a ladder",  "asked for the time",
    "whistled a tune",  "counted the stairs", "closed the window", "waited for the bus",
    "mended a chair",   "wrote a letter",     "dropped a coin",    "looked at the clouds"};
constexpr const char* kWhere[] = {"near the harbour", "behind the station", "on the bridge",
                                  "by the river",     "at the corner",      "under the trees",
                                  "along the road",   "beside the market",  "above the shop",
                                  "in the yard"};
constexpr const char* kWhen[] = {"that morning", "on Tuesday", "before lunch", "in the evening",
                                 "after dark",   "a week ago", "last winter",  "at noon",
                                 "in the rain",  "once again"};

template <std::size_t n>
const char* any(const char* const (&phrases)[n], Rng& rng) {
  return phrases[rng.below(n)];
}

std::string idle_sentence(Rng& rng) {
  std::string sentence = any(kWho, rng);
  sentence.append(" ").append(any(kWhat, rng)).append(" ").append(any(kWhere, rng));
  if (rng.chance(0.5)) sentence.append(" ").append(any(kWhen, rng));
  return sentence + '.';
}

}  // namespace

std::string compose(const std::vector<Statement>& statements, int64_t length, Rng& rng) {
  std::vector<std::string> parts = {""};  // each is followed by the idle sentences of its gap
  for (const Statement& statement : statements) {
    if (!statement.topic.empty()) parts.push_back(statement.topic + ' ');
    parts.push_back(statement.remark + ' ');
  }
  int64_t used = -1;  // the last sentence has no space after it
  for (const std::string& part : parts) used += static_cast<int64_t>(part.size());
  for (;;) {
    const std::string idle = idle_sentence(rng) + ' ';
    used += static_cast<int64_t>(idle.size());
    if (used > length) break;
    parts[rng.below(static_cast<int64_t>(parts.size()))] += idle;
  }
  std::string text = std::accumulate(parts.begin(), parts.end(), std::string());
  text.pop_back();
  return text;
}

std::vector<int64_t> choose(int64_t count, int64_t n, Rng& rng) {
  std::vector<int64_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0);
  rng.shuffle(indices);
  indices.resize(count);
  return indices;
}

std::vector<int32_t> to_ids(const std::string& text) {
  std::vector<int32_t> ids;
  for (char c : text) ids.push_back(static_cast<unsigned char>(c) + 1);
  return ids;
}

std::string from_ids(const std::vector<int32_t>& ids) {
  std::string text;
  for (int32_t id : ids) text += static_cast<char>(id - 1);
  return text;
}

}  // namespace longhaul::synthetic_text
