#include "longhaul/parts/scan_order.h"

#include <algorithm>
#include <bit>

namespace longhaul {
namespace {

struct GridCell {
  int64_t row, column;
};

// The d-th cell of Hilbert's curve through a square of `side`, a power of two: from the least bits
// of d up, quarter after quarter is turned and set in its place.
GridCell hilbert_cell(int64_t side, int64_t d) {
  GridCell cell{0, 0};
  for (int64_t quarter = 1; quarter < side; quarter *= 2, d /= 4) {
    const int64_t right = (d / 2) % 2, down = (d ^ right) % 2;
    if (down == 0) {
      if (right == 1) cell = {quarter - 1 - cell.row, quarter - 1 - cell.column};
      std::swap(cell.row, cell.column);
    }
    cell.column += quarter * right;
    cell.row += quarter * down;
  }
  return cell;
}

int64_t reversed_bits(int64_t number, int bits) {
  int64_t reversed = 0;
  for (int i = 0; i < bits; ++i) reversed |= (number >> i & 1) << (bits - 1 - i);
  return reversed;
}

int64_t next_power(int64_t n) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(n)));
}

// to[i] of the result is from[i] of the items, which are `width` numbers each.
template <class T>
std::vector<T> moved(const std::vector<T>& items, const std::vector<int64_t>& pixels, bool back) {
  std::vector<T> result(items.size());
  const auto width = static_cast<int64_t>(items.size() / pixels.size());
  for (std::size_t t = 0; t < pixels.size(); ++t) {
    const auto position = static_cast<int64_t>(t);
    const int64_t from = back ? position : pixels[t], to = back ? pixels[t] : position;
    std::copy_n(items.begin() + from * width, width, result.begin() + to * width);
  }
  return result;
}

Example moved(Example example, const std::vector<int64_t>& pixels, bool back) {
  if (pixels.empty()) return example;
  if (!example.tokens.empty()) example.tokens = moved(example.tokens, pixels, back);
  if (!example.values.empty()) example.values = moved(example.values, pixels, back);
  return example;
}

}  // namespace

std::string ScanOrder::read(Options& options) {
  return options.choice("scan", "row", {"row", "column", "snake", "hilbert", "bit_reversal"},
                        "the order in which pixels are read");
}

ScanOrder::ScanOrder(const std::string& name, int64_t height, int64_t width) {
  if (name == "row") return;
  const int64_t pixels = height * width, side = next_power(std::max(height, width));
  const int64_t all = name == "hilbert"        ? side * side
                      : name == "bit_reversal" ? next_power(pixels)
                                               : pixels;
  const int bits = std::countr_zero(static_cast<uint64_t>(next_power(pixels)));
  for (int64_t i = 0; i < all; ++i) {
    GridCell cell{i / width, i % width};
    if (name == "column") cell = {i % height, i / height};
    if (name == "snake" && cell.row % 2 == 1) cell.column = width - 1 - cell.column;
    if (name == "hilbert") cell = hilbert_cell(side, i);
    if (name == "bit_reversal")
      cell = {reversed_bits(i, bits) / width, reversed_bits(i, bits) % width};
    if (cell.row < height && cell.column < width) pixels_.push_back(cell.row * width + cell.column);
  }
}

Example ScanOrder::scanned(Example by_rows) const {
  return moved(std::move(by_rows), pixels_, false);
}

Example ScanOrder::by_rows(Example scanned) const {
  return moved(std::move(scanned), pixels_, true);
}

}  // namespace longhaul
