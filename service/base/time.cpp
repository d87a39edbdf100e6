// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <cstdio>

namespace dyad {

std::string toText(Duration duration) {
    char text[48];
    const double ms = milliseconds(duration);
    if (ms >= 1000 || ms <= -1000)
        std::snprintf(text, sizeof text, "%.3g s", ms / 1000);
    else if (ms >= 10 || ms <= -10)
        std::snprintf(text, sizeof text, "%.0f ms", ms);
    else
        std::snprintf(text, sizeof text, "%.2g ms", ms);
    return text;
}

} // namespace dyad
