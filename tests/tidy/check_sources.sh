#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the compiler doesn't see: which room names which, and what must not be written anywhere.
#   check_sources.sh PROJECT_FOLDER      prints each offence as file:line: what; status 1 if there is one
set -euo pipefail
export LC_ALL=C
cd "${1:?the folder of the project}"

rooms_table=CMake/Rooms.cmake
offences=0

# offend WHAT: reports each "file:line:text" that comes in.
offend() {
  local line
  while IFS= read -r line; do
    printf '%s\n    %s\n' "$line" "$1"
    offences=$((offences + 1))
  done
}

project_files() {
  find . \( -name .git -o -name 'build' -o -name 'build-*' -o -name .cache \) -prune -o -type f -print | sed 's|^\./||' | sort
}
sources() { project_files | grep -E '\.(h|cpp|hpp|cc|c)$' || true; }
in_all() { xargs -r -d '\n' grep -nHE "$@" || true; }

# 1. Headers are found through the door of their room ("room/file.h"), never by climbing.
offend 'include it as "room/file.h"' < <(sources | in_all '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]*(\.\./|/service/|^service/|rooms/)')
offend 'include it as "room/file.h"' < <(sources | in_all '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<](/|service/)')

# 2. A room names only the rooms that its row of the table has.
offend "this room may not know that one ($rooms_table)" < <(
  sources | grep '^service/' | xargs -r -d '\n' grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[a-z_]+/' | awk -v table="$rooms_table" '
    BEGIN {
      while ((getline line < table) > 0)
        if (match(line, /DYAD_MAY_USE_[a-z]+/) && line ~ /^set\(/) {
          room = substr(line, RSTART + 13, RLENGTH - 13)
          rest = substr(line, RSTART + RLENGTH)
          gsub(/\)/, "", rest)
          known[room] = 1
          count = split(rest, used, " ")
          for (i = 1; i <= count; i++) may[room, used[i]] = 1
        }
    }
    {
      split($0, path, "/")
      room = path[2]
      if (!(room in known)) next                      # daemon and cli put everything together
      match($0, /"[a-z_]+\//)
      other = substr($0, RSTART + 1, RLENGTH - 2)
      if (other != room && (other in known) && !((room, other) in may)) print
    }' || true)

# 3. The engine knows the standard library, base and model. No clock, no random numbers, no files, no threads, no system.
offend 'engine/ includes only std (without clock, random, input, output, threads), base and model' < <(
  sources | grep '^service/engine/' | in_all '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' |
    grep -vE '<(algorithm|any|array|bit|bitset|chrono|cmath|compare|concepts|cstddef|cstdint|cstring|deque|functional|initializer_list|iterator|limits|list|map|memory|numeric|optional|queue|ranges|set|span|stack|string|string_view|tuple|type_traits|utility|variant|vector)>' || true)
offend 'the engine knows time only as its argument' < <(
  sources | grep '^service/engine/' | in_all '(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday|[^a-z_]rand\(|random_device|unordered_(map|set))')

# 4. Nothing is written for one machine only.
offend "this names a folder of one machine" < <(project_files | in_all -I "(^|[^[:alnum:]_.~/-])/(work|workspace|home|builds|Users)/[[:alnum:]]")

# 5. Every source says its licence first; every header is included once.
offend 'the first line is the SPDX line' < <(
  project_files | grep -E '\.(h|cpp|cmake|sh)$|CMakeLists\.txt$' | while IFS= read -r file; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || printf '%s:1:\n' "$file"
  done)
offend 'a header begins with #pragma once' < <(sources | grep '\.h$' | xargs -r -d '\n' grep -L '^#pragma once' | sed 's/$/:1:/' || true)

if [ "$offences" -gt 0 ]; then
  printf '%d offences\n' "$offences"
  exit 1
fi
echo "nothing to complain about in $(sources | wc -l) sources"
