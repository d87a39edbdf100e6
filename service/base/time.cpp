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

std::string age(Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    char text[64];
    if (seconds < 0) return "0 s";
    if (seconds < 10)
        std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
    else if (seconds < 120)
        std::snprintf(text, sizeof text, "%lld s", static_cast<long long>(seconds));
    else if (seconds < 7200)
        std::snprintf(text, sizeof text, "%lld min", static_cast<long long>(seconds / 60));
    else if (seconds < 2 * 86400)
        std::snprintf(text, sizeof text, "%lld h %lld min", static_cast<long long>(seconds / 3600),
                      static_cast<long long>(seconds / 60 % 60));
    else
        std::snprintf(text, sizeof text, "%lld days %lld h", static_cast<long long>(seconds / 86400),
                      static_cast<long long>(seconds / 3600 % 24));
    return text;
}

} // namespace dyad
