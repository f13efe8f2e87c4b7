#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace longhaul {

// How a line looks: its colour, its marks for gnuplot, and the same mark as a character.
struct PlotStyle {
  std::string colour;  // "#0072B2"
  int point_type;
  std::string mark;
};

// Of the i-th line of a picture: colours that colour-blind readers tell apart (Okabe and Ito 2008),
// and marks for those who print without.
PlotStyle plot_style(std::size_t i);
// Of the i-th of `count` things that have an order, from blue over purple to orange.
PlotStyle ordered_style(std::size_t i, std::size_t count);
PlotStyle grey_style();
// What tells a line from others, in the attribute data-series of its parts of a picture.
std::string series_key(const PlotStyle& style);

struct PlotPoint {
  double x = 0, y = 0;
  double low = y, high = y;  // the spread around y; with bars_along_x around x
};

struct PlotSeries {
  PlotStyle style;
  std::vector<PlotPoint> points;  // those that are not finite are left out
  bool is_reference = false;      // a dashed line without marks
  bool is_range = false;          // its spread alone
};

enum class Spread { band, bars, bars_along_x };

// Between tics: a round number of which a range holds two to five. None where there is no range.
std::optional<double> round_step(double range);

// A picture of numbers alone. Its texts go into a script as they are: fixed ones, never names that
// users choose, which stand in the page around the picture.
struct Plot {
  std::string x_label, y_label;
  bool has_lines = true;
  Spread spread = Spread::band;
  bool log_x = false, log_y = false;
  int y_base = 10;              // of a logarithmic axis
  std::string x_format = "%g";  // as gnuplot writes numbers: "%.1s%c" is 20.0k
  std::string y_format = "%g";
  std::vector<int64_t> x_tics{};  // places that are named; empty: as it comes
  std::string y_range = "[*:*]";  // as gnuplot writes ranges: "[0<*:*<100]" stays within 0 to 100
  bool is_small = false;          // one of many side by side: no labels, few tics
  std::optional<double> x_step{}, y_step{};  // between tics
  std::vector<PlotSeries> series{};

  bool is_empty() const;
};

// The pictures as svg elements, none of them empty. Text and axes have the page's colour --ink.
// Throws std::system_error if gnuplot is missing or fails.
std::vector<std::string> draw(const std::vector<Plot>& plots);

}  // namespace longhaul
