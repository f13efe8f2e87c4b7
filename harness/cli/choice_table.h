#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/registry.h"

namespace longhaul {

// The columns of a table in docs: their headings, and the key of an entry that each shows.
using Headings = std::vector<std::pair<std::string, std::string>>;

// A table of what a suite may choose from, as `list` and `show` print it and docs have it.
struct ChoiceTable {
  std::string plural, singular;  // "losses", "loss"
  Headings headings;
  nlohmann::ordered_json (*entries)(const Registry&);  // each has a "name" and an "about"
};

const std::vector<ChoiceTable>& choice_tables();  // all but models and tasks

// The columns of one of the CSV files that `longhaul export` writes, "results".
nlohmann::ordered_json csv_column_entries(const std::string& file);

// Tables of Markdown, names as code.
std::string to_markdown(const Headings& headings, const nlohmann::ordered_json& entries);
std::string csv_markdown(const std::string& file);

}  // namespace longhaul
