#!/usr/bin/env bash
# Reset shared environments, one after the other: reset.sh ENVIRONMENT... Options for each come from TFREPAIR_* variables.
# One that cannot be reset does not keep the others waiting; the script ends with the worst exit code.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
worst=0
for env in "$@"; do
  "${TFREPAIR:-tfrepair}" fix --yes --allow-running --keep none --env "$env" \
    --playbook "$here/course-environment.yaml" --tensorflow "${COURSE_TENSORFLOW:-2.15.1}" --quiet
  code=$?
  printf '%s: %s\n' "$env" "$([ "$code" -eq 0 ] && echo "as the course needs it" || echo "not reset, exit code $code")"
  [ "$code" -gt "$worst" ] && worst=$code
done
exit "$worst"
