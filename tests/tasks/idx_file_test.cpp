
#include "tasks/files/idx_file.h"
#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;

TEST_CASE("idx files: sizes and records are read", "[tasks][digits]") {
  const idx::Array array = idx::parse(sample::idx_file({2, 1, 3}, "abcdef"), 3, "pictures");
  CHECK(array.sizes == std::vector<int64_t>{2, 1, 3});
  CHECK(std::string(array.bytes.begin(), array.bytes.end()) == "abcdef");
  CHECK(array.record_bytes() == 3);
}

TEST_CASE("idx files: what is wrong is said with the file and the record", "[tasks][digits]") {
  const std::string good = sample::idx_file({2, 1, 3}, "abcdef");
  struct Row {
    std::string content;
    const char* message;
  };
  const std::string packed("\x1f\x8b\x08\0", 4);
  const Row rows[] = {
      {"", "f: has 0 bytes, too few for the header of an IDX file"},
      {good.substr(0, 9), "f: has 9 bytes, its header alone 16"},
      {packed, "f: is still packed; unpack it with gunzip"},
      {"PNG " + good, "f: starts with the bytes 80 78, allowed: 0 0, an IDX file"},
      {std::string("\0\0\x0d\x03", 4), "f: element type 13, allowed: 8, unsigned bytes"},
      {sample::idx_file({6}, "abcdef"), "f: has 1 dimensions, allowed: 3"},
      {sample::idx_file({2, 0, 3}, ""), "f: dimension 2 has the size 0"},
      {sample::idx_file({0, 1, 3}, ""), "f: dimension 1 has the size 0"},
      {sample::idx_file({1u << 31, 1u << 31, 1u << 31}, ""), "f: its header tells of more than"},
      {sample::idx_file({2, 1, 3}, "abcde"),
       "f: ends in record 1 of 2 (counted from 0): 5 bytes of 6"},
      {good + "g", "f: has 1 bytes after its last record"},
  };
  for (const Row& row : rows)
    CHECK_THROWS_WITH(idx::parse(row.content, 3, "f"), Contains(row.message));
}

TEST_CASE("idx files: a label out of range is named with its record", "[tasks][digits]") {
  const idx::Array labels =
      idx::parse(sample::idx_file({4}, std::string("\0\x09\x0a\x01", 4)), 1, "f");
  CHECK_NOTHROW(idx::check_labels(labels, 10, "f"));
  CHECK_THROWS_WITH(idx::check_labels(labels, 9, "f"),
                    Contains("f: record 2 (counted from 0): label 10, allowed: 0 .. 9"));
}

TEST_CASE("idx files: rubbish and cut-off files are refused, never more", "[tasks][digits]") {
  const std::string good = sample::idx_file({3, 2, 2}, "abcdefghijkl");
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_THROWS_AS(idx::parse(good.substr(0, size), 3, "f"), Error);
  for (int i = 0; i < 2000; ++i) {
    Rng rng(1, "idx rubbish", i);
    std::string content = good;
    for (int change = 0; change < 3; ++change) {
      const int64_t at = rng.below(static_cast<int64_t>(content.size()));
      content[at] = static_cast<char>(rng.below(256));
    }
    try {
      const idx::Array array = idx::parse(content, 3, "f");
      CHECK(array.bytes.size() == 12);
    } catch (const Error&) {
    }
  }
}
