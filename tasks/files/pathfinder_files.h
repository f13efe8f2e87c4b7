#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/task.h"
#include "tasks/files/data_file.h"
#include "tasks/files/stored_splits.h"

namespace longhaul::pathfinder {

// Where the pictures of a difficulty (easy, medium, hard) lie: `folder` itself, or, where it is the
// top folder of a release (pathfinder32), its curv_baseline, curv_contour_length_9 or
// curv_contour_length_14.
std::filesystem::path folder_of_difficulty(const std::filesystem::path& folder,
                                           const std::string& difficulty);

// A decoded picture: [side * side], row-major.
struct Pixels {
  int side = 0;
  std::vector<uint8_t> values;
};

// Decodes an 8-bit gray PNG of 16, 32, 64, 128 or 256 pixels a side: the stored values, whatever
// the file says of gamma or colors of a screen. Throws Error saying what else it is.
Pixels decode_png(std::string_view file);

// The folder of one difficulty of a release: pictures imgs/<batch>/*.png, and metadata/<batch>.npy,
// which are text in spite of their name, one picture a line:
//   imgs/0 sample_3.png 3 1 ...        its folder, its file, a number, its label; then what made it
// A hash of folder and file says which split a picture belongs to: a tenth each for validation and
// test. It does not depend on the order of a folder's listing, as the original's splits do.
//
// Pictures are read when asked for. Opening only looks whether each of them is there and not empty
// and lists those that are not; with `skip_unreadable` it decodes them all and leaves out the bad.
class Files {
 public:
  Files(const std::filesystem::path& folder, bool skip_unreadable);

  int side() const { return side_; }  // of the first picture; the others must be as large
  int64_t count(Split split) const { return pictures_.count(split); }
  Example at(Split split, int64_t index) const;

 private:
  struct Picture {
    std::string file;  // below the folder
    int32_t label;
  };

  void read_metadata(const std::filesystem::path& file);
  void add(Picture picture);
  bool readable(const Picture& picture) const;
  Pixels load(const Picture& picture) const;

  std::filesystem::path folder_;
  bool skip_unreadable_;
  int side_ = 0;
  int64_t missing_ = 0;
  std::string named_missing_;  // the first of them
  data::StoredSplits<Picture> pictures_;
};

}  // namespace longhaul::pathfinder
