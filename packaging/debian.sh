#!/usr/bin/env bash
# usage: bash packaging/debian.sh TRIPLE OUT
# Makes a Debian package in the folder OUT of the program that was built with the profile dist for TRIPLE, with the completions and
# the manual that the program itself writes. Needs cargo-deb (cargo install --locked cargo-deb).
set -euo pipefail
cd "$(dirname "$0")/.."
triple=$1 out=$2
built=${CARGO_TARGET_DIR:-$PWD/target}
program=$built/$triple/dist/leakward
made=$PWD/target/debian
rm -rf "$made"
mkdir -p "$made"
"$program" completions bash >"$made/leakward.bash"
"$program" completions zsh >"$made/_leakward"
"$program" completions fish >"$made/leakward.fish"
"$program" man "$made/man"
cargo deb --quiet --no-build --no-strip --profile dist --target "$triple" --output "$out"
