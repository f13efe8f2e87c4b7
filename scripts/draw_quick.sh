#!/usr/bin/env bash
# Draws the picture of README.md, docs/pictures/quick.svg, from results/reference/quick/summary.csv: the test accuracy
# of each model on each task with its 95% interval, and the best baseline.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=results/reference/quick
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# column NAME...: these columns of a CSV file on standard input, whose cells hold no commas.
columns() {
  awk -F, -v names="$*" '
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; count = split(names, name, " "); next }
    { for (i = 1; i <= count; ++i) printf "%s%s", $at[name[i]], i < count ? "," : "\n" }'
}
columns task model mean ci95_low ci95_high <"$folder/summary.csv" >"$work/scores.csv"
columns task chance majority shallow <"$folder/results.csv" |
  awk -F, '!seen[$1]++ { best = $2; for (i = 3; i <= 4; ++i) if ($i > best) best = $i; print $1 "," best }' >"$work/baselines.csv"
cut -d, -f1 "$work/scores.csv" | awk '!seen[$0]++' >"$work/tasks"
cut -d, -f2 "$work/scores.csv" | awk '!seen[$0]++' >"$work/models"

{
  echo "set terminal svg size 860,300 noenhanced font 'sans-serif,12' background '#ffffff'"
  echo "set output 'docs/pictures/quick.svg'"
  echo "set datafile separator ','; set border 3; set tics nomirror; set grid y lc '#dddddd' lt 1"
  echo "set ylabel 'test accuracy, %'; set yrange [0:105]; set xrange [0.5:$(wc -l <"$work/tasks") + 0.5]"
  echo "set key outside right top reverse Left"
  awk '{ printf "%s\"%s\" %d", NR == 1 ? "set xtics (" : ", ", $0, NR } END { print ")" }' "$work/tasks"
  echo "place(name) = $(awk '{ printf "name eq \"%s\" ? %d : ", $0, NR } END { print "NaN" }' "$work/tasks")"
  cap='x > 100 ? 100 : x < 0 ? 0 : x'
  echo "cut(x) = $cap"
  awk -v file="$work/scores.csv" '
    BEGIN { split("#1f77b4 #d95f02 #1b9e77 #7b3fa0 #a6761d #666666", colour, " "); printf "plot " }
    { printf "\"%s\" using (strcol(2) eq \"%s\" ? place(strcol(1)) + %g : NaN):(100 * $3):(cut(100 * $4)):(cut(100 * $5)) " \
             "with yerrorbars pt 7 ps 0.8 lw 1.5 lc rgb \"%s\" title \"%s\", ", file, $0, (NR - 2.5) * 0.12, colour[NR], $0 }' "$work/models"
  echo "'$work/baselines.csv' using (place(strcol(1))):(100 * \$2):(0.35) with xerrorbars pt -1 lw 1.5 lc rgb '#888888' title 'best baseline'"
} >"$work/picture.gp"
gnuplot "$work/picture.gp"
