#!/usr/bin/env bash
# Proves each report format by what reads it: GitLab's report and reviewdog's by their schemas, JUnit by junitparser,
# CSV by Python's reader, XML and JSON by parsers. Over findings of every kind, none, and files that cannot be read.
#
#   bash tests/formats.sh          uses target/debug/leakward (built when missing)
#
# Tools come from PyPI and npm and stay under target/tools (bash tests/setup.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD/tests/conformance
TOOLS=${TOOLS:-$PWD/target/tools}
LEAKWARD=${LEAKWARD:-$PWD/target/debug/leakward}
[ -x "$LEAKWARD" ] || cargo build --quiet --locked
python=$TOOLS/venv/bin/python
rdformat=$TOOLS/node/node_modules/.bin/rdformat-validator
for tool in "$TOOLS/venv/bin/check-jsonschema" "$TOOLS/venv/bin/junitparser" "$rdformat"; do
  [ -e "$tool" ] || { echo "error: no $tool" >&2; echo "help: bash tests/setup.sh" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); printf 'FAILED: %s\n' "$*"; }
passes() { # passes WHAT COMMAND...
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then ok; else fail "$what: $said"; fi
}
refuses() { # refuses WHAT COMMAND...
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then fail "$what: taken"; else ok; fi
}
gitlab() { "$TOOLS/venv/bin/check-jsonschema" --schemafile "$here/gitlab.schema.json" "$1"; }
reviewdog() { "$rdformat" "$1"; }
junit() { # junitparser's exit code tells of failures; that it cannot read a file is an exception
  "$python" - "$1" "$2" <<'PY'
import sys
from junitparser import JUnitXml
xml = JUnitXml.fromfile(sys.argv[1])
cases = [case for suite in xml for case in suite]
assert len(cases) == xml.tests >= 1, (len(cases), xml.tests)
bad = sum(any(type(r).__name__ == "Failure" for r in case.result) for case in cases)
assert bad == xml.failures == int(sys.argv[2]), (bad, xml.failures)
assert sum(any(type(r).__name__ == "Error" for r in case.result) for case in cases) == xml.errors
PY
}
csv() {
  "$python" - "$1" "$2" <<'PY'
import csv, sys
raw = open(sys.argv[1], newline="", encoding="utf-8").read()
assert raw.count("\n") == raw.count("\r\n"), "line ends"
rows = list(csv.reader(raw.splitlines(keepends=True), strict=True))
assert {len(row) for row in rows} == {len(rows[0])}, "columns"
assert len(rows) == int(sys.argv[2]) + 1, len(rows)
runs = [cell for row in rows for cell in row if cell.lstrip()[:1] in tuple("=+-@＝＋－＠") or cell[:1] in tuple("\t\r")]
assert not [cell for cell in runs if cell], runs
PY
}

FORMATS="human json jsonl sarif gitleaks github gitlab junit csv rdjson markdown azure"
judge() { # judge NAME FOLDER EXIT: scans FOLDER into every format, and asks each validator
  local name=$1 code=0 format findings
  local flags=()
  for format in $FORMATS; do flags+=(--format "$format" --output "$work/$name.$format"); done
  (cd "$2" && "$LEAKWARD" scan . "${flags[@]}" 2>"$work/$name.err") || code=$?
  if [ "$code" = "$3" ]; then ok; else fail "$name: exit code $code, not $3: $(cat "$work/$name.err")"; fi
  findings=$("$python" -c 'import json,sys; print(json.load(open(sys.argv[1]))["summary"]["findings"])' "$work/$name.json")
  passes "$name, gitlab" gitlab "$work/$name.gitlab"
  passes "$name, rdjson" reviewdog "$work/$name.rdjson"
  passes "$name, junit" junit "$work/$name.junit" "$findings"
  passes "$name, csv" csv "$work/$name.csv" "$findings"
  if grep -q '##vso\[' <(sed 's/^##vso\[//' "$work/$name.azure")
  then fail "$name, azure: a command within a line"; else ok; fi
}

python3 "$here/tree.py" "$work/tree"
token=$(grep -rhoE 'ghp_[0-9A-Za-z]{36}' "$work/tree" | head -1)
[ -n "$token" ] || fail "the tree holds no token"
mkdir -p "$work/tree/formula"
printf 'k = "%s"\n' "$token" >"$work/tree/formula/=HYPERLINK(1,\"x\").py"
printf 'k = "%s"\n' "$token" >"$work/tree/formula/a##vso[task.complete]b;c]d.py"
judge found "$work/tree" 1
for format in $FORMATS; do
  if grep -qF "$token" "$work/found.$format"; then fail "$format shows a token"; else ok; fi
done

mkdir "$work/clean"
echo nothing >"$work/clean/a.txt"
judge none "$work/clean" 0

mkdir "$work/broken"
printf 'PK\3\4broken' >"$work/broken/a.zip"
judge broken "$work/broken" 2
for format in json sarif gitlab junit markdown azure github human; do
  if grep -q 'a.zip' "$work/broken.$format"; then ok; else fail "$format does not name what was not scanned"; fi
done
for format in csv rdjson; do
  if grep -q "$format report: it cannot tell" -i "$work/broken.err"; then ok; else fail "$format: no warning"; fi
done

echo "what is wrong is refused"
sed 's/"start_time": "\([^"]*\)"/"start_time": "\1Z"/' "$work/found.gitlab" >"$work/zoned.gitlab"
refuses "a time with a zone" gitlab "$work/zoned.gitlab"
sed 's/"sha"/"id"/' "$work/found.gitlab" >"$work/bare.gitlab"
refuses "no commit" gitlab "$work/bare.gitlab"
sed 's/"message"/"text"/; s/"path"/"file"/' "$work/found.rdjson" >"$work/bare.rdjson"
refuses "no message" reviewdog "$work/bare.rdjson"
sed 's/<\/testcase>//' "$work/found.junit" >"$work/bare.junit"
refuses "elements that do not close" junit "$work/bare.junit" 0

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
