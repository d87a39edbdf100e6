// SPDX-License-Identifier: Apache-2.0
#include "cli/journal_line.h"

#include "cli/words.h"

namespace dyad::cli {

std::string journalLine(const model::JournalEntry& entry, const Paint& paint, bool day) {
    Tone tone = Tone::Plain;
    std::string severity = "        ";
    if (entry.severity == model::Severity::Warning) tone = Tone::Warning, severity = "WARNING ";
    if (entry.severity == model::Severity::Critical) tone = Tone::Bad, severity = "CRITICAL";
    std::string subject = entry.group;
    if (!entry.resource.empty()) subject += "/" + entry.resource;
    const std::string clock = localClock(entry.wallClockMs);
    const std::string date = day ? localTime(entry.wallClockMs).substr(0, 11) : "";
    return paint.text(Tone::Faint, date + clock) + "  " + paint.text(tone, severity) + "  " +
           (subject.empty() ? "" : subject + ": ") + entry.text;
}

} // namespace dyad::cli
