# For the checks of bench/'s scripts; to be sourced at the top of the tree.

# check_tables SCRIPT PYTHON: README.md and docs hold what the commands `SCRIPT ...` of their <!-- SCRIPT ... --> print now.
# Sets `tables` to how many of them there are.
check_tables() {
  local page command printed
  tables=0
  for page in README.md docs/*.md docs/*/*.md; do
    while IFS= read -r command; do
      # shellcheck disable=SC2086 # several words
      printed=$("$2" $command)
      awk -v begin="<!-- $command -->" '$0 == begin { inside = 1; next } /^<!-- end -->$/ { inside = 0 } inside' "$page" |
        sed '1d;$d' | diff - <(printf '%s\n' "$printed") || { echo "$page: scripts/update_docs.sh writes this table"; return 1; }
      tables=$((tables + 1))
    done < <(grep -F "<!-- $1 " "$page" | sed -n 's/^<!-- \(.*\) -->$/\1/p')
  done
}
