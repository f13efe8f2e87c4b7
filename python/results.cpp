#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "harness/results/external.h"
#include "harness/tables/export.h"
#include "harness/tables/table.h"
#include "harness/tables/table_formats.h"
#include "python/module.h"
#include "support/csv.h"

namespace nb = nanobind;

namespace longhaul {
namespace {

using Texts = std::map<std::string, std::string>;

// The CSV files of a results folder by name, those without rows as their header alone, and what is
// damaged in it.
std::pair<Texts, std::vector<std::string>> tables(const std::filesystem::path& folder) {
  const nb::gil_scoped_release others_may_run;
  const Results results = load_results(folder);
  Texts texts;
  for (const CsvFile& file : csv_files()) {
    std::string& csv = texts[file.name] = file.text(results);
    if (!csv.empty()) continue;
    std::vector<std::string> names;
    for (const ColumnInfo& column : file.columns) names.push_back(column.name);
    csv = csv_line(names);
  }
  return {texts, results.problems};
}

std::string table(const std::filesystem::path& folder, const std::string& metric) {
  const nb::gil_scoped_release others_may_run;
  return to_text(make_table(load_results(folder), metric), {.width = 80});
}

}  // namespace

void bind_results(nb::module_& module) {
  module.def("tables", tables, nb::arg("folder"),
             "CSV files of a results folder by name, and its damaged files, a line each.");
  module.def("table", table, nb::arg("folder"), nb::arg("metric"),
             "The table of a results folder as text.");

  using S = ExternalScore;
  nb::class_<S>(module, "ExternalScore", "A score that was made elsewhere.")
      .def(nb::init<>())
      .def_rw("model", &S::model)
      .def_rw("task", &S::task)
      .def_rw("seed", &S::seed)
      .def_rw("eval_length", &S::eval_length)
      .def_rw("test_value", &S::test_value)
      .def_rw("val_value", &S::val_value)
      .def_rw("test_examples", &S::test_examples)
      .def_rw("parameters", &S::parameters)
      .def_rw("steps", &S::steps)
      .def_rw("tokens_seen", &S::tokens_seen)
      .def_rw("train_seconds", &S::train_seconds)
      .def_rw("learning_rate", &S::learning_rate)
      .def_rw("note", &S::note);
  module.def("add_external", add_external, nb::arg("folder"), nb::arg("score"),
             "Adds a score to a results folder and returns its id.");
}

}  // namespace longhaul
