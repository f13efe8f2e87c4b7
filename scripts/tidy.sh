#!/usr/bin/env bash
# clang-tidy over the library's and the program's own sources, by .clang-tidy. Sources that compile as one are read as
# one. All of them take half an hour of a core.
#   scripts/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."

# A folder of its own, as clang cannot read the headers that GCC has precompiled in build/dev. One instruction set, so
# that the kernels are read once.
cmake --preset dev -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DLONGHAUL_INSTRUCTION_SETS=x86-64-v3 >/dev/null
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(
  grep -o '"file": "[^"]*"' build/tidy/compile_commands.json | cut -d'"' -f4 | sort -u |
    grep -vE '/(tests|bench)/|/build/tidy/generated/')
# The files that include such sources are CMake's. The flags are GCC's.
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 2 clang-tidy -p build/tidy --quiet \
  --checks=-bugprone-suspicious-include,-clang-diagnostic-unknown-warning-option --extra-arg=-Wno-unknown-warning-option
