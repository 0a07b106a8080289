#!/usr/bin/env bash
# The HTML report in a real browser: every view and key of it, its accessibility by axe, and that it asks nobody for
# anything. Pages are made by the program, from scans and from reports of other tools, and served by `leakward view`.
#
#   bash tests/page.sh [FOLDER]     leaves the pages, and pictures of them, light and dark, in FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
TOOLS="${TOOLS:-$PWD/target/tools}"
leakward="${LEAKWARD:-$PWD/target/debug/leakward}"
[ -x "$leakward" ] || cargo build --quiet --locked
if ! command -v chromium >/dev/null || [ ! -d "$TOOLS/node/node_modules/axe-core" ]; then TOOLS="$TOOLS" bash tests/setup.sh; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A repository with a history, names that would be markup if they were not text, and a suppressed finding.
git init -q "$work/shop"
mkdir -p "$work/shop/<b>bold</b>"
# Made here: a password that nobody has.
made() { printf '%s' "$1-seed" | sha256sum | cut -c1-14; }
printf 'password = "%s" # <script>document.title="taken"</script>\n' "Zq$(made one)" >"$work/shop/<b>bold</b>/a.py"
printf 'postgres://app:Xw%s@db.internal.acme.io/app\n' "$(made two)" >"$work/shop/.env"
printf 'password = "Lm%s" # leakward:allow\n' "$(made three)" >"$work/shop/c.py"
git -C "$work/shop" add -A
git -C "$work/shop" -c user.name=Ann -c user.email=ann@example.org commit -qm 'add <i>settings</i>'
reports=(--format json --output "$work/r.json" --format sarif --output "$work/r.sarif" --format gitleaks --output "$work/gitleaks.json" --format html --output "$work/r.html")
code=0
"$leakward" git "$work/shop" --show-suppressed "${reports[@]}" --quiet || code=$?
[ "$code" = 1 ] || { echo "the scan ended with $code" >&2; exit 1; }
# Nothing found, and something not scanned.
printf 'x = 1\n' >"$work/clean.py"
"$leakward" scan "$work/clean.py" --format html --output "$work/clean.html" --quiet
# Many.
python3 - "$work/r.json" "$work/many.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
kinds = [f for f in report["findings"] if not f["suppressed"]]
many = []
for i in range(50_000):
    finding = dict(kinds[i % len(kinds)], path=f"services/team{i % 37}/module{i % 911}/settings{i % 13}.py", fingerprint=f"b3k:{i:032x}")
    finding["start"] = {"line": i % 900 + 1, "column": 5}
    finding["severity"] = ["critical", "high", "high", "medium", "low"][i % 5]
    many.append(finding)
report["findings"] = many
report["summary"]["findings"] = len(many)
json.dump(report, open(sys.argv[2], "w"))
PY
"$leakward" report "$work/many.json" --html --output "$work/many.html" 2>/dev/null
NODE_PATH="$TOOLS/node/node_modules" node tests/page.cjs "$leakward" "$work" "${1:-}"
[ -z "${1:-}" ] || cp "$work"/*.html "$1"
