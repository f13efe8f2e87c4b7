#include "longhaul/parts/scan_order.h"

#include <algorithm>
#include <numeric>

#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

namespace {

using Pixels = std::vector<int64_t>;

// Whether each pixel stands beside the one before.
bool is_path(const Pixels& pixels, int64_t width) {
  for (std::size_t t = 1; t < pixels.size(); ++t)
    if (std::abs(pixels[t] / width - pixels[t - 1] / width) +
            std::abs(pixels[t] % width - pixels[t - 1] % width) !=
        1)
      return false;
  return true;
}

}  // namespace

TEST_CASE("a scan reads each pixel once, in its own order", "[parts][scan]") {
  CHECK(ScanOrder("column", 2, 3).pixels() == Pixels{0, 3, 1, 4, 2, 5});
  CHECK(ScanOrder("snake", 2, 3).pixels() == Pixels{0, 1, 2, 5, 4, 3});
  CHECK(ScanOrder("hilbert", 2, 2).pixels() == Pixels{0, 2, 3, 1});
  CHECK(ScanOrder("bit_reversal", 2, 4).pixels() == Pixels{0, 4, 2, 6, 1, 5, 3, 7});
  CHECK(ScanOrder("bit_reversal", 2, 3).pixels() == Pixels{0, 4, 2, 1, 5, 3});
  CHECK(ScanOrder("row", 2, 3).pixels().empty());
  for (const std::string name : {"column", "snake", "hilbert", "bit_reversal"})
    for (const int64_t height : {1, 7, 28, 32})
      for (const int64_t width : {1, 5, 28, 32}) {
        INFO(name << ' ' << height << " x " << width);
        Pixels pixels = ScanOrder(name, height, width).pixels(), all(height * width);
        std::sort(pixels.begin(), pixels.end());
        std::iota(all.begin(), all.end(), 0);
        CHECK(pixels == all);
      }
}

TEST_CASE("along snake and Hilbert's curve neighbours follow, and Hilbert's stays near",
          "[parts][scan]") {
  for (const int64_t side : {2, 4, 8, 32, 128}) {
    CHECK(is_path(ScanOrder("snake", side, side).pixels(), side));
    CHECK(is_path(ScanOrder("hilbert", side, side).pixels(), side));
  }
  const Pixels curve = ScanOrder("hilbert", 32, 32).pixels();
  for (std::size_t t = 0; t < curve.size(); t += 64)  // 64 pixels in a row are a square of 8
    for (std::size_t i = t; i < t + 64; ++i) {
      CHECK(curve[i] / 32 / 8 == curve[t] / 32 / 8);
      CHECK(curve[i] % 32 / 8 == curve[t] % 32 / 8);
    }
}

TEST_CASE("tokens and values of any width go along a scan and back", "[parts][scan]") {
  const ScanOrder scan("column", 2, 3);
  const Example tokens{{1, 2, 3, 4, 5, 6}, {7}};
  CHECK(scan.scanned(tokens).tokens == std::vector<int32_t>{1, 4, 2, 5, 3, 6});
  CHECK(scan.by_rows(scan.scanned(tokens)).tokens == tokens.tokens);
  CHECK(scan.scanned(tokens).targets == tokens.targets);
  Example values;
  values.values = {1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6};
  CHECK(scan.scanned(values).values ==
        std::vector<float>{1, -1, 4, -4, 2, -2, 5, -5, 3, -3, 6, -6});
  CHECK(scan.by_rows(scan.scanned(values)).values == values.values);
  CHECK(ScanOrder().scanned(tokens).tokens == tokens.tokens);
}

TEST_CASE("a picture in another scan has the same pixels, and is shown as it was",
          "[tasks][scan]") {
  for (const std::string task : {"image_synthetic", "pathfinder"}) {
    const OptionMap small = task == "pathfinder" ? OptionMap{{"size", std::string("16")}}
                                                 : OptionMap{{"size", int64_t{16}}};
    OptionMap scanned = small;
    scanned["scan"] = std::string("hilbert");
    const auto rows = make_task(task, small), curve = make_task(task, scanned);
    for (int i = 0; i < 5; ++i) {
      Rng one(1, "scan", i), two(1, "scan", i);
      const Example a = rows->draw(one), b = curve->draw(two);
      CHECK(a.tokens != b.tokens);
      CHECK(ScanOrder("hilbert", 16, 16).scanned(a).tokens == b.tokens);
      CHECK(rows->show(a) == curve->show(b));
      CHECK(rows->shallow(a, 0).key == curve->shallow(b, 0).key);
    }
  }
}
