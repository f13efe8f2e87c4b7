#!/usr/bin/env bash
# Writes what the program says of itself into the tree: JSON schemas in configs/, tables in docs/.
#   scripts/update_docs.sh [PROGRAM]     PROGRAM: build/dev/bin/longhaul unless another is given
# A table stands between the lines <!-- longhaul list settings --> and <!-- end -->: the first names the command that
# prints it, but for --markdown. Tests compare both with the program.
set -euo pipefail
cd "$(dirname "$0")/.."
longhaul=${1:-build/dev/bin/longhaul}

"$longhaul" schema suite >configs/suite.schema.json
"$longhaul" schema claim >configs/claim.schema.json

for page in README.md docs/*.md docs/*/*.md; do
  updated=$(mktemp)
  while IFS= read -r line; do
    [ "$line" = "<!-- end -->" ] && { echo; inside=; }
    [ -n "${inside:-}" ] || printf '%s\n' "$line"
    if [[ $line =~ ^'<!-- longhaul '(.*)' -->'$ ]]; then
      inside=yes
      echo
      # shellcheck disable=SC2086 # the line holds several words
      "$longhaul" ${BASH_REMATCH[1]} --markdown
    fi
  done <"$page" >"$updated"
  cmp -s "$updated" "$page" || cp "$updated" "$page"
  rm "$updated"
done
