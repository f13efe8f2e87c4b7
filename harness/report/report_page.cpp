#include "harness/report/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <utility>

#include "harness/report/html.h"
#include "harness/report/page_style.h"
#include "support/csv.h"

namespace longhaul {
namespace {

std::string legend_html(const std::vector<LegendEntry>& legend) {
  std::string html = "<div class=\"legend\">";
  for (const LegendEntry& entry : legend)
    html += fmt::format("<span data-series=\"{}\"><i style=\"color:{}\">{}</i> {}</span>\n",
                        series_key(entry.style), entry.style.colour, entry.style.mark,
                        html_text(entry.text));
  return html + "</div>\n";
}

// A picture with what readers who do not see it are told.
std::string with_name(std::string picture, const std::string& name) {
  return picture.insert(4, fmt::format(" aria-label=\"{}\"", html_text(name)));  // behind <svg
}

constexpr std::size_t kToldApart = 6, kMostAlone = 24;  // lines of a picture

// From the lowest to the highest of its lines and their spreads, where all of them have a point.
PlotSeries range_of(const Plot& plot) {
  std::map<double, std::vector<PlotPoint>> at;
  std::size_t lines = 0;
  for (const PlotSeries& series : plot.series)
    if (!series.is_reference && !series.points.empty()) {
      ++lines;
      for (const PlotPoint& point : series.points) at[point.x].push_back(point);
    }
  PlotSeries range{grey_style(), {}};
  range.is_range = true;
  for (const auto& [x, points] : at)
    if (points.size() >= lines) {
      PlotPoint all = points.front();
      for (const PlotPoint& point : points) {
        all.low = std::min(all.low, point.low);
        all.high = std::max(all.high, point.high);
      }
      range.points.push_back(all);
    }
  return range;
}

// One line of a picture before the range of all.
Plot alone(const Plot& plot, const PlotStyle& style) {
  Plot small = plot;
  small.is_small = true;
  small.spread = Spread::band;
  small.series = {range_of(plot)};
  for (const PlotSeries& series : plot.series)
    if (series.is_reference || series_key(series.style) == series_key(style))
      small.series.push_back(series);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const PlotPoint& point : small.series.front().points) {
    low = std::min(low, point.low);
    high = std::max(high, point.high);
  }
  if (!plot.log_y) small.y_step = round_step(high - low);
  return small;
}

bool has_line(const Plot& plot, const PlotStyle& style) {
  return std::any_of(plot.series.begin(), plot.series.end(), [&](const PlotSeries& series) {
    return !series.is_reference && !series.points.empty() &&
           series_key(series.style) == series_key(style);
  });
}

// As part of an address.
std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const unsigned char c : text)
    encoded += std::isalnum(c) || c == '.' || c == '-' ? std::string(1, static_cast<char>(c))
                                                       : fmt::format("%{:02X}", c);
  return encoded;
}

// The numbers of a picture, "series,x,y,low,high" a line.
std::string numbers_csv(const Plot& plot, const std::vector<LegendEntry>& legend) {
  std::string csv = csv_line({"series", plot.x_label, plot.y_label, "low", "high"});
  for (const PlotSeries& series : plot.series) {
    std::string name = series.is_reference ? "reference" : "";
    for (const LegendEntry& entry : legend)
      if (!series.is_reference && series_key(entry.style) == series_key(series.style))
        name = entry.text;
    for (const PlotPoint& point : series.points)
      csv += csv_line(
          {name, csv_text(point.x), csv_text(point.y), csv_text(point.low), csv_text(point.high)});
  }
  return csv;
}

}  // namespace

void Page::section(const std::string& title) {
  add(fmt::format("<h2 id=\"s{}\">{}</h2>\n", sections_.size(), html_text(title)));
  sections_.push_back(title);
}

void Page::subsection(const std::string& title) { add("<h3>" + html_text(title) + "</h3>\n"); }

