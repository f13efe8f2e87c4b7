#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "harness/data/baselines.h"
#include "harness/data/cache.h"
#include "harness/data/examples.h"
#include "harness/suite/assignments.h"
#include "longhaul/error.h"
#include "python/module.h"

namespace nb = nanobind;

namespace longhaul {
namespace {

const EnumNames<Readout>& readout_names() {
  static const EnumNames<Readout> names = {
      {Readout::sequence, "sequence"}, {Readout::pair, "pair"}, {Readout::token, "token"}};
  return names;
}

// A task with its options.
class PythonTask {
 public:
  PythonTask(const std::string& name, const OptionMap& options)
      : info_(python_registry().task(name)), built_(build_task(info_, options)) {}

  const Task& task() const { return *built_.task; }
  const TaskInfo& info() const { return info_; }
  const OptionMap& options() const { return built_.resolved; }

  // The stream of examples that a trial with this seed reads.
  Stream stream(const std::string& split, uint64_t seed) const {
    const std::vector<Stream> streams = streams_of_trial(seed);
    return *std::find_if(streams.begin(), streams.end(), [&](const Stream& one) {
      return one.split == names_of(Split()).value(split);
    });
  }

  std::vector<Example> draw(const std::string& split, uint64_t seed, int64_t first,
                            int64_t count) const {
    require(first >= 0 && count > 0, "examples: found ", count, " from ", first,
            " on, allowed: one or more, from 0 on");
    const int64_t stored = task().count(names_of(Split()).value(split));
    require(stored == 0 || split == "train" || first + count <= stored, "split ", split, " of ",
            info_.name, " has ", stored, " examples; ", count, " were asked for from ", first,
            " on");
    const auto [name, number] = stream(split, seed);
    std::vector<Example> drawn;
    // In order, on this thread: a process that a DataLoader forks cannot use the threads of its
    // parent, and several such processes draw side by side anyway.
    for (int64_t i = first; i < first + count; ++i)
      drawn.push_back(example(task(), name, number, i));
    return drawn;
  }

