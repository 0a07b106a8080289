#!/usr/bin/env bash
# Shows verification and rotation as a user sees them: values leaked in some twenty disguises and versions, the verdict
# on each, the database that refuses a leaked password once it is rotated while a client goes on, the verdicts after.
# Against OpenBao and PostgreSQL, AWS (ministack, without and with a function that rotates), and Azure's and Google's
# official clients with servers of our own.
#
#   bash tests/loop.sh             all of it
#   bash tests/loop.sh openbao     OpenBao alone; or: aws, azure, gcp
#
# Needs tests/setup.sh and root (PostgreSQL refuses to run as root, and is run as the user postgres). LEAKWARD names
# another program, built with `--features full`.
set -euo pipefail
cd "$(dirname "$0")/.."
TOOLS=${TOOLS:-$PWD/target/tools}
python=$TOOLS/venv/bin/python
[ -x "$python" ] || { echo "error: no $python" >&2; echo "help: bash tests/setup.sh" >&2; exit 2; }
if [ -z "${LEAKWARD:-}" ]; then
  cargo build --quiet --features full --locked
  LEAKWARD=$PWD/target/debug/leakward
fi
export LEAKWARD TOOLS PYTHONDONTWRITEBYTECODE=1
shows=("$@")
[ $# -gt 0 ] || shows=(openbao aws azure gcp)
failed=0
for show in "${shows[@]}"; do
  case $show in
    openbao) "$python" tests/loop/openbao.py || failed=1 ;;
    aws | azure | gcp) "$python" tests/loop/clouds.py "$show" || failed=1 ;;
    *) echo "error: no show of $show" >&2; echo "help: openbao, aws, azure or gcp" >&2; exit 2 ;;
  esac
done
exit $failed
