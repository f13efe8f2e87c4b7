#include "tests/tasks/formal_words.h"

#include <fstream>
#include <regex>
#include <sstream>

#include "harness/data/baselines.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

namespace longhaul {
namespace {

std::vector<int32_t> numbers(const std::string& text) {
  std::istringstream words(text);
  std::vector<int32_t> numbers;
  for (std::string word; words >> word;) numbers.push_back(word == "." ? kIgnore : std::stoi(word));
  return numbers;
}

}  // namespace

ShownWord shown_word(const Task& task, const Example& example) {
  const std::string shown = task.show(example), arrow = " -> ";
  const std::size_t at = shown.find(arrow);
  REQUIRE(at != std::string::npos);
  REQUIRE(shown.back() == '\n');
  const std::size_t answer = at + arrow.size();
  return {shown.substr(0, at), shown.substr(answer, shown.size() - 1 - answer)};
}

void check_worked_examples(const std::string& name, int count, const Rule& rule) {
  const auto task = make_task(name);
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/" + name + ".cpp");
  const std::regex word_line(R"(//   (.*) -> (\S+(?: \S+)*)(?:   .*)?)");
  const std::regex id_line(R"(//   ids ([\d ]+)   targets? ([\d. ]+))");
  ShownWord word;
  int found = 0;
  for (std::string line; std::getline(source, line);) {
    std::smatch match;
    if (std::regex_match(line, match, word_line)) word = {match[1], match[2]};
    if (!std::regex_match(line, match, id_line)) continue;
    ++found;
    INFO(line);
    const Example example{numbers(match[1]), numbers(match[2])};
    CHECK(task->show(example) == word.input + " -> " + word.answer + "\n");
    CHECK(rule(word.input) == word.answer);
    const bool has_slots = task->readout() == Readout::token;
    CHECK(example.targets.size() == (has_slots ? example.tokens.size() : 1));
  }
  CHECK(found == count);
}

void check_drawn_examples(const std::string& name, const OptionMap& options, int count,
                          const Rule& rule) {
  const auto task = make_task(name, options);
  for (int i = 0; i < count; ++i) {
    Rng rng(1, name, i);
    const ShownWord word = shown_word(*task, task->draw(rng));
    INFO(word.input);
    REQUIRE(rule(word.input) == word.answer);
  }
}

double shallow_accuracy(const std::string& name, const OptionMap& options) {
  return measure_baselines(*make_task(name, options), 1000).shallow;
}

}  // namespace longhaul
