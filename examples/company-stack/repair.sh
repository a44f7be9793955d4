#!/usr/bin/env bash
# Bring an environment to the company's stack, from the company's index only: repair.sh ENVIRONMENT [OPTION...]
# ACME_INDEX is the address of the index; a login belongs into ~/.netrc or the keyring, not into the address.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
env=$1
shift
exec "${TFREPAIR:-tfrepair}" fix --yes --env "$env" \
  --playbook "$here/acme-stack.yaml" \
  --tensorflow "${ACME_TENSORFLOW:-2.15.1}" \
  --index-url "$ACME_INDEX" \
  --constraint "$here/constraints.txt" "$@"
