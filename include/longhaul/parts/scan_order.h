#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "longhaul/options.h"
#include "longhaul/task.h"

namespace longhaul {

// The order in which a task of pictures reads pixels. Pixels are numbered row by row.
//   row            row by row, from the left: as they are numbered
//   column         column by column, from the top
//   snake          row by row, every other one from the right, so that neighbours follow
//   hilbert        along Hilbert's curve: neighbours follow, and what is near stays near
//   bit_reversal   the bits of the number reversed: neighbours stand far apart
// Where the sides are no powers of two, hilbert takes the curve of the next square that is one, and
// bit_reversal the next number of pixels, and leave out what is not in the picture.
class ScanOrder {
 public:
  // Reads the option "scan".
  static std::string read(Options& options);

  ScanOrder() = default;  // row by row, of any picture
  ScanOrder(const std::string& name, int64_t height, int64_t width);

  // The example as it is read, from one row by row: its tokens, or its values of any number of
  // channels.
  Example scanned(Example by_rows) const;
  Example by_rows(Example scanned) const;  // back again

  const std::vector<int64_t>& pixels() const { return pixels_; }  // in the order of reading

 private:
  std::vector<int64_t> pixels_;  // empty: row by row
};

}  // namespace longhaul
