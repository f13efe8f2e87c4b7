#include "harness/report/plot.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <system_error>

#include "harness/report/gnuplot.h"
#include "support/csv.h"

namespace longhaul {
namespace {

struct Size {
  int width, height, font;
};
Size size_of(const Plot& plot) { return plot.is_small ? Size{200, 140, 10} : Size{350, 250, 12}; }
// Stands in gnuplot's output where the page's own colour of text will.
constexpr const char* kInk = "#010203";
constexpr std::array<const char*, 2> kInkInSvg = {"rgb(  1,   2,   3)", "rgb(1,2,3)"};
constexpr std::size_t kNamedTics = 6;

struct Mark {
  int point_type;
  const char* text;
};
constexpr std::array<Mark, 5> kMarks = {{{7, "●"}, {5, "■"}, {9, "▲"}, {13, "◆"}, {11, "▼"}}};

bool is_finite(const PlotPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

bool has_spread(const PlotSeries& series) {
  for (const PlotPoint& point : series.points)
    if (point.low != point.high) return true;
  return false;
}

// "x y low high" a line, under a name that plot commands refer to.
std::string data_block(const PlotSeries& series, std::size_t number) {
  std::string block = fmt::format("$data{} << END\n", number);
  for (const PlotPoint& point : series.points)
    if (is_finite(point))
      block += fmt::format("{} {} {} {}\n", csv_text(point.x), csv_text(point.y),
                           csv_text(point.low), csv_text(point.high));
  return block + "END\n";
}

// gnuplot's command, and of each part of the drawing the series that it shows.
std::string plot_command(const Plot& plot, std::vector<std::size_t>& parts) {
  std::string command;
  const auto add = [&](std::size_t i, const std::string& how) {
    parts.push_back(i);
    command += fmt::format("{}$data{} using {}", command.empty() ? "plot " : ", ", i, how);
  };
  for (std::size_t i = 0; i < plot.series.size(); ++i)
    if (plot.spread == Spread::band && has_spread(plot.series[i]))
      add(i, fmt::format(
                 "1:3:4 notitle with filledcurves fs transparent solid 0.18 noborder lc rgb '{}'",
                 plot.series[i].style.colour));
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const PlotSeries& series = plot.series[i];
    if (series.is_range) continue;
    const std::string& colour = series.style.colour;
    if (plot.spread != Spread::band && has_spread(series))
      add(i,
          fmt::format("{} notitle with vectors nohead lw 1 lc rgb '{}'",
                      plot.spread == Spread::bars ? "1:3:(0):($4-$3)" : "3:2:($4-$3):(0)", colour));
    if (series.is_reference)
      add(i, fmt::format("1:2 notitle with lines dt 2 lw 1.2 lc rgb '{}'", colour));
    else
      // A long line carries a mark here and there.
      add(i, fmt::format("1:2 notitle with {} pt {} ps 0.7 lw 1.5 pointinterval {} lc rgb '{}'",
                         plot.has_lines ? "linespoints" : "points", series.style.point_type,
                         1 + series.points.size() / 12, colour));
  }
  return command + "\n";
}

std::string tics(const std::vector<int64_t>& places) {
  const std::size_t every = 1 + (places.size() - 1) / kNamedTics;
  std::string list;
  for (std::size_t i = 0; i < places.size(); ++i)
    list += fmt::format("{}{} {}", i ? ", " : "", i % every ? "''" : fmt::format("'{}'", places[i]),
                        places[i]);
  // A little wider than its ends, since a logarithm's rounding may leave out a tic.
  return fmt::format("set xtics ({}) nomirror textcolor rgb '{}'\nset xrange [{}:{}]\n", list, kInk,
                     0.95 * static_cast<double>(places.front()),
                     1.05 * static_cast<double>(places.back()));
}

std::string script_of(const Plot& plot) {
  const Size size = size_of(plot);
  std::string script =
      fmt::format("reset\nset terminal svg size {},{} noenhanced font 'sans-serif,{}'\n",
                  size.width, size.height, size.font);
  script += fmt::format(
      "set border 3 lc rgb '{0}'\nset tics nomirror textcolor rgb '{0}'\n"
      "set grid lt 1 lw 0.3 lc rgb '#808080'\nunset key\n"
      "set xlabel '{1}' textcolor rgb '{0}'\nset ylabel '{2}' textcolor rgb '{0}'\n"
      "set format x '{3}'\nset format y '{4}'\nset yrange {5}\n",
      kInk, plot.is_small ? "" : plot.x_label, plot.is_small ? "" : plot.y_label, plot.x_format,
      plot.y_format, plot.y_range);
  // Lines fill the picture; single marks keep off its edges.
  script += plot.has_lines ? "set autoscale x noextend\n"
                           : "set offsets graph 0.05, graph 0.05, graph 0.02, graph 0.02\n"
                             "set xrange [0<*:*]\n";  // costs, which are never below nothing
  if (plot.log_x) script += "set logscale x 2\n";
  if (plot.log_y) script += fmt::format("set logscale y {}\n", plot.y_base);
  if (!plot.x_tics.empty()) script += tics(plot.x_tics);
  if (plot.x_step) script += fmt::format("set xtics {}\n", csv_text(*plot.x_step));
  if (plot.y_step) script += fmt::format("set ytics {}\n", csv_text(*plot.y_step));
  for (std::size_t i = 0; i < plot.series.size(); ++i) script += data_block(plot.series[i], i);
  std::vector<std::size_t> parts;
  return script + plot_command(plot, parts) + "set output\n";
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

// The drawing of one picture, with names that no other picture of the page has, without gnuplot's
// titles, which browsers show beside the mouse, and its empty groups, half of the text.
std::string svg_element(std::string drawing, std::size_t number, const Plot& plot) {
  std::vector<std::size_t> parts;
  plot_command(plot, parts);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string id = fmt::format("id=\"gnuplot_plot_{}\"", i + 1);
    const std::size_t at = drawing.find(id);
    const PlotSeries& series = plot.series[parts[i]];
    if (at != std::string::npos && !series.is_reference && !series.is_range)
      drawing.insert(at + id.size(), fmt::format(" data-series=\"{}\"", series_key(series.style)));
  }
  for (std::size_t at; (at = drawing.find("<title>")) != std::string::npos;)
    drawing.erase(at, drawing.find("</title>", at) + 8 - at);
  const std::string empty_group = "\">\n</g>\n";
  for (std::size_t at; (at = drawing.find(empty_group)) != std::string::npos;) {
    const std::size_t begin = drawing.rfind("<g", at);
    drawing.erase(begin, at + empty_group.size() - begin);
  }
  for (const char* ink : kInkInSvg) replace_all(drawing, ink, "var(--ink)");
  for (const char* reference : {"id='", "id=\"", "href='#", "url(#"})
    replace_all(drawing, reference, fmt::format("{}p{}-", reference, number));
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n{}</svg>\n", size_of(plot).width,
                     size_of(plot).height, drawing);
}

}  // namespace

