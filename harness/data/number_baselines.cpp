#include "harness/data/number_baselines.h"

#include <map>
#include <vector>

#include "core/answer_spread.h"
#include "harness/data/scored.h"

namespace longhaul {
namespace {

double missed(const float* answer, const std::vector<double>& guess) {
  double sum = 0;
  for (std::size_t i = 0; i < guess.size(); ++i)
    sum += (guess[i] - answer[i]) * (guess[i] - answer[i]);
  return sum;
}

std::vector<double> means_of(const AnswerSpread& answers, std::size_t outputs) {
  std::vector<double> means;
  for (std::size_t i = 0; i < outputs; ++i) means.push_back(answers.mean(i));
  return means;
}

}  // namespace

Baselines number_baselines(const Task& task, int64_t test_examples, int64_t train_examples) {
  const auto outputs = static_cast<std::size_t>(task.classes());
  const auto answer = [&](const Example& one, int64_t t) {
    return one.numbers.data() + static_cast<std::size_t>(t) * outputs;
  };
  AnswerSpread trained(outputs), tested(outputs);
  std::map<int64_t, AnswerSpread> by_key;
  for_each_scored(task, Split::train, train_examples, [&](const Example& one, int64_t t, int32_t) {
    trained.add(answer(one, t));
    by_key.try_emplace(task.shallow(one, t).key, outputs).first->second.add(answer(one, t));
  });
  double of_mean = 0, of_shallow = 0;
  for_each_scored(task, Split::test, test_examples, [&](const Example& one, int64_t t, int32_t) {
    tested.add(answer(one, t));
    of_mean += missed(answer(one, t), means_of(trained, outputs));
    const Shallow shallow = task.shallow(one, t);
    const auto known = by_key.find(shallow.key);
    of_shallow += missed(answer(one, t),
                         !shallow.numbers.empty()
                             ? std::vector<double>(shallow.numbers.begin(), shallow.numbers.end())
                             : means_of(known == by_key.end() ? trained : known->second, outputs));
  });
  return {0, tested.explained(of_mean), tested.explained(of_shallow)};
}

}  // namespace longhaul
