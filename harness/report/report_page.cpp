#include "harness/report/report_page.h"

#include <fmt/format.h>

#include <utility>

#include "harness/report/html.h"

namespace longhaul {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --rule: #cfd6dd; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --soft: #9aa5b0; --rule: #363d45; --paper: #14181c; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 84rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; padding-bottom: .2rem;
  border-bottom: 1px solid var(--rule); }
nav a { color: inherit; margin-right: 1.2em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1.2rem 0 .6rem; }
table { border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .15rem .6rem; text-align: right; vertical-align: top; }
th { font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 400; white-space: pre; }
thead tr, tbody { border-bottom: 1px solid var(--rule); }
tbody + tbody, .flat { color: var(--soft); }
td i { display: inline-block; text-align: left; white-space: pre; font-style: normal;
  color: var(--soft); }
td small { display: block; color: var(--soft); }
.notes { margin: .4rem 0; padding-left: 1.1rem; color: var(--soft); font-size: .87rem; }
figure { margin: 1.4rem 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .8rem; }
.plots div { break-inside: avoid; min-width: 0; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 -.6rem; }
.plots h4 { font-size: .95rem; font-weight: 600; margin: 0 0 .1rem; overflow-wrap: anywhere; }
.plots svg { width: 100%; max-width: 27rem; height: auto; display: block; }
.legend { margin: .5rem 0 .2rem; }
.legend span { margin-right: 1.3em; white-space: nowrap; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 60rem; }
li { overflow-wrap: anywhere; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --rule: #bbb; --paper: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; } table { font-size: 7.5pt; } th, td { padding: .1rem .35rem; }
  .plots { grid-template-columns: repeat(3, 1fr); } h2, h3 { break-after: avoid; }
}
)";

std::string legend_html(const std::vector<LegendEntry>& legend) {
  std::string html = "<div class=\"legend\">";
  for (const LegendEntry& entry : legend)
    html += fmt::format("<span><span style=\"color:{};margin:0\">{}</span> {}</span>\n",
                        entry.style.colour, entry.style.mark, html_text(entry.text));
  return html + "</div>\n";
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

void Page::table(const Table& table) { add(to_html(table)); }

void Page::figures(const std::vector<Figure>& figures, const std::vector<LegendEntry>& legend,
                   const std::string& caption) {
  const std::size_t before = plots_.size();
  for (const Figure& figure : figures) {
    if (figure.plot.is_empty()) continue;
    add(fmt::format("{}<div><h4>{}</h4>\n",
                    plots_.size() == before ? "<figure>\n<div class=\"plots\">\n" : "",
                    html_text(figure.title)));
    places_.push_back(pieces_.size() - 1);
    plots_.push_back(figure.plot);
    add("</div>\n");
  }
  if (plots_.size() == before) return;
  add("</div>\n" + legend_html(legend) + "<figcaption>" + html_text(caption) +
      "</figcaption>\n</figure>\n");
}

std::string Page::html() const {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n<nav>",
      html_text(title_), kStyle);
  for (std::size_t i = 0; i < sections_.size(); ++i)
    page += fmt::format("<a href=\"#s{}\">{}</a>\n", i, html_text(sections_[i]));
  page += "</nav>\n";
  const std::vector<std::string> pictures = draw(plots_);
  for (std::size_t i = 0, next = 0; i < pieces_.size(); ++i) {
    page += pieces_[i];
    if (next < places_.size() && places_[next] == i) page += pictures[next++];
  }
  return page + "</body>\n</html>\n";
}

}  // namespace longhaul
