// SPDX-License-Identifier: Apache-2.0
// Lives that may end their process are lived in a child. None outlives its parent, none leaves a core file.
#pragma once

#include "campaign/lives.h"
#include "campaign/outcome.h"

#include <functional>
#include <string>
#include <sys/types.h>

namespace dyad::simulator {

inline constexpr Duration usualWallDeadline = 60s;      // of one life; whoever takes longer hangs
inline constexpr std::size_t maxWordsBytes = 16 * 1024; // kept of a child's standard error, from its beginning

// Starts `body` in a child whose standard error can be read at `*words`; the child ends with what `body` returns.
// -1 when no child could be made.
[[nodiscard]] pid_t startChild(const std::function<int()>& body, int* words);
// Reads what is there without waiting and keeps what fits; false once the end was reached.
bool readWords(int words, std::string& kept);

// Lives the plan in a child, waits for it at most `deadline`. `ending` Clean: nothing failed.
[[nodiscard]] Failure liveInChild(const Lives& lives, const Plan& plan, Duration deadline = usualWallDeadline);

} // namespace dyad::simulator
