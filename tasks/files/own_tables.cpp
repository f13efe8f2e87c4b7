#include "tasks/files/own_tables.h"

#include <algorithm>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"
#include "tasks/files/npz_file.h"

namespace longhaul::own_tables {
namespace {

namespace fs = std::filesystem;
using table_file::Table;

constexpr int64_t kMostBytes = int64_t{1} << 30;
const char* const kNames[] = {"train", "validation", "test"};
constexpr Split kSplits[] = {Split::train, Split::validation, Split::test};

class Reader {
 public:
  Reader(fs::path path, const Wanted& wanted) : path_(std::move(path)), wanted_(wanted) {}

  std::vector<Part> read() const {
    if (fs::is_directory(path_)) return read_folder();
    if (path_.extension() == ".npz") return read_npz();
    return {{table_file::read(path_), std::nullopt, false, path_.parent_path()}};
  }

 private:
  std::vector<Part> read_folder() const {
    if (fs::exists(path_ / "x.npy")) return {{pair(path_ / "x.npy", path_ / "y.npy")}};
    std::vector<Part> parts;
    for (std::size_t i = 0; i < 3; ++i)
      if (std::optional<Table> table = find(kNames[i]))
        parts.push_back({std::move(*table), kSplits[i], false, path_});
    if (parts.empty() && !wanted_.file_ending.empty())
      return {{folders(path_, ""), {}, false, path_}};
    return whole(std::move(parts),
                 wanted_.file_ending.empty()
                     ? ".csv, .tsv or .jsonl, no such .npz, no such pair _x.npy and _y.npy, and no "
                       "x.npy and y.npy"
                     : ".csv, .tsv or .jsonl, and no such folder");
  }

  // Training and tests are there; without validation a tenth of training serves.
  std::vector<Part> whole(std::vector<Part> parts, const std::string& forms) const {
    const auto has = [&](Split split) {
      return std::any_of(parts.begin(), parts.end(),
                         [&](const Part& part) { return part.split == split; });
    };
    require(has(Split::train) && has(Split::test), path_.string(), ": holds no ",
            has(Split::train) ? "test" : "train", forms);
    parts.front().carves = !has(Split::validation);
    return parts;
  }

  std::optional<Table> find(const std::string& stem) const {
    for (const char* ending : {".csv", ".tsv", ".jsonl"})
      if (fs::exists(path_ / (stem + ending))) return table_file::read(path_ / (stem + ending));
    if (!wanted_.file_ending.empty())
      return fs::is_directory(path_ / stem) ? std::optional(folders(path_ / stem, stem + "/"))
                                            : std::nullopt;
    if (const fs::path file = path_ / (stem + ".npz"); fs::exists(file)) {
      const auto arrays = npz::parse(data::read_all(file, kMostBytes), file.string());
      return pair(arrays, "", file.string());
    }
    if (fs::exists(path_ / (stem + "_x.npy")))
      return pair(path_ / (stem + "_x.npy"), path_ / (stem + "_y.npy"));
    return std::nullopt;
  }

  // Arrays x and y, or train_x, train_y and so on.
  std::vector<Part> read_npz() const {
    const auto arrays = npz::parse(data::read_all(path_, kMostBytes), path_.string());
    if (arrays.count("x")) return {{pair(arrays, "", path_.string())}};
    std::vector<Part> parts;
    for (std::size_t i = 0; i < 3; ++i)
      if (const std::string stem = std::string(kNames[i]) + "_"; arrays.count(stem + "x"))
        parts.push_back({pair(arrays, stem, path_.string()), kSplits[i]});
    return whole(std::move(parts), "_x, and no array x");
  }

  Table pair(const std::map<std::string, npy::Array>& arrays, const std::string& stem,
             const std::string& file) const {
    check_arrays(file);
    const auto find = [&](const std::string& name) {
      const auto found = arrays.find(name);
      require(found != arrays.end(), file, ": holds no array ", data::quoted(name));
      return &found->second;
    };
    return npy::table(*find(stem + "x"), file + ": " + stem + "x",
                      wanted_.has_answers ? find(stem + "y") : nullptr, file + ": " + stem + "y",
                      wanted_.input, wanted_.answer);
  }

  Table pair(const fs::path& inputs, const fs::path& answers) const {
    check_arrays(inputs.parent_path().string());
    const npy::Array x = npy::load(inputs);
    if (!wanted_.has_answers)
      return npy::table(x, inputs.string(), nullptr, "", wanted_.input, wanted_.answer);
    const npy::Array y = npy::load(answers);
    return npy::table(x, inputs.string(), &y, answers.string(), wanted_.input, wanted_.answer);
  }

  void check_arrays(const std::string& who) const {
    require(wanted_.split.empty(), who, ": arrays have no column ", data::quoted(wanted_.split),
            ", allowed: no split");
    require(!wanted_.is_text, who, ": arrays hold numbers, allowed: kind ids | numbers");
  }

  // A row for each file of each folder in `folder`, in order; `stem` begins names of files.
  Table folders(const fs::path& folder, const std::string& stem) const {
    Table table{folder.string(), {wanted_.input, wanted_.answer}, {}};
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.is_directory() && entry.path().filename().string()[0] != '.')
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    require(!names.empty(), folder.string(), ": holds no folders, allowed: CLASS/NAME",
            wanted_.file_ending, ", or a list, train.csv");
    for (const std::string& name : names)
      for (const std::string& file : data::files_in(folder / name, wanted_.file_ending))
        table.rows.push_back({std::ssize(table.rows) + 1, {stem + name + "/" + file, name}});
    return table;
  }

  fs::path path_;
  const Wanted& wanted_;
};

}  // namespace

std::vector<Part> read(const fs::path& path, const Wanted& wanted) {
  return Reader(path, wanted).read();
}

}  // namespace longhaul::own_tables
