#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/report/plot.h"
#include "harness/tables/table.h"

namespace longhaul {

// A picture with the words around it. `title` may hold any name.
struct Figure {
  std::string title;
  Plot plot;
};

struct LegendEntry {
  PlotStyle style;
  std::string text;
};

// A page that grows from top to bottom: HTML with its style, script and pictures inside, which asks
// for no other file. All texts are plain, and escaped here.
class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}

  void section(const std::string& title);  // all that follows, until the next
  void subsection(const std::string& title);
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  void paragraph(const std::string& text);
  void list(const std::vector<std::string>& items);
  void table(const Table& table);
  void folded(const std::string& summary, const Table& table);  // opened by a click
  // Side by side, with one legend and one caption for all. Pictures without a point are left out,
  // and if none is left nothing appears. Where the lines are more than a reader tells apart, each
  // has a small picture of its own too, which a click opens.
  void figures(const std::vector<Figure>& figures, const std::vector<LegendEntry>& legend,
               const std::string& caption);

  // An svg element that is drawn already.
  void picture(const std::string& svg, const std::string& name, const std::string& caption);

  std::string html() const;  // draws the pictures

 private:
  void add(const std::string& html) { pieces_.push_back(html); }
  void add_drawn(const Plot& plot, const std::string& name);  // behind the last piece
  void add_alone(const std::vector<Figure>& figures, const std::vector<LegendEntry>& legend);

  std::string title_;
  std::vector<std::string> sections_;
  std::vector<std::string> pieces_;
  std::vector<Plot> plots_;
  std::vector<std::string> names_;   // of the pictures
  std::vector<std::size_t> places_;  // the piece that each picture follows
};

}  // namespace longhaul
