#!/usr/bin/env bash
# bench/published_costs.py: asks about the recipes that read no files, once each; a small costs.csv gives
# the stored table; docs have the table of results/reference/published.
# Skipped with 77 where Python is out of reach.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
python=/usr/bin/python3
[ -x "$python" ] || { echo "skipped: no $python"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

cp "$here/costs.csv" "$work"
"$python" bench/published_costs.py table "$work" | diff "$here/table.md" -

# Only what has no row is asked for, and is kept.
cat >"$work/longhaul" <<'EOF'
#!/bin/sh
echo '{"cpu": "Some Processor", "build": "0", "rows": [{"status": "ok", "parameters": 5, "steps": 6, "tokens": 7.4, "flops": 8.0,
  "train_seconds": 9.5, "seconds": 86400, "peak_resident_bytes": 11}]}'
EOF
chmod +x "$work/longhaul"
"$python" bench/published_costs.py measure "$work/longhaul" "$work" >"$work/printed"
grep -qx 's5_listops 1.0 days' "$work/printed"
grep -qx 's5_listops,5,6,7,8,10,86400,11,Some Processor,0' "$work/costs.csv"
"$python" bench/published_costs.py measure false "$work"  # nothing is left to ask

source tests/helpers/printed_tables.sh
check_tables bench/published_costs.py "$python"
[ "$tables" -gt 0 ] || { echo "no table of results/reference/published in docs"; exit 1; }
