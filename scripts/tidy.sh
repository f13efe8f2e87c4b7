#!/usr/bin/env bash
# clang-tidy over the library's and the program's own sources, by .clang-tidy; needs a configured dev build, whose flags
# are GCC's. Sources that compile as one are read as one. All of them take half an hour of a core.
#   scripts/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."

[ -f build/dev/compile_commands.json ] || cmake --preset dev >/dev/null
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(
  grep -o '"file": "[^"]*"' build/dev/compile_commands.json | cut -d'"' -f4 | sort -u |
    grep -vE '/(tests|bench)/|/build/dev/generated/|cmake_pch')
# The files that include such sources are CMake's, and speak to GCC.
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 2 clang-tidy -p build/dev --quiet \
  --checks=-bugprone-suspicious-include,-clang-diagnostic-unknown-warning-option --extra-arg=-Wno-unknown-warning-option
