# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside this folder: says what is being done, and at the end how long each part took.

# The scripts work in the project's folder, speak one language and never ask a question.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
# Calls of one script by another know that somebody else sums up.
export DYAD_SCRIPT_DEPTH=$((${DYAD_SCRIPT_DEPTH:--1} + 1))

parts_names=()
parts_seconds=()
parts_results=()

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# part NAME COMMAND...: runs it, remembers time and result, passes the status on.
part() {
  local name=$1 begin=$SECONDS status=0
  shift
  say "$name"
  "$@" || status=$?
  parts_names+=("$name")
  parts_seconds+=($((SECONDS - begin)))
  if [ "$status" -eq 0 ]; then parts_results+=("done"); else parts_results+=("failed ($status)"); fi
  return "$status"
}

# What was done and how long it took; only by the outermost script.
summary() {
  [ "$DYAD_SCRIPT_DEPTH" -eq 0 ] || return 0
  say "$(basename "$0"): what was done"
  local i
  for i in "${!parts_names[@]}"; do
    printf '  %-52s %5d s  %s\n' "${parts_names[$i]}" "${parts_seconds[$i]}" "${parts_results[$i]}"
  done
  printf '  %-52s %5d s\n' "all of it" "$SECONDS"
}
