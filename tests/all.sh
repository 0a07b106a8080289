#!/usr/bin/env bash
# Everything that must pass: sets up what it needs, builds once, runs every test, stops what it started.
#
#   bash tests/all.sh            all of it
#   bash tests/all.sh rust       formatting, lints, documentation and cargo's tests only
#
# Needs: Debian 12 or newer, root (for apt-get), git 2.39 or newer, Rust 1.95 or newer. Installs Debian, PyPI and npm
# packages; everything but Debian's goes under target/.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
export TOOLS="$PWD/target/tools"
only=${1:-all}

need() { # need NAME LEAST FOUND REMEDY
  printf '%s\n%s\n' "$2" "$3" | sort -CV || { echo "error: $1 $3 is older than $2" >&2; echo "help: $4" >&2; exit 2; }
}
step() { printf '\n== %s (%ds)\n' "$*" "$SECONDS"; }

step "machine"
command -v apt-get >/dev/null || { echo "error: no apt-get" >&2; echo "help: run this on Debian 12 or newer" >&2; exit 2; }
command -v cargo >/dev/null || { echo "error: no cargo" >&2; echo "help: install Rust 1.95 with rustup" >&2; exit 2; }
need git 2.39 "$(git --version | awk '{print $3}')" "install a newer git"
need rustc 1.95 "$(rustc --version | awk '{print $2}')" "rustup update stable"
bash tests/setup.sh

step "format, lints, documentation"
cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
shellcheck tests/*.sh .ci/run
python3 tests/dependencies.py

step "build"
cargo build --workspace --locked

step "cargo test"
cargo test --workspace --locked

step "the fetcher with the clouds' SDKs and pools"
cargo test -p leakward-fetcher --features full,azure-certificate --locked --test cloud --test pools --test it

[ "$only" = rust ] && exit 0

for script in tests/hooks-matrix.sh tests/conformance.sh tests/formats.sh tests/page.sh tests/loop.sh tests/action.sh fetcher/examples/deploy/prove.sh; do
  [ -e "$script" ] || continue
  step "$script"
  bash "$script"
done

step "the scanner on this repository"
cargo run --quiet --locked -- scan .

step "all passed"
