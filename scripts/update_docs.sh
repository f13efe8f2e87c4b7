#!/usr/bin/env bash
# Writes what the program says of itself into the tree: JSON schemas in configs/, tables in docs/.
#   scripts/update_docs.sh [PROGRAM]     PROGRAM: build/dev/bin/longhaul unless another is given
# A table stands between the lines <!-- longhaul list settings --> and <!-- end -->: the first names the command that
# prints it, but for --markdown. Of `longhaul table` it is the text down to the legend, with the processor that measured it.
# <!-- bench/peers/table.py ... --> and others of bench/ likewise name a script.
# Tests compare all with the program.
set -euo pipefail
cd "$(dirname "$0")/.."
longhaul=${1:-build/dev/bin/longhaul}

"$longhaul" schema suite >configs/suite.schema.json
"$longhaul" schema claim >configs/claim.schema.json

# table_of DIR: what `longhaul table DIR` prints, as a block of code.
table_of() {
  "$longhaul" table "$1" | awk '/^(\*|chance,|params:) /{ exit } { print $0 == "" ? "" : "    " $0 }' | cat -s
  awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i } NR == 2 { print "Measured on: " $at["cpu"] ", " $at["threads"] " thread a trial." }' \
    "$1/results.csv"
}

for page in README.md docs/*.md docs/*/*.md; do
  updated=$(mktemp)
  while IFS= read -r line; do
    [ "$line" = "<!-- end -->" ] && { echo; inside=; }
    [ -n "${inside:-}" ] || printf '%s\n' "$line"
    if [[ $line =~ ^'<!-- '(longhaul|bench/[a-z_/]+\.py)' '(.*)' -->'$ ]]; then
      inside=yes
      echo
      # shellcheck disable=SC2086 # the line holds several words
      case ${BASH_REMATCH[1]}:${BASH_REMATCH[2]} in
        bench/*) python3 "${BASH_REMATCH[1]}" ${BASH_REMATCH[2]} ;;
        *:table\ *) table_of "${BASH_REMATCH[2]#table }" ;;
        *) "$longhaul" ${BASH_REMATCH[2]} --markdown ;;
      esac
    fi
  done <"$page" >"$updated"
  cmp -s "$updated" "$page" || cp "$updated" "$page"
  rm "$updated"
done
