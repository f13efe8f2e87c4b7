#!/usr/bin/env bash
# Does what README.md, docs/add-a-model.md and docs/add-a-task.md tell a reader to do: every command of their sh blocks,
# in the order in which they stand, in one shell that starts in the clone. Looks at the results, then moves the
# installation.
# usage: package.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
source_dir=$1
build_dir=$2

work=$build_dir/package-test
rm -rf "$work"
mkdir -p "$work"
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache}
fi
export HOME=$work

# A clone as a reader has it. BUILD_DIR, which is built already, stands in for what quickstart.sh builds, and its suite
# is cut short.
clone=$work/clone
mkdir -p "$clone/scripts"
cp -r "$source_dir/configs" "$clone"
short='--set budget.steps=2 --set tasks.delayed-copy-32.budget.steps=2 --set tasks.s3-16.budget.steps=2 --set seeds=[0] --set defaults.test_examples=20'
sed -e '/^scripts\/install_packages.sh$/d' -e '/^cmake --preset release /d' -e '/^cmake --build --preset release /d' \
  -e "s|build/release|$build_dir|" -e "s|longhaul run quick\$|& $short|" \
  "$source_dir/scripts/quickstart.sh" >"$clone/scripts/quickstart.sh"
chmod +x "$clone/scripts/quickstart.sh"
[ "$(grep -cF -e "$build_dir" -e "$short" "$clone/scripts/quickstart.sh")" = 2 ] || { echo "quickstart.sh has changed"; exit 1; }

# The one line that quickstart.sh asks a reader to add follows it.
{
  echo "set -euo pipefail"
  echo "cd \"$clone\""
  for page in README docs/add-a-model docs/add-a-task; do
    awk '/^```/ { inside = $0 == "```sh"; next } inside' "$source_dir/$page.md"
  done | sed 's|^scripts/quickstart.sh$|& \| tee ~/quickstart.txt; eval "$(tail -n 1 ~/quickstart.txt)"|'
} >"$work/commands.sh"
[ "$(grep -c '^longhaul ' "$work/commands.sh")" -ge 18 ] || { echo "too few commands were found"; exit 1; }
PATH=$(printf %s "$PATH" | tr ':' '\n' | grep -v '/\.local/bin$' | paste -sd:) bash -x "$work/commands.sh"
export PATH=$HOME/.local/bin:$PATH

# expect_row FOLDER MODEL ORIGIN: a trial of MODEL that went well stands in the folder's results.csv.
expect_row() {
  awk -F, -v model="$2" -v origin="$3" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $column["model"] == model && $column["model_origin"] == origin && $column["status"] == "ok" { found = 1 }
    END { exit !found }' "$1/results.csv" || { echo "no row of $2 from $3 in $1/results.csv"; exit 1; }
}
expect_row ~/my_model/results/runs/my_model my_model "$HOME/my_model/build/my_model.so"
expect_row ~/my_model/results/runs/my_model lru builtin
[ -s "$clone/results/runs/quick/report.html" ]
expect_row "$clone/results/runs/quick" gru builtin
expect_row ~/gated_average/results/runs/gated_average gated_average "$HOME/gated_average/build/gated_average.so"

# Public headers alone are installed, and the whole may be moved.
diff <(cd "$source_dir/include/longhaul" && ls; echo abi.h) <(ls ~/.local/include/longhaul | grep -v '^abi.h$'; echo abi.h)
mv ~/.local ~/moved
cd ~/gated_average
cmake -B moved -G Ninja -DCMAKE_PREFIX_PATH="$HOME/moved" >/dev/null
cmake --build moved
~/moved/bin/longhaul check --plugin moved/gated_average.so gated_average
~/moved/bin/longhaul list suites | grep '^quick ' >/dev/null

# The models and tasks of the tree are plugins too: each file that reads no data compiles against the package and loads.
cmake -S "$source_dir/tests/package/tree" -B ~/tree -G Ninja -DTREE="$source_dir" -DCMAKE_PREFIX_PATH="$HOME/moved" >/dev/null
cmake --build ~/tree >/dev/null
mapfile -t plugins <~/tree/plugins.txt
~/tree/load "${plugins[@]}" >~/tree/loaded.txt
[ "$(wc -l <~/tree/loaded.txt)" -ge "${#plugins[@]}" ] || { echo "plugins are missing"; cat ~/tree/loaded.txt; exit 1; }
