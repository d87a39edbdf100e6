// SPDX-License-Identifier: Apache-2.0
#include "heart/log.h"

#include <cstdarg>
#include <cstdio>
#include <ctime>

namespace dyad::heart {

void logLine(const char* format, ...) {
    static int lines = 0;
    if (lines >= maxLines) return;
    ++lines;
    char text[512];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const std::time_t now = std::time(nullptr); // for people
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char when[32];
    std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    std::fprintf(stderr, "%s dyad-heart: %s\n", when, text);
    if (lines == maxLines)
        std::fprintf(stderr, "%s dyad-heart: this was line %d; no more are written\n", when, maxLines);
}

} // namespace dyad::heart
