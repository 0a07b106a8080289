#!/usr/bin/env bash
# Makes `leakward` callable in the steps that follow: takes the one on the PATH, else builds the action's own source.
set -euo pipefail
if command -v leakward >/dev/null; then
  leakward --version
  exit 0
fi
if ! command -v cargo >/dev/null; then
  echo "::error title=leakward::no leakward on the PATH and no cargo to build it with"
  echo "help: install Rust 1.95 or put a leakward binary on the PATH before this step"
  exit 2
fi
root="${RUNNER_TEMP:?}/leakward"
cargo install --quiet --locked --path "${GITHUB_ACTION_PATH:?}" --root "$root"
echo "$root/bin" >>"${GITHUB_PATH:?}"
