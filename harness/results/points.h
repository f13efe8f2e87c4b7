#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/results/store.h"

namespace longhaul {

// curve.csv: a header line, then step,split,metric,value. No file is an empty curve; throws Error
// naming path and line for a line that is not a point, or whose end is missing.
std::string to_csv(const std::vector<CurvePoint>& curve);
std::vector<CurvePoint> read_curve(const std::filesystem::path& trial_dir);
std::vector<CurvePoint> curve_of(const Trial& trial);  // none if it is known to be damaged

// diagnostics.csv: a header line, then step,layer,name,value. No file: no points; throws Error
// naming the path of a damaged one.
std::string to_csv(const std::vector<DiagnosticPoint>& points);
std::vector<DiagnosticPoint> read_diagnostics(const std::filesystem::path& trial_dir);
std::vector<DiagnosticPoint> diagnostics_of(const Trial& trial);  // likewise

}  // namespace longhaul
