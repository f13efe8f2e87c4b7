#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/files/data_file.h"

namespace longhaul::series {

// One labelled series of an archive.
struct Series {
  std::vector<float> values;  // [length, channels]; a missing value is not a number
  int32_t label = 0;          // place in File::classes
};

struct File {
  std::vector<std::string> classes;  // in the order of the file's header
  int64_t channels = 0;
  std::vector<Series> series;
};

// Reads a file of the UEA and UCR archives (Bagnall et al. 2018, arXiv:1811.00075): .ts as sktime
// has it, or .arff as Weka has it, with one channel or a relational attribute for several. A series
// may be shorter than others; "?" and "NaN" are missing values. A series ends where the last of its
// channels does: what shorter ones lack is missing. Throws Error naming file and line.
File read(const data::DataFile& file);

}  // namespace longhaul::series
