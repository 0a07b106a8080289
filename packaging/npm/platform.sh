#!/usr/bin/env bash
# usage: packaging/npm/platform.sh OS CPU PROGRAM FOLDER
# Makes in FOLDER the npm package @leakward/OS-CPU, which holds PROGRAM. OS and CPU are Node's words (linux x64).
set -euo pipefail
os=$1 cpu=$2 program=$3 folder=$4
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/package.json")
file=leakward
[ "$os" = win32 ] && file=leakward.exe
mkdir -p "$folder"
install -m 755 "$program" "$folder/$file"
cat >"$folder/package.json" <<EOF
{
  "name": "@leakward/$os-$cpu",
  "version": "$version",
  "description": "leakward for $os on $cpu",
  "license": "MIT OR Apache-2.0",
  "os": ["$os"],
  "cpu": ["$cpu"],
  "files": ["$file"]
}
EOF
