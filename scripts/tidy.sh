#!/usr/bin/env bash
# clang-tidy over the library's own sources, by .clang-tidy; needs a configured dev build, whose flags are GCC's.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -f build/dev/compile_commands.json ] || cmake --preset dev >/dev/null
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files 'support/*.cpp' 'math/*.cpp' 'parts/*.cpp' 'core/*.cpp' 'models/*.cpp' 'tasks/*.cpp' 'harness/*.cpp')
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 \
  clang-tidy -p build/dev --quiet --extra-arg=-Wno-unknown-warning-option
