// SPDX-License-Identifier: Apache-2.0
// What the heart has to say, to standard error (heart.log). A heart lives for years: after maxLines it falls silent.
#pragma once

namespace dyad::heart {

inline constexpr int maxLines = 1000;

[[gnu::format(printf, 1, 2)]] void logLine(const char* format, ...);

} // namespace dyad::heart
