#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <exception>

#include "longhaul/error.h"
#include "longhaul/rng.h"

namespace longhaul::fuzz {
namespace {

constexpr std::size_t kLongest = 1 << 16;  // bytes of an input

// Bytes that have a meaning somewhere: ends, signs, brackets, numbers at the border of a type.
const std::vector<std::string>& words() {
  static const std::vector<std::string> all = {"\n",
                                               "\r\n",
                                               "\t",
                                               " ",
                                               std::string(1, '\0'),
                                               "\"",
                                               "'",
                                               ",",
                                               ":",
                                               "{",
                                               "}",
                                               "[",
                                               "]",
                                               "(",
                                               ")",
                                               "-1",
                                               "0",
                                               "1",
                                               "255",
                                               "65536",
                                               "2147483648",
                                               "4294967296",
                                               "9223372036854775807",
                                               "-9223372036854775808",
                                               "18446744073709551616",
                                               "1e400",
                                               "nan",
                                               "null",
                                               "true",
                                               "&a ",
                                               "*a",
                                               "- ",
                                               "# ",
                                               "[MIN",
                                               "[SM",
                                               "\xff\xff\xff\xff",
                                               "\x7f\xff\xff\xff",
                                               "%s%n",
                                               "../",
                                               "\xef\xbb\xbf"};
  return all;
}

void change(std::string& bytes, const Target& target, Rng& rng) {
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t at = rng.below(size + 1), length = rng.below(std::min<int64_t>(size - at, 64) + 1);
  switch (rng.below(7)) {
    case 0:
      if (at < size) bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
      break;
    case 1:
      if (at < size) bytes[at] = static_cast<char>(rng.below(256));
      break;
    case 2:
      bytes.insert(at, words()[rng.below(static_cast<int64_t>(words().size()))]);
      break;
    case 3:
      bytes.replace(at, length, words()[rng.below(static_cast<int64_t>(words().size()))]);
      break;
    case 4:
      bytes.erase(at, length);
      break;
    case 5:
      bytes.insert(at, bytes.substr(at, length));
      break;
    default:
      if (rng.chance(0.7)) break;  // what is left of an input says little: cut seldom
      bytes.resize(at);
      if (rng.chance(0.5)) {
        const auto& other = target.seeds[rng.below(static_cast<int64_t>(target.seeds.size()))];
        bytes += other.substr(std::min<std::size_t>(at, other.size()));
      }
  }
}

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all = [] {
    std::vector<Target> joined = data_targets();
    joined.push_back(cache_target());
    for (Target& target : parser_targets()) joined.push_back(std::move(target));
    return joined;
  }();
  return all;
}

const Target& target(const std::string& name) {
  std::string known;
  for (const Target& candidate : targets()) {
    if (candidate.name == name) return candidate;
    known += ' ' + candidate.name;
  }
  throw Error(text("no target '", name, "'; known:", known));
}

std::string input(const Target& target, uint64_t i) {
  if (i < target.seeds.size()) return target.seeds[i];
  Rng rng(0, "fuzz " + target.name, i);
  std::string bytes = target.seeds[rng.below(static_cast<int64_t>(target.seeds.size()))];
  do change(bytes, target, rng);
  while (rng.chance(0.5));
  bytes.resize(std::min(bytes.size(), kLongest));
  return bytes;
}

Outcome run(const Target& target, uint64_t first, uint64_t count) {
  Outcome outcome;
  for (uint64_t i = first; i < first + count; ++i) try {
      target.run(input(target, i));
      ++outcome.accepted;
    } catch (const Error&) {
      ++outcome.refused;
    } catch (const std::exception& exception) {
      outcome.finding = exception.what();
      outcome.at = i;
      return outcome;
    }
  return outcome;
}

}  // namespace longhaul::fuzz
