# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/test: what the machine looked like before, and what is there now that wasn't.

# How long the kernel may take to let go of what was given up last (lazy unmounts, autoclear loop devices).
left_behind_patience_s=15

list_namespaces() { if [ -d /run/netns ]; then ls -1 /run/netns; fi; }
list_mounts() { cut -d ' ' -f 5,9- /proc/self/mountinfo | awk '{ print $1 }'; }
list_loops() {
  local file
  for file in /sys/block/loop*/loop/backing_file; do
    if [ -r "$file" ]; then printf '%s %s\n' "$(basename "$(dirname "$(dirname "$file")")")" "$(cat "$file" 2>/dev/null)"; fi
  done
}
# A process is ours if it inherited the word of this run or if its program was built here. Arrays and databases may have
# been started with a clean environment: each new one counts (of a database its first process, the others come and go).
list_processes() {
  local folder pid program
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    if [ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ]; then continue; fi
    program=$(readlink "$folder/exe" 2>/dev/null) || continue
    case $program in
      "$root"/build/* | "$root"/build-sanitizers/* | */tgtd | */istgt | */stress-ng) printf '%s %s\n' "$pid" "$program" ;;
      */postgres)
        case $(readlink "/proc/$(parent_of "$pid")/exe" 2>/dev/null) in
          */postgres) ;;
          *) printf '%s %s\n' "$pid" "$program" ;;
        esac
        ;;
      *)
        if tr '\0' '\n' <"$folder/environ" 2>/dev/null | grep -qxF "DYAD_TEST_RUN=$DYAD_TEST_RUN"; then
          is_own_helper "$pid" || printf '%s %s\n' "$pid" "$program"
        fi
        ;;
    esac
  done
}
parent_of() { sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null; }
# Children of this very script (the pipes of these functions) carry the word too.
is_own_helper() {
  local pid=$1
  while [ "${pid:-0}" -gt 1 ]; do
    if [ "$pid" = $$ ]; then return 0; fi
    pid=$(parent_of "$pid") || return 0
  done
  return 1
}

remember_before() {
  mkdir -p "$1"
  list_namespaces | sort >"$1/namespaces"
  list_mounts | sort >"$1/mounts"
  list_loops | sort >"$1/loops"
  list_processes | sort >"$1/processes"
}

left_behind() {
  local kind
  for kind in namespaces mounts loops processes; do
    comm -13 "$1/$kind" <("list_$kind" | sort) | sed "s/^/  $kind: /"
  done
}

nothing_left_behind() {
  local left deadline=$((SECONDS + left_behind_patience_s))
  while left=$(left_behind "$1") && [ -n "$left" ] && [ "$SECONDS" -lt "$deadline" ]; do sleep 1; done
  if [ -z "$left" ]; then
    echo "no namespace, mount, loop device or process was left behind"
    return 0
  fi
  printf 'the tests left behind:\n%s\n' "$left"
  return 1
}
