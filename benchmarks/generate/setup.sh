#!/bin/sh
# The peers, the embedded model and this project in one virtual environment: .peers beside this file, or the folder given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${1:-$here/.peers}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --constraint "$root/constraints.txt" \
  --requirement "$here/requirements.txt" --editable "$root[demo]"
"$venv/bin/python" -m pip install --quiet --no-deps guidance==0.3.1
