// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace dyad {

void checkFailed(const char* condition, const char* sentence, const char* file, int line) {
    std::fprintf(stderr, "dyad: broken invariant: %s [%s] at %s:%d\n", sentence, condition, file, line);
    std::fflush(stderr);
    std::abort();
}

} // namespace dyad
