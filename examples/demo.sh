#!/usr/bin/env bash
# From nothing to a repaired environment: installs tfrepair into .venv, breaks an environment on purpose
# (a protobuf of another era, a native library cut short), and lets tfrepair find out and repair it.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
[ -x .venv/bin/tfrepair ] || { "$python" -m venv .venv && .venv/bin/pip install -q .; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TFREPAIR_STATE_DIR="$work/state"

show() { printf '\n$ %s\n' "$*"; }

show "python -m venv env; pip install tensorflow-cpu==2.20.0; pip install --no-deps protobuf==4.25.8"
"$python" -m venv "$work/env"
.venv/bin/uv pip install -q --python "$work/env" tensorflow-cpu==2.20.0
.venv/bin/uv pip install -q --python "$work/env" --no-deps protobuf==4.25.8
library=$(echo "$work"/env/lib/python*/site-packages/tensorflow/libtensorflow_framework.so.2)
cp "$library" "$library.new" && truncate -s 1000000 "$library.new" && mv "$library.new" "$library"

show "tfrepair diagnose --env env"
.venv/bin/tfrepair diagnose --env "$work/env" || true

show "tfrepair fix --yes --env env"
.venv/bin/tfrepair fix --yes --env "$work/env"

show "tfrepair verify --env env"
.venv/bin/tfrepair verify --env "$work/env"

show "tfrepair rollback --yes --env env    # it can always go back"
.venv/bin/tfrepair rollback --yes --env "$work/env"
