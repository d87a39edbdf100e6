// SPDX-License-Identifier: Apache-2.0
// An invariant that holds in release builds too. Breaking it aborts the process: the heart then tells the peer,
// which is safer than going on with a state that nobody designed.
#pragma once

namespace dyad {
[[noreturn]] void checkFailed(const char* condition, const char* sentence, const char* file, int line);
} // namespace dyad

#define DYAD_CHECK(condition, sentence)                                                                                \
    do {                                                                                                               \
        if (!(condition)) [[unlikely]]                                                                                 \
            ::dyad::checkFailed(#condition, sentence, __FILE__, __LINE__);                                             \
    } while (false)
