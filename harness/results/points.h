#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/results/record.h"

namespace longhaul {

// curve.csv: a header line, then step,split,metric,value. A torn last line is left out. No file is
// an empty curve; throws Error naming path and line for any other line that is not a point.
std::string to_csv(const std::vector<CurvePoint>& curve);
std::vector<CurvePoint> read_curve(const std::filesystem::path& trial_dir);

// diagnostics.csv: a header line, then step,layer,name,value. No file: no points; throws Error
// naming the path of a damaged one.
std::string to_csv(const std::vector<DiagnosticPoint>& points);
std::vector<DiagnosticPoint> read_diagnostics(const std::filesystem::path& trial_dir);

}  // namespace longhaul
