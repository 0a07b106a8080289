#!/usr/bin/env bash
# Runs the action for real (nektos/act, without docker) on every event kind, and lints it.
# Prints a line per case and closes with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
root=$PWD
TOOLS="${TOOLS:-$root/target/tools}"
bin="${LEAKWARD_BIN:-$root/target/debug/leakward}"
venv="$TOOLS/venv/bin"
[ -x "$bin" ] || { echo "error: no $bin" >&2; echo "help: cargo build, or set LEAKWARD_BIN" >&2; exit 2; }
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok    $1"; }
bad() { failed=$((failed + 1)); echo "FAIL  $1"; sed 's/^/      /' "$2" | tail -n 25; }

# --- lint
lint() { # lint NAME COMMAND...
  if "${@:2}" >"$work/lint" 2>&1; then ok "$1"; else bad "$1" "$work/lint"; fi
}
lint "action.yml follows the schema" "$venv/check-jsonschema" --builtin-schema vendor.github-actions action.yml
lint "zizmor finds nothing in the action" "$venv/zizmor" --offline --no-progress --persona pedantic action.yml
lint "shellcheck accepts the install script" shellcheck packaging/action/install.sh
for workflow in .github/workflows/*.yml; do
  [ -e "$workflow" ] || continue
  lint "$workflow follows the schema" "$venv/check-jsonschema" --builtin-schema vendor.github-workflows "$workflow"
  lint "actionlint accepts $workflow" "$venv/actionlint" "$workflow"
  lint "zizmor finds nothing in $workflow" "$venv/zizmor" --offline --no-progress "$workflow"
done

# --- the action under test, and stand-ins for the actions that it needs
sha=0123456789012345678901234567890123456789
upload=$(sed -n 's|.*uses: github/codeql-action/upload-sarif@\([0-9a-f]\{40\}\).*|\1|p' action.yml)
mkdir -p "$work/action" "$work/checkout" "$work/codeql/upload-sarif" "$work/path"
cp -r action.yml packaging "$work/action/"
ln -s "$bin" "$work/path/leakward"
printf 'name: checkout\ndescription: d\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: "true"\n' >"$work/checkout/action.yml"
cat >"$work/codeql/upload-sarif/action.yml" <<'YML'
name: upload
description: d
inputs:
  sarif_file: {description: f, required: true}
  category: {description: c}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: "${{ inputs.sarif_file }}", CATEGORY: "${{ inputs.category }}"}
      run: echo "UPLOADED $(head -c 1 "$FILE")$CATEGORY"
YML

# --- a repository: two clean commits, a leak, a clean one on top
repo=$work/repo
git init -q -b main "$repo"
git_() { git -C "$repo" -c user.name=t -c user.email=t@example.com "$@"; }
commit() { git_ add -A && git_ commit -qm "$1" && git_ rev-parse HEAD; }
mkdir -p "$repo/.github/workflows" "$repo/src"
cat >"$repo/.github/workflows/scan.yml" <<YML
name: scan
on: [push, pull_request, schedule, workflow_dispatch]
permissions: {}
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@$sha
      - id: leakward
        uses: leakward/leakward@$sha
        with:
          mode: \${{ vars.MODE || 'auto' }}
          fail-on-detect: \${{ vars.FAIL || 'true' }}
          upload-sarif: \${{ vars.UPLOAD || 'false' }}
      - if: always()
        env:
          CODE: \${{ steps.leakward.outputs.exit-code }}
          FOUND: \${{ steps.leakward.outputs.findings }}
        run: echo "OUTPUTS code=\$CODE findings=\$FOUND"
YML
echo 'print("one")' >"$repo/src/app.py"
one=$(commit one)
echo 'print("two")' >>"$repo/src/app.py"
two=$(commit two)
secret="Tr0ub4$(printf '%s' dor-93-xkQ)"
printf 'DB_PASSWORD = "%s"\n' "$secret" >"$repo/src/a,b:c%d.py"
leak=$(commit leak)
echo 'print("three")' >>"$repo/src/app.py"
top=$(commit top)
zero=0000000000000000000000000000000000000000
push() { printf '{"before":"%s","after":"%s","repository":{"default_branch":"main"}}' "$1" "$2"; }
pull() { # pull BASE HEAD HEAD_REPOSITORY
  printf '{"pull_request":{"base":{"sha":"%s","repo":{"full_name":"o/r"}},"head":{"sha":"%s","repo":{"full_name":"%s"}}}}' "$1" "$2" "$3"
}

run() { # run REPO EVENT PAYLOAD [VAR=VALUE...]: the log is $work/log, the code $code
  local repository=$1 event=$2; printf '%s' "$3" >"$work/event.json"; shift 3
  local vars=(); for v in "$@"; do vars+=(--var "$v"); done
  (cd "$repository" && PATH="$work/path:$PATH" timeout 120 "$venv/act" "$event" -e "$work/event.json" -P ubuntu-latest=-self-hosted \
    "${vars[@]}" --local-repository "actions/checkout@$sha=$work/checkout" \
    --local-repository "leakward/leakward@$sha=$work/action" \
    --local-repository "github/codeql-action@$upload=$work/codeql") >"$work/log" 2>&1
  code=$?
}
expect() { # expect NAME CODE PATTERN... : a pattern after ! must be absent; the secret must always be
  local name=$1 want=$2; shift 2
  local wrong=""
  if [ "$want" = 0 ]; then [ "$code" = 0 ] || wrong="exit $code"; else [ "$code" != 0 ] || wrong="exit 0"; fi
  for p in "$@"; do
    case $p in
      '!'*) if grep -Eq -- "${p#!}" "$work/log"; then wrong="$wrong; found ${p#!}"; fi ;;
      *) grep -Eq -- "$p" "$work/log" || wrong="$wrong; no $p" ;;
    esac
  done
  if grep -qF "$secret" "$work/log"; then wrong="$wrong; the secret is in the log"; fi
  if [ -z "$wrong" ]; then ok "$name"; else echo "      $wrong"; bad "$name" "$work/log"; fi
}

run "$repo" pull_request "$(pull "$two" "$top" o/r)"
expect "pull request with a leak fails, annotates, summarises" 1 'code=1 findings=1' '::(error|warning)|error.*file' 'Summary' 'Verdict' '!UPLOADED'
run "$repo" pull_request "$(pull "$leak" "$top" o/r)"
expect "pull request after the leak passes" 0 'code=0 findings=0'
run "$repo" pull_request "$(pull "$two" "$top" o/r)" FAIL=false
expect "fail-on-detect false reports and passes" 0 'code=1 findings=1'
run "$repo" pull_request "$(pull "$two" "$top" o/r)" UPLOAD=true
expect "the report is uploaded when asked for, before the verdict" 1 'UPLOADED \{leakward' 'code=1'
run "$repo" pull_request "$(pull "$two" "$top" fork/r)" UPLOAD=true
expect "a pull request from a fork does not upload" 1 '!UPLOADED' 'fork' 'code=1'
run "$repo" push "$(push "$two" "$top")"
expect "push with a leak fails" 1 'code=1 findings=1'
run "$repo" push "$(push "$leak" "$top")"
expect "push after the leak passes" 0 'code=0 findings=0'
run "$repo" push "$(push "$zero" "$top")"
expect "first push scans every commit" 1 'code=1 findings=1'
run "$repo" push "$(push "$top" "$zero")"
expect "deleted branch passes and says so" 0 'deleted'
run "$repo" push "$(push 1111111111111111111111111111111111111111 "$top")"
expect "force push from an unknown commit scans the tip and says so" 1 'code=1' '1111111'
run "$repo" schedule '{}'
expect "schedule scans the history" 1 'code=1 findings=1'
run "$repo" workflow_dispatch '{}' MODE=worktree
expect "mode worktree scans the files" 1 'code=1 findings=1'
run "$repo" workflow_dispatch '{}' MODE=range
expect "mode range without commits is an error" 1 'code=2' '!UPLOADED'
run "$repo" pull_request '{"pull_request":{}}'
expect "a broken payload is an error" 1 'code=2'
git clone -q --depth 1 "file://$repo" "$work/shallow"
run "$work/shallow" pull_request "$(pull "$two" "$top" o/r)"
expect "a shallow clone without the base fails and says how to mend it" 1 'fetch-depth' 'code=2'
run "$work/shallow" pull_request "$(pull "$one" "$top" o/r)" FAIL=false
expect "an incomplete scan fails even with fail-on-detect false" 1 'code=2'

# --- a file's text cannot speak to the runner
printf '::stop-commands::x\nDB_PASSWORD = "%s"\n::set-output name=findings::0\n' "$secret" >"$repo/src/evil.py"
commit evil >/dev/null
run "$repo" push "$(push "$top" "$(git_ rev-parse HEAD)")"
expect "text of a file cannot start a workflow command" 1 'code=1 findings=1' '!\| ::stop-commands'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
