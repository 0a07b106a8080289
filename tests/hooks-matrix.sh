#!/usr/bin/env bash
# Runs the hooks as people run them: the real pre-commit, prek, lefthook, husky and plain hooks of git.
#
# usage: tests/hooks-matrix.sh [PROGRAM]     (default: target/release/leakward, else target/debug/leakward)
# SRC=1 also lets pre-commit and prek build `leakward-src` with cargo, which takes minutes.
# Installs what it needs from PyPI and npm into target/hooks. Prints `N passed, N failed`; exits 1 on a failure.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
program=${1:-$root/target/release/leakward}
[ -x "$program" ] || program=$root/target/debug/leakward
[ -x "$program" ] || { echo "no program: cargo build first" >&2; exit 2; }
program=$(cd "$(dirname "$program")" && pwd)/leakward

tools=$root/target/hooks
mkdir -p "$tools"
if [ ! -x "$tools/venv/bin/prek" ] || [ ! -x "$tools/venv/bin/pre-commit" ] || [ ! -x "$tools/venv/bin/lefthook" ]; then
    python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" -q install pre-commit prek lefthook || exit 2
fi
[ -d "$tools/node_modules/husky" ] || (cd "$tools" && npm install --silent --no-fund --no-audit husky) || exit 2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/home"
ln -s "$program" "$work/bin/leakward"
export PATH="$work/bin:$tools/venv/bin:$tools/node_modules/.bin:$PATH"
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export HOME=$work/home PRE_COMMIT_HOME=$work/pre-commit PREK_HOME=$work/prek
for name in $(env | sed -n 's/^\(GIT_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.com
export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.com
git config --global init.defaultBranch main
git config --global advice.detachedHead false

# Put together here, so that this file holds no finding.
leak() { printf 'db = "postgres://app:%s%s@db.corp.example/prod"\n' 'kV7rQ2wX9' 'mZ4tB8n'; }
value=kV7rQ2wX9mZ4tB8n

# The repository that frameworks take the hooks from: this manifest, at a commit of its own.
hooks=$work/hooks
git init -q "$hooks"
cp "$root/.pre-commit-hooks.yaml" "$hooks"
git -C "$hooks" add -A
git -C "$hooks" commit -qm hooks
hooks_rev=$(git -C "$hooks" rev-parse HEAD)

passed=0 failed=0
# check NAME (stopped|let-through) COMMAND...: runs it and judges its exit code, and that no secret is shown.
check() {
    local name=$1 wanted=$2 code=0
    shift 2
    "$@" >"$work/out" 2>&1 || code=$?
    local got=let-through
    [ "$code" = 0 ] || got=stopped
    if [ "$got" = stopped ] && ! grep -q 'url-credentials\|husky looks after' "$work/out"; then got="failed otherwise"; fi
    if grep -qF "$value" "$work/out"; then got="$got, secret shown"; fi
    if [ "$got" = "$wanted" ]; then
        passed=$((passed + 1)); echo "ok    $name"
    else
        failed=$((failed + 1)); echo "FAIL  $name: $got, not $wanted (exit $code)"; sed 's/^/      | /' "$work/out"
    fi
}

# A fresh repository with one clean commit and a remote that has it; becomes the current folder.
fresh() {
    cd "$work" && rm -rf repo remote.git
    git init -q --bare remote.git
    git init -q repo && cd repo || exit 2
    printf 'hello\n' >a.txt
    printf 'hello\n' >b.txt
    git add -A && git commit -qm first
    git remote add origin ../remote.git
}

# The same with the hooks of a framework.
framework() {
    fresh
    cat >.pre-commit-config.yaml <<YAML
repos:
  - repo: $hooks
    rev: $hooks_rev
    hooks: [{id: leakward-system}]
YAML
    git add -A && git commit -qm config --no-verify
    for type in pre-commit pre-merge-commit pre-push; do "$1" install --hook-type "$type" >/dev/null 2>&1; done
}

for client in pre-commit prek; do
    framework $client; leak >a.txt; git add a.txt; printf 'hello\n' >a.txt
    check "$client: 1 leak only in the index" stopped git commit -qm x
    framework $client; leak >a.txt
    check "$client: 2 commit -a" stopped git commit -qam x
    framework $client; leak >a.txt; printf 'x\n' >b.txt; git add b.txt
    check "$client: 3 commit PATH" stopped git commit -qm x a.txt
    framework $client; leak >untracked.txt; printf 'x\n' >b.txt; git add b.txt
    check "$client: 4 leak only in an untracked file" let-through git commit -qm x
    framework $client; leak >a.txt; git commit -qam leak --no-verify
    check "$client: 5 --all-files on a clean checkout that holds a leak" stopped $client run --all-files
    check "$client: 6 --files" stopped $client run --files b.txt
    framework $client; leak >a.txt; git commit -qam leak --no-verify; git checkout -q HEAD~1 -- a.txt; git commit -qm gone --no-verify
    check "$client: 7 --from-ref, leak taken back within the range" stopped $client run --from-ref HEAD~2 --to-ref HEAD
    framework $client; leak >a.txt; git commit -qam leak --no-verify
    check "$client: 8 first push" stopped git push -q origin main
    framework $client; git push -q --no-verify origin main; printf 'x\n' >b.txt; git commit -qam x --no-verify
    check "$client: 9 clean push after that" let-through git push -q origin main
    framework $client; git checkout -qb side; leak >side.txt; git add side.txt; git commit -qm side --no-verify
    git checkout -q main; printf 'x\n' >b.txt; git commit -qam x --no-verify
    check "$client: 10 clean merge that brings a leak" stopped git merge -q --no-edit side
    framework $client; leak >a.txt
    check "$client: SKIP=leakward" let-through env SKIP=leakward git commit -qam x
done

# What the frameworks cannot do: they look at the first ref of a push alone.
fresh; git push -q origin main; leakward hook install pre-commit pre-merge-commit pre-push >/dev/null
git checkout -qb b1; printf 'x\n' >b.txt; git commit -qam x
git checkout -qb b2 main; leak >a.txt; git commit -qam leak --no-verify
check "native: two refs in one push, the second leaks" stopped git push -q origin b1 b2
check "native: neither ref arrived" let-through test -z "$(git ls-remote ../remote.git 'refs/heads/b*')"
check "native: the clean ref alone" let-through git push -q origin b1
check "native: a deleted ref" let-through git push -q origin :b1
git checkout -q main; leak >a.txt; git add a.txt
check "native: staged leak" stopped git commit -qm x
check "native: --no-verify" let-through git commit -qm x --no-verify
git reset -q --hard HEAD~1; git checkout -q b1; git checkout -qb b3; printf 'y\n' >b.txt; git commit -qam y; git checkout -q main
printf 'z\n' >c.txt; git add c.txt; git commit -qm z
check "native: clean merge that brings a leak" stopped git merge -q --no-edit b2

fresh; leak >a.txt; git add a.txt; git checkout-index -f a.txt; printf 'hello\n' >a.txt
printf 'pre-commit:\n  commands:\n    leakward:\n      run: leakward hook\n' >lefthook.yml
lefthook install >/dev/null 2>&1
check "lefthook: staged leak" stopped git commit -qm x
git reset -q --hard; leak >a.txt; printf 'x\n' >b.txt; git add b.txt
check "lefthook: leak only in the work tree" let-through git commit -qm x

fresh; printf '{"name":"x","private":true}\n' >package.json; husky >/dev/null 2>&1; mkdir -p .husky; echo 'leakward hook' >.husky/pre-commit
leak >a.txt; git add a.txt
check "husky: staged leak" stopped git commit -qm x
check "husky: install refuses to write where husky does" stopped leakward hook install
git reset -q --hard; leak >a.txt; printf 'x\n' >b.txt; git add b.txt
check "husky: leak only in the work tree" let-through git commit -qm x

fresh; printf '#!/bin/sh\nexec leakward git --pre-commit --redact --staged --verbose\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
leak >a.txt; git add a.txt
check "plain: gitleaks' line with another name" stopped git commit -qm x
git reset -q --hard; leak >a.txt; printf 'x\n' >b.txt; git add b.txt
check "plain: leak only in the work tree" let-through git commit -qm x

check "manifest is valid" let-through pre-commit validate-manifest "$root/.pre-commit-hooks.yaml"
if [ "${SRC:-0}" = 1 ]; then
    for client in pre-commit prek; do
        fresh; leak >a.txt; git add a.txt
        check "$client: try-repo leakward-src" stopped $client try-repo "$root" leakward-src --verbose
    done
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
