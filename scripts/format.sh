#!/usr/bin/env bash
# Formats every C++ file of the tree; with --check only says which ones differ.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[ "${1:-}" = "--check" ] && mode=(--dry-run --Werror)
git ls-files '*.h' '*.cpp' | xargs clang-format "${mode[@]}"