 private:
  TaskInfo info_;
  TaskCheck built_;
};

// Rows of different lengths, padded at their ends to the longest.
template <class To, class From>
nb::ndarray<nb::numpy, To> padded(const std::vector<Example>& examples,
                                  const std::vector<From> Example::*member, To padding,
                                  int64_t channels = 1) {
  std::size_t longest = 0;
  for (const Example& one : examples) longest = std::max(longest, (one.*member).size());
  std::vector<To> values(examples.size() * longest, padding);
  for (std::size_t i = 0; i < examples.size(); ++i)
    std::copy((examples[i].*member).begin(), (examples[i].*member).end(),
              values.begin() + static_cast<std::ptrdiff_t>(i * longest));
  std::vector<std::size_t> shape = {examples.size(), longest};
  if (channels > 1 || std::is_floating_point_v<To>) {
    shape.back() = longest / static_cast<std::size_t>(channels);
    shape.push_back(static_cast<std::size_t>(channels));
  }
  return numpy_array(std::move(values), shape);
}

template <class From>
nb::ndarray<nb::numpy, int64_t> lengths(const std::vector<Example>& examples,
                                        const std::vector<From> Example::*member,
                                        int64_t channels = 1) {
  std::vector<int64_t> values;
  for (const Example& one : examples)
    values.push_back(static_cast<int64_t>((one.*member).size()) / channels);
  return numpy_array(std::move(values), {examples.size()});
}

// What _core.Task.draw returns.
nb::dict arrays_of(const Task& task, const std::vector<Example>& drawn) {
  nb::dict arrays;
  if (task.channels() > 0) {
    arrays["values"] = padded<float>(drawn, &Example::values, 0.0F, task.channels());
    arrays["lengths"] = lengths(drawn, &Example::values, task.channels());
  } else {
    arrays["tokens"] = padded<int64_t>(drawn, &Example::tokens, kPad);
    arrays["lengths"] = lengths(drawn, &Example::tokens);
  }
  if (task.readout() == Readout::pair) {
    arrays["second"] = padded<int64_t>(drawn, &Example::second, kPad);
    arrays["second_lengths"] = lengths(drawn, &Example::second);
  }
  if (task.readout() == Readout::token) {
    arrays["targets"] = padded<int64_t>(drawn, &Example::targets, kIgnore);
  } else {
    std::vector<int64_t> targets;
    for (const Example& one : drawn) targets.push_back(one.targets.front());
    arrays["targets"] = numpy_array(std::move(targets), {drawn.size()});
  }
  if (task.is_regression())
    arrays["numbers"] = padded<float>(drawn, &Example::numbers, 0.0F, task.classes());
  return arrays;
}

nb::dict baselines_of(const PythonTask& task, int64_t test_examples) {
  Baselines found;
  {
    const nb::gil_scoped_release others_may_run;
    found = measure_baselines(task.task(), test_examples);
  }
  nb::dict scores;
  scores["chance"] = found.chance;
  scores["majority"] = found.majority;
  scores["shallow"] = found.shallow;
  return scores;
}

}  // namespace

void bind_tasks(nb::module_& module) {
  module.def(
      "tasks",
      [] {
        std::vector<std::string> names;
        for (const auto& [name, info] : python_registry().tasks()) names.push_back(name);
        return names;
      },
      "Names of all tasks.");
  module.def(
      "models",
      [] {
        std::vector<std::string> names;
        for (const auto& [name, info] : python_registry().models()) names.push_back(name);
        return names;
      },
      "Names of all models.");

  using P = PythonTask;
  nb::class_<P>(module, "Task", "A task with its options; longhaul.Task is its Python side.")
      .def(nb::init<const std::string&, const OptionMap&>(), nb::arg("name"), nb::arg("options"))
      .def_prop_ro("about", [](const P& task) { return task.info().about; })
      .def_prop_ro("source", [](const P& task) { return task.info().source; })
      .def_prop_ro("options", [](const P& task) { return task.options(); })
      .def_prop_ro("version", [](const P& task) { return task.task().version(); })
      .def_prop_ro("vocab", [](const P& task) { return task.task().vocab(); })
      .def_prop_ro("channels", [](const P& task) { return task.task().channels(); })
      .def_prop_ro("classes", [](const P& task) { return task.task().classes(); })
      .def_prop_ro("max_length", [](const P& task) { return task.task().max_length(); })
      .def_prop_ro("is_regression", [](const P& task) { return task.task().is_regression(); })
      .def_prop_ro("readout",
                   [](const P& task) { return readout_names().word(task.task().readout()); })
      .def(
          "count",
          [](const P& task, const std::string& split) {
            return task.task().count(names_of(Split()).value(split));
          },
          nb::arg("split"), "How many examples are stored; 0: they are made without end.")
      .def(
          "draw",
          [](const P& task, const std::string& split, uint64_t seed, int64_t first, int64_t count) {
            std::vector<Example> drawn;
            {
              const nb::gil_scoped_release others_may_run;
              drawn = task.draw(split, seed, first, count);
            }
            return arrays_of(task.task(), drawn);
          },
          nb::arg("split"), nb::arg("seed"), nb::arg("first"), nb::arg("count"),
          "Examples `first` ... of the stream that a trial of this seed reads, as arrays by name.")
      .def(
          "show",
          [](const P& task, const std::string& split, uint64_t seed, int64_t index) {
            return task.task().show(task.draw(split, seed, index, 1).front());
          },
          nb::arg("split"), nb::arg("seed"), nb::arg("index"), "An example for a human reader.")
      .def("baselines", baselines_of, nb::arg("test_examples"),
           "Scores of rules without a sequence model.");
}

}  // namespace longhaul
