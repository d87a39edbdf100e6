#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A check that finds nothing may be a check that can't. Each case below breaks one rule in a project of one file.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect STATUS FILE LINE...: the project holds just this file (with licence and guard) and the table of rooms.
expect() {
  local wanted=$1 file=$2 status=0
  shift 2
  rm -rf "$folder/project"
  mkdir -p "$folder/project/CMake" "$folder/project/$(dirname "$file")"
  cp "$here/../../CMake/Rooms.cmake" "$folder/project/CMake/"
  printf '%s\n' "// SPDX-License-Identifier: Apache-2.0" "#pragma once" "$@" >"$folder/project/$file"
  bash "$here/check_sources.sh" "$folder/project" >"$folder/out" 2>&1 || status=$?
  if [ "$status" -ne "$wanted" ]; then
    printf 'status %s instead of %s for %s: %s\n' "$status" "$wanted" "$file" "$*"
    cat "$folder/out"
    failures=$((failures + 1))
  fi
}

expect 0 service/engine/good.h '#include <vector>' '#include "model/names.h"' '#include "engine/event.h"' '#include "base/time.h"'
expect 0 service/shell/good.h '#include "recorder/journal.h"' '#include <thread>' '// see /var/lib/dyad and /etc/dyad'
expect 0 service/daemon/good.h '#include "engine/engine.h"' '#include "config/load.h"'
expect 1 service/shell/climbs.h '#include "../engine/engine.h"'
expect 1 service/shell/climbs.h '#include "model/../storage/lun.h"'
expect 1 service/shell/absolute.h '#include "/usr/include/stdio.h"'
expect 1 service/shell/roundabout.h '#include "service/engine/engine.h"'
expect 1 service/storage/knows.h '#include "engine/engine.h"'
expect 1 service/engine/knows.h '#include "ports/agent.h"'
expect 1 service/engine/qt.h '#include <QString>'
expect 1 service/engine/system.h '#include <unistd.h>'
expect 1 service/engine/thread.h '#include <thread>'
expect 1 service/engine/clock.h 'inline auto now() { return std::chrono::steady_clock::now(); }'
expect 1 docs/machine.md 'It lies in /'home'/somebody/dyad.'
expect 1 service/base/machine.h '// "/'work'/dyad"'

mkdir -p "$folder/project/service/base"
printf '%s\n' '#pragma once' >"$folder/project/service/base/licence.h"
if bash "$here/check_sources.sh" "$folder/project" >/dev/null 2>&1; then echo "a file without licence was not found"; failures=$((failures + 1)); fi

[ "$failures" -eq 0 ] && echo "the check finds what it should"
