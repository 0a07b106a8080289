#!/usr/bin/env bash
# usage: bash packaging/test.sh
# Builds the static binary, the wheel, the npm packages and the Debian package for Linux on x86-64, and scans with each:
# the binary in an empty chroot; the packages from a fresh virtual environment, pre-commit's, a fresh node_modules and an
# unpacked package; then all of them in a new Debian that holds nothing but Python and npm. Makes the list of what is in it
# (CycloneDX) and has it judged. Minutes long, so tests/all.sh leaves it out.
#
# Needs: root (apt-get, chroot), rustup, Python 3, npm; sets up target/tools for pre-commit where it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
export CARGO_INCREMENTAL=0
triple=x86_64-unknown-linux-musl
target=${CARGO_TARGET_DIR:-$PWD/target}
[ -x target/tools/venv/bin/pre-commit ] || bash tests/setup.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
ok() { printf 'ok   %s\n' "$*"; }
bad() { printf 'FAIL %s\n' "$*"; failed=1; }
now() { date +%s%N; }
within() { # within MILLISECONDS BEGUN WHAT
  local took=$((($(now) - $2) / 1000000))
  if [ "$took" -le "$1" ]; then ok "$3 in $took ms"; else bad "$3 took $took ms, more than $1"; fi
}
finds() { # finds WHAT COMMAND...: exits with 1 and names the rule
  local what=$1 code=0 printed
  shift
  printed=$("$@" 2>&1) || code=$?
  if [ "$code" = 1 ] && grep -q github-pat <<<"$printed"; then ok "$what"; else bad "$what: exit $code: $printed"; fi
}

mkdir -p "$work/root/src"
python3 - "$work/root/src/settings.py" <<'PY'
import sys, zlib
digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
body = "".join(digits[(i * i * 7 + 11 * i) % 62] for i in range(30))
crc = zlib.crc32(body.encode())
token = "ghp_" + body + "".join(digits[crc // 62**i % 62] for i in range(5, -1, -1))
open(sys.argv[1], "w").write(f'TOKEN = "{token}"\n')
PY

rustup target add "$triple" >/dev/null 2>&1
command -v musl-gcc >/dev/null || apt-get install -y -qq musl-tools >/dev/null
python3 -m venv "$work/build"
"$work/build/bin/pip" install -q 'maturin>=1.9,<2'
# One build for all: what is static runs on every Linux, so the wheel may say both.
"$work/build/bin/maturin" build -q --profile dist --target "$triple" --compatibility manylinux2014 musllinux_1_1 -o "$work/dist"
program=$target/$triple/dist/leakward

cp "$program" "$work/root/leakward"
finds "static binary in an empty chroot" chroot "$work/root" /leakward scan /src

wheel=$(echo "$work"/dist/*.whl)
size=$(stat -c %s "$wheel")
if [ "$size" -le 10000000 ]; then ok "wheel of $size bytes"; else bad "wheel of $size bytes, more than 10 MB"; fi
begun=$(now)
python3 -m venv "$work/user"
"$work/user/bin/pip" install -q --no-index "$wheel"
finds "wheel in a fresh environment" "$work/user/bin/leakward" scan "$work/root/src"
within 5000 "$begun" "environment, pip install and first finding"

cp -r packaging/pre-commit "$work/mirror"
git -C "$work/mirror" init -q
git -C "$work/mirror" add -A
git -C "$work/mirror" -c user.name=a -c user.email=a@example.com commit -qm mirror
git init -q "$work/shop"
cp "$work/root/src/settings.py" "$work/shop"
git -C "$work/shop" add -A
begun=$(now)
finds "pre-commit by the wheel" env -C "$work/shop" PIP_FIND_LINKS="$work/dist" PRE_COMMIT_HOME="$work/cache" \
  "$here/target/tools/venv/bin/pre-commit" try-repo "$work/mirror" leakward
[ "$failed" = 1 ] || within 10000 "$begun" "pre-commit, its environment made"

bash packaging/npm/platform.sh linux x64 "$program" "$work/linux-x64"
(cd "$work" && npm pack --silent "$work/linux-x64" "$here/packaging/npm" >/dev/null)
mkdir "$work/node"
# The other platforms' packages are not there to be asked for; npm leaves out what is optional.
(cd "$work/node" && npm init -y >/dev/null && npm install --silent --offline --no-audit --no-fund \
  "$work"/leakward-linux-x64-*.tgz "$work"/leakward-[0-9]*.tgz >/dev/null 2>&1) || bad "npm install"
finds "npm package" "$work/node/node_modules/.bin/leakward" scan "$work/root/src"

tools=$here/target/tools/cargo
for tool in cargo-deb cargo-cyclonedx; do
  [ -x "$tools/bin/$tool" ] || cargo install --quiet --locked --root "$tools" "$tool"
done
export PATH="$tools/bin:$PATH"
bash packaging/debian.sh "$triple" "$work/debian"
dpkg-deb -x "$work"/debian/leakward_*.deb "$work/unpacked"
finds "Debian package" "$work/unpacked/usr/bin/leakward" scan "$work/root/src"
for file in share/man/man1/leakward-scan.1.gz share/bash-completion/completions/leakward share/doc/leakward/copyright; do
  if [ -s "$work/unpacked/usr/$file" ]; then ok "Debian package holds $file"; else bad "Debian package lacks $file"; fi
done

command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap >/dev/null
debian=$work/new
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
debootstrap --variant=minbase "$release" "$debian" http://deb.debian.org/debian >"$work/log" || { tail "$work/log"; exit 2; }
cp /etc/resolv.conf "$debian/etc/"
inside() { chroot "$debian" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
cp -r "$work/root/src" "$work/root/leakward" "$wheel" "$work"/leakward-*.tgz "$work"/debian/leakward_*.deb "$debian/root/"
finds "static binary in a new Debian" inside /root/leakward scan /root/src
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends python3-venv npm >"$work/log" 2>&1 || { tail "$work/log"; exit 2; }
inside sh -ec 'python3 -m venv /root/venv; /root/venv/bin/pip install -q --no-index /root/leakward-*.whl'
finds "wheel in a new Debian" inside /root/venv/bin/leakward scan /root/src
inside sh -ec 'mkdir /root/node; cd /root/node; npm init -y; npm install --offline --no-audit --no-fund /root/leakward-*.tgz' >"$work/log" 2>&1 ||
  bad "npm install in a new Debian: $(tail "$work/log")"
finds "npm package in a new Debian" inside /root/node/node_modules/.bin/leakward scan /root/src
inside sh -ec 'apt-get install -y -qq /root/leakward_*.deb' >"$work/log" 2>&1 || bad "Debian package in a new Debian: $(tail "$work/log")"
finds "Debian package in a new Debian" inside leakward scan /root/src

cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$triple" --override-filename leakward.cdx
mv leakward.cdx.json "$work/"
rm -f fetcher/leakward.cdx.json train/leakward.cdx.json
"$work/build/bin/pip" install -q 'cyclonedx-python-lib[json-validation]'
if "$work/build/bin/python" - "$work/leakward.cdx.json" <<'PY'; then ok "bill of materials is CycloneDX 1.5"; else bad "bill of materials"; fi
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = open(sys.argv[1]).read()
wrong = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
names = {part["name"] for part in json.loads(text)["components"]}
assert wrong is None, wrong
assert {"regex-automata", "leakward-fetcher", "git2"} <= names, "parts are missing"
PY
exit "$failed"
