#pragma once

#include <array>
#include <string>

#include "longhaul/task.h"
#include "tasks/files/data_file.h"
#include "tasks/files/stored_splits.h"

namespace longhaul::listops {

// The files basic_train.tsv, basic_val.tsv and basic_test.tsv of Long Range Arena's release: the
// header "Source<TAB>Target", then rows such as "( ( ( [MAX 2 ) 9 ) ] )<TAB>9", lines ending in
// "\r\n" or "\n". Opening them reads every row and checks its symbols, that it is one expression,
// and its target; only the rows' places stay in memory.
class Files {
 public:
  explicit Files(const std::string& folder);

  int64_t count(Split split) const { return rows_.count(split); }
  Example at(Split split, int64_t index) const;
  int64_t max_length() const { return max_length_; }  // of the longest expression

 private:
  std::array<data::DataFile, 3> files_;  // by split
  data::StoredSplits<data::Line> rows_;
  int64_t max_length_ = 0;
};

}  // namespace longhaul::listops
