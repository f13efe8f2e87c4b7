#pragma once

namespace longhaul {

// What every report holds: its style sheet, and the script that sorts tables, picks models out of
// pictures and saves pictures. Without the script the page reads the same.
extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace longhaul
