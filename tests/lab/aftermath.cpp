// SPDX-License-Identifier: Apache-2.0
#include "lab/aftermath.h"

#include "lab/command.h"
#include "lab/host.h"
#include "lab/journal.h"

namespace dyad::lab {

namespace {
constexpr std::size_t shownJournalLines = 60;
constexpr const char* shownLogLines = "30";
} // namespace

void printAftermath(std::FILE* to) {
    for (const char* host : hostNames) {
        std::fprintf(to, "\n--- journal of %s\n", host);
        for (const auto& line : journalTail(host, shownJournalLines))
            std::fprintf(to, "%s\n", line.c_str());
        std::fprintf(to, "--- service log of %s\n", host);
        const auto tail = run({"tail", "-n", shownLogLines, serviceLogPath(host)});
        if (tail) std::fprintf(to, "%s", tail.value().text.c_str());
    }
    std::fflush(to);
}

} // namespace dyad::lab
