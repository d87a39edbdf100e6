// SPDX-License-Identifier: Apache-2.0
#include "cli/paint.h"

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <langinfo.h>
#include <unistd.h>

namespace dyad::cli {

Paint Paint::forStandardOutput() {
    const char* noColor = std::getenv("NO_COLOR"); // set to anything but nothing: no colours
    const char* term = std::getenv("TERM");
    const bool colours =
        ::isatty(STDOUT_FILENO) == 1 && !(noColor && *noColor) && !(term && std::strcmp(term, "dumb") == 0);
    const bool symbols = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0; // main() has called setlocale
    return {colours, symbols};
}

std::string Paint::text(Tone tone, std::string_view words) const {
    if (!m_colours || tone == Tone::Plain || words.empty()) return std::string(words);
    const char* code = "";
    switch (tone) {
    case Tone::Plain: break;
    case Tone::Good: code = "32"; break;
    case Tone::Busy: code = "36"; break;
    case Tone::Warning: code = "33"; break;
    case Tone::Bad: code = "1;31"; break;
    case Tone::Faint: code = "2"; break;
    case Tone::Strong: code = "1"; break;
    }
    return std::string("\x1b[") + code + "m" + std::string(words) + "\x1b[0m";
}

std::string Paint::symbol(Tone tone) const {
    const auto of = [&](const char* fine, const char* plain) { return text(tone, m_symbols ? fine : plain); };
    switch (tone) {
    case Tone::Good: return of("●", "+");
    case Tone::Busy: return of("◐", "~");
    case Tone::Warning: return of("▲", "!");
    case Tone::Bad: return of("✖", "X");
    case Tone::Plain:
    case Tone::Faint:
    case Tone::Strong: return of("○", "o");
    }
    return " ";
}

} // namespace dyad::cli
