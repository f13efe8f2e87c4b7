
#include "math/checkpoint.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// What loading a safetensors file with this header and 24 bytes of data complains of.
std::string complaint(const std::string& header) {
  const TemporaryFolder folder;
  const uint64_t length = header.size();
  std::ofstream(folder.path / "x.safetensors", std::ios::binary)
      << std::string(reinterpret_cast<const char*>(&length), 8) << header << std::string(24, '\0');
  try {
    load_checkpoint(folder.path / "x.safetensors");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string tensor(const std::string& shape, const std::string& offsets = "[0, 24]") {
  return R"({"w": {"dtype": "F32", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}";
}

}  // namespace

TEST_CASE("a checkpoint reads back as it was written", "[checkpoint]") {
  const TemporaryFolder folder;
  const Tensor w = Tensor::from({2, 3}, {1, 2, 3, 4, 5, 6});
  save_checkpoint(folder.path / "c",
                  {{{"w", w}, {"empty", Tensor(Shape{0, 4})}}, {{"key", "text"}}});
  const Checkpoint read = load_checkpoint(folder.path / "c");
  REQUIRE(read.tensors.size() == 2);
  for (const NamedTensor& named : read.tensors)
    if (named.name == "w") {
      CHECK(named.value.shape() == w.shape());
      CHECK(std::equal(w.data(), w.data() + 6, named.value.data()));
    }
  CHECK(read.metadata.at("key") == "text");
}

TEST_CASE("a checkpoint whose tensors do not cover its data once is refused", "[checkpoint]") {
  const auto two = [](const std::string& first, const std::string& second,
                      const std::string& name = "b") {
    const auto entry = [](const std::string& key, const std::string& offsets) {
      return "\"" + key + R"(": {"dtype": "F32", "shape": [3], "data_offsets": )" + offsets + "}";
    };
    return complaint("{" + entry("a", first) + "," + entry(name, second) + "}");
  };
  CHECK(two("[0, 12]", "[12, 24]").empty());
  CHECK(two("[12, 24]", "[0, 12]").empty());
  CHECK_THAT(two("[0, 12]", "[8, 20]"),
             Contains("tensor 'b' at bytes 8 .. 20 overlaps the one that ends at 12"));
  CHECK_THAT(two("[0, 12]", "[0, 12]"), Contains("overlaps"));
  CHECK_THAT(two("[0, 12]", "[12, 24]", "a"), Contains("key 'a' is given twice"));
  CHECK_THAT(complaint(tensor("[3]", "[12, 24]")), Contains("bytes 0 .. 12 belong to no tensor"));
  CHECK_THAT(complaint(tensor("[3]", "[0, 12]")), Contains("12 bytes behind the last tensor"));
}

TEST_CASE(
    "a checkpoint whose header promises what the file does not hold is refused before memory "
    "is asked for",
    "[checkpoint]") {
  CHECK(complaint(tensor("[2, 3]")).empty());
  CHECK_THAT(complaint(tensor("[4611686018427387904, 4]")), Contains("tensor 'w' of shape"));
  CHECK_THAT(complaint(tensor("[99999999999]")), Contains("lies at bytes 0 .. 24 of 24"));
  CHECK_THAT(complaint(tensor("[-2, -3]")), Contains("tensor 'w' has the shape [-2,-3], allowed"));
  CHECK_THAT(complaint(tensor("[1, 1, 1, 1, 2, 3]")), Contains("allowed: at most 5 extents"));
  CHECK_THAT(complaint(tensor("[2, 3]", "[8, 32]")), Contains("lies at bytes 8 .. 32 of 24"));
  CHECK_THAT(complaint(tensor("[2, 3]", "[24, 0]")), Contains("lies at bytes 24 .. 0 of 24"));
  CHECK_THAT(complaint(tensor("[2, 3.5]")), Contains("has the shape [2,3.5], allowed"));
  CHECK_THAT(complaint(tensor("[2, 3]", "[0.5, 24]")), Contains("has the data_offsets [0.5,24]"));
  CHECK_THAT(complaint(tensor("[2, 3]", "[-4, 20]")), Contains("has the data_offsets [-4,20]"));
  CHECK_THAT(complaint(tensor("[2, 3]", "[0]")),
             Contains("has the data_offsets [0], allowed: two"));
  CHECK_THAT(complaint(tensor("7")), Contains("x.safetensors: "));
  CHECK_THAT(complaint("no header"), Contains("damaged safetensors header"));
  CHECK_THAT(complaint(std::string(75'000, '[')),
             Contains("x.safetensors: damaged safetensors header: nested deeper than 100"));
}

TEST_CASE("a .npy file whose shape is no list of whole numbers is refused", "[checkpoint]") {
  const TemporaryFolder folder;
  const auto load = [&](const std::string& shape) {
    std::string header = "{'descr': '<i4', 'fortran_order': False, 'shape': (" + shape + "), }\n";
    const std::string size = {static_cast<char>(header.size()), '\0'};
    std::ofstream(folder.path / "x.npy", std::ios::binary)
        << std::string("\x93NUMPY\x01\0", 8) << size << header << std::string(24, '\0');
    return load_npy(folder.path / "x.npy").shape;
  };
  CHECK(load("2, 3") == std::vector<int64_t>{2, 3});
  CHECK(load(" 6 ,") == std::vector<int64_t>{6});
  for (const char* odd : {"6 1,", "2x, 3", "-6", "6e0", "0x6", "x, 6"})
    CHECK_THROWS_WITH(load(odd), Contains("odd shape"));
}