PlotStyle plot_style(std::size_t i) {
  static constexpr std::array<const char*, 7> kColours = {
      "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#808080"};
  const Mark& mark = kMarks[i % kMarks.size()];
  return {kColours[i % kColours.size()], mark.point_type, mark.text};
}

PlotStyle ordered_style(std::size_t i, std::size_t count) {
  static constexpr double kStops[3][3] = {{76, 95, 215}, {181, 72, 143}, {232, 145, 45}};
  const double place =
      count > 1 ? 2.0 * static_cast<double>(i) / static_cast<double>(count - 1) : 0;
  const std::size_t from = place >= 1 ? 1 : 0;
  const auto part = [&](int channel) {
    const double low = kStops[from][channel], high = kStops[from + 1][channel];
    return static_cast<int>(std::lround(low + (place - static_cast<double>(from)) * (high - low)));
  };
  const Mark& mark = kMarks[i % kMarks.size()];
  return {fmt::format("#{:02X}{:02X}{:02X}", part(0), part(1), part(2)), mark.point_type,
          mark.text};
}

std::string series_key(const PlotStyle& style) {
  return fmt::format("{}-{}", style.colour.substr(1), style.point_type);
}

std::optional<double> round_step(double range) {
  if (range <= 0) return std::nullopt;
  const double power = std::pow(10, std::floor(std::log10(range / 2)));
  for (const double digit : {5, 2})
    if (range / (digit * power) >= 2) return digit * power;
  return power;
}

PlotStyle grey_style() { return {"#808080", kMarks[0].point_type, kMarks[0].text}; }

bool Plot::is_empty() const {
  for (const PlotSeries& one : series)
    for (const PlotPoint& point : one.points)
      if (is_finite(point)) return false;
  return true;
}

std::vector<std::string> draw(const std::vector<Plot>& plots) {
  if (plots.empty()) return {};
  std::string script = "set encoding utf8\n";
  for (const Plot& plot : plots) script += script_of(plot);
  const std::string output = run_gnuplot(script);

  std::vector<std::string> pictures;
  for (std::size_t end = 0, begin; pictures.size() < plots.size(); end += 6) {
    begin = output.find("<g id=\"gnuplot_canvas\">", end);
    if (begin != std::string::npos) end = output.find("</svg>", begin);
    if (begin == std::string::npos || end == std::string::npos)
      throw std::system_error(
          std::make_error_code(std::errc::io_error),
          fmt::format("gnuplot drew {} of {} pictures", pictures.size(), plots.size()));
    pictures.push_back(
        svg_element(output.substr(begin, end - begin), pictures.size(), plots[pictures.size()]));
  }
  return pictures;
}

}  // namespace longhaul