void Page::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string html = "<dl>\n";
  for (const auto& [name, value] : facts)
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_text(name), html_text(value));
  add(html + "</dl>\n");
}

void Page::paragraph(const std::string& text) { add("<p>" + html_text(text) + "</p>\n"); }

void Page::list(const std::vector<std::string>& items) {
  std::string html = "<ul>\n";
  for (const std::string& item : items) html += "<li>" + html_text(item) + "</li>\n";
  add(html + "</ul>\n");
}

void Page::picture(const std::string& svg, const std::string& name, const std::string& caption) {
  add(
      fmt::format("<figure>\n<div class=\"alone\">{}</div>\n<figcaption>{}</figcaption>\n"
                  "</figure>\n",
                  with_name(svg, name), html_text(caption)));
}

void Page::table(const Table& table) { add(to_html(table)); }

void Page::folded(const std::string& summary, const Table& table) {
  add(fmt::format("<details><summary>{}</summary>\n{}</details>\n", html_text(summary),
                  to_html(table)));
}

void Page::add_drawn(const Plot& plot, const std::string& name) {
  places_.push_back(pieces_.size() - 1);
  plots_.push_back(plot);
  names_.push_back(name);
}

void Page::add_alone(const std::vector<Figure>& figures, const std::vector<LegendEntry>& legend) {
  add("<details><summary>each line in a picture of its own</summary>\n<p>Grey: from the lowest to "
      "the highest of all lines.</p>\n");
  for (const Figure& figure : figures) {
    if (figure.plot.is_empty()) continue;
    add("<h4>" + html_text(figure.title) + "</h4>\n<div class=\"plots small\">\n");
    for (const LegendEntry& entry : legend)
      if (has_line(figure.plot, entry.style)) {
        add("<div>" + html_text(entry.text) + "\n");
        add_drawn(alone(figure.plot, entry.style),
                  fmt::format("{}, {}: {} over {}", figure.title, entry.text, figure.plot.y_label,
                              figure.plot.x_label));
        add("</div>\n");
      }
    add("</div>\n");
  }
  add("</details>\n");
}

void Page::figures(const std::vector<Figure>& figures, const std::vector<LegendEntry>& legend,
                   const std::string& caption) {
  const std::size_t before = plots_.size();
  for (const Figure& figure : figures) {
    if (figure.plot.is_empty()) continue;
    add(fmt::format("{}<div><h4>{}</h4>\n",
                    plots_.size() == before ? "<figure>\n<div class=\"plots\">\n" : "",
                    html_text(figure.title)));
    add_drawn(figure.plot, fmt::format("{}: {} over {}", figure.title, figure.plot.y_label,
                                       figure.plot.x_label));
    add(
        fmt::format("<div class=\"save\"><a download=\"{}.csv\" href=\"data:text/csv,{}\">save "
                    "numbers</a></div>\n</div>\n",
                    html_text(figure.title), percent_encoded(numbers_csv(figure.plot, legend))));
  }
  if (plots_.size() == before) return;
  add("</div>\n" + legend_html(legend) + "<figcaption>" + html_text(caption) +
      "</figcaption>\n</figure>\n");
  if (figures.front().plot.has_lines && legend.size() > kToldApart && legend.size() <= kMostAlone)
    add_alone(figures, legend);
}

std::string Page::html() const {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n<nav>",
      html_text(title_), kPageStyle);
  for (std::size_t i = 0; i < sections_.size(); ++i)
    page += fmt::format("<a href=\"#s{}\">{}</a>\n", i, html_text(sections_[i]));
  page += "</nav>\n";
  const std::vector<std::string> pictures = draw(plots_);
  for (std::size_t i = 0, next = 0; i < pieces_.size(); ++i) {
    page += pieces_[i];
    if (next == places_.size() || places_[next] != i) continue;
    page += with_name(pictures[next], names_[next]);
    ++next;
  }
  return page + "<script>" + kPageScript + "</script>\n</body>\n</html>\n";
}

}  // namespace longhaul
