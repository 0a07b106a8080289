#!/usr/bin/env bash
# Proves SARIF reports against what reads them: the standard's schema, Microsoft's validator with GitHub's rules on, what
# GitHub's ingestion checks beyond both, and the program that computes GitHub's line hash.
#
#   bash tests/conformance.sh          uses target/debug/leakward (built when missing)
#   LEAKWARD=path bash tests/conformance.sh
#
# Tools come from PyPI and npm and stay under target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD/tests/conformance
TOOLS=${TOOLS:-$PWD/target/tools}
LEAKWARD=${LEAKWARD:-$PWD/target/debug/leakward}
[ -x "$LEAKWARD" ] || cargo build --quiet --locked

if [ ! -x "$TOOLS/venv/bin/check-jsonschema" ]; then
  python3 -m venv "$TOOLS/venv"
  "$TOOLS/venv/bin/pip" install -q --disable-pip-version-check check-jsonschema
fi
sarif=$TOOLS/node/node_modules/@microsoft/sarif-multitool-linux
[ -e "$sarif/Sarif.Multitool" ] ||
  npm install --silent --no-audit --no-fund --prefix "$TOOLS/node" @microsoft/sarif-multitool-linux >/dev/null
chmod u+x "$sarif/Sarif.Multitool"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); printf 'FAILED: %s\n' "$*"; }

# The three judges. Each prints why it refuses.
schema() { "$TOOLS/venv/bin/check-jsonschema" --schemafile "$sarif/sarif-2.1.0.json" "$1"; }
multitool() { # its exit code says nothing of errors; its report does
  "$sarif/Sarif.Multitool" validate "$1" --config "$here/ghas.xml" --rule-kind 'Sarif;Ghas' --level 'Error;Warning' \
    --max-file-size-in-kb 200000 --log ForceOverwrite -o "$1.judged" >"$1.said" 2>&1 || { cat "$1.said"; return 1; }
  python3 - "$1.judged" <<'PY'
import json, sys
results = json.load(open(sys.argv[1]))["runs"][0]["results"]
bad = [r for r in results if r.get("level", "warning") in ("error", "warning")]
for r in bad[:5]:
    print(r["ruleId"], r.get("level", "warning"), json.dumps(r["message"])[:200])
sys.exit(bool(bad))
PY
}
github() { python3 "$here/ghchk.py" "$1"; }

judge() { # judge NAME FILE: all three must agree that it is good
  local judge said
  for judge in schema multitool github; do
    if said=$("$judge" "$2" 2>&1); then ok; else fail "$1, $judge: $said"; fi
  done
}
expect() { # expect NAME EXPRESSION FILE: python over the report `log` and its first run `run`
  if python3 -c "import json,sys,gzip
raw=open(sys.argv[1],'rb').read(); log=json.loads(raw); run=log['runs'][0]; results=run['results']
uris=[r['locations'][0]['physicalLocation']['artifactLocation']['uri'] for r in results]
sys.exit(not ($2))" "$3"; then ok; else fail "$1: $2"; fi
}
scan() { # scan CODE OUT ARGS...: a scan that must end with CODE
  local code=$1 out=$2 got=0
  shift 2
  "$LEAKWARD" scan --format sarif --output "$out" "$@" 2>"$out.err" || got=$?
  if [ "$got" = "$code" ]; then ok; else fail "scan $*: exit code $got, not $code: $(cat "$out.err")"; fi
}

echo "the broken files"
mkdir "$work/broken"
(cd "$work/broken" && python3 "$here/gen.py")
for file in "$work"/broken/*.sarif; do
  name=$(basename "$file" .sarif)
  good=yes
  schema "$file" >/dev/null 2>&1 && github "$file" >/dev/null 2>&1 && multitool "$file" >/dev/null 2>&1 || good=no
  case $name in # an empty run and a suppressed result are good
    good | bad-emptyres | bad-supp) want=yes ;;
    *) want=no ;;
  esac
  if [ "$good" = "$want" ]; then ok; else fail "$name: judged good=$good"; fi
done

echo "findings of every kind"
python3 "$here/tree.py" "$work/tree"
cd "$work/tree"
scan 1 "$work/found.sarif" .
judge "findings" "$work/found.sarif"
expect "odd names are encoded" \
  "{'odd/a%20b%23c%25d%5Ce.py','odd/%C3%BC%E6%BC%A2.py','odd/new%0Aline.py'} <= set(uris)" "$work/found.sarif"
expect "suppressed findings are left out" "not any('suppressed' in u for u in uris)" "$work/found.sarif"
expect "the exit code is told" "run['invocations'][0]['exitCode'] == 1" "$work/found.sarif"

echo "no finding"
scan 0 "$work/none.sarif" clean
judge "no finding" "$work/none.sarif"
expect "an empty run has results" "results == [] and run['invocations'][0]['executionSuccessful']" "$work/none.sarif"

echo "a subfolder"
(cd odd && scan 1 "$work/sub.sarif" .)
judge "a subfolder" "$work/sub.sarif"
expect "paths are told from the repository's root" "uris and all(u.startswith('odd/') for u in uris)" "$work/sub.sarif"

echo "a baseline"
"$LEAKWARD" baseline create --output "$work/baseline.jsonl" . >/dev/null 2>&1 || fail "baseline create"
scan 0 "$work/accepted.sarif" --baseline "$work/baseline.jsonl" .
judge "a baseline" "$work/accepted.sarif"
expect "accepted findings are left out" "results == []" "$work/accepted.sarif"
scan 0 "$work/shown.sarif" --baseline "$work/baseline.jsonl" --show-suppressed .
expect "accepted findings are shown on demand, as suppressed" \
  "results and all(r['suppressions'] for r in results)" "$work/shown.sarif"

echo "without the line hash"
scan 1 "$work/nohash.sarif" --no-line-hash .
expect "the line hash is left out" \
  "all('primaryLocationLineHash' not in r['partialFingerprints'] and r['partialFingerprints']['leakward/v1'] for r in results)" \
  "$work/nohash.sarif"

echo "six thousand findings"
python3 "$here/tree.py" "$work/many" 6000
scan 1 "$work/many.sarif" "$work/many"
judge "six thousand findings" "$work/many.sarif"
expect "5000 are kept and the rest is told" \
  "len(results) == 5000 and any('left out' in n['message']['text'] for n in run['invocations'][0]['toolExecutionNotifications'])" \
  "$work/many.sarif"
expect "it is small enough to upload" "len(gzip.compress(raw)) < 10 * 1024 * 1024" "$work/many.sarif"
if grep -q 'left out' "$work/many.sarif.err"; then ok; else fail "standard error does not tell of what was left out"; fi

echo "the line hash"
python3 "$here/tree.py" "$work/lines" hash
cd "$work/lines"
scan 1 "$work/lines.sarif" .
python3 "$here/without_hash.py" "$work/lines.sarif" "$work/bare.sarif"
"$sarif/Sarif.Multitool" rewrite "$work/bare.sarif" -o "$work/oracle.sarif" \
  --insert RollingHashPartialFingerprints --log 'ForceOverwrite;PrettyPrint' >"$work/rewrite.said" 2>&1 || cat "$work/rewrite.said"
if said=$(python3 "$here/same_hash.py" "$work/lines.sarif" "$work/oracle.sarif"); then ok; else fail "$said"; fi
echo "$said"

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
