#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/columns.h"

namespace longhaul {

// One of the CSV files that `longhaul export` writes.
struct CsvFile {
  std::string name;                     // without .csv
  std::string description;              // what a row is
  std::vector<ColumnInfo> columns;      // all that it may have
  std::string (*text)(const Results&);  // the whole file; "" if there is nothing to write
};

// All of them. What a column means is said in its own row, and from there in docs/results/csv.md.
const std::vector<CsvFile>& csv_files();
const CsvFile& csv_file(const std::string& name);  // throws Error with the nearest name

// Writes the files that have something to say into `folder`, which is created, and returns their
// paths. With `columns`, those that have one of them, and with these columns alone; throws Error
// naming the nearest for a column that no file has. Points of damaged files, which results.problems
// names, are left out. Throws std::system_error if a file cannot be written.
std::vector<std::filesystem::path> export_csv(const Results& results,
                                              const std::filesystem::path& folder,
                                              const std::vector<std::string>& columns = {});

}  // namespace longhaul
