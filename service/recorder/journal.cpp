// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal.h"

#include "recorder/journal_line.h"
#include "recorder/journal_tail.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dyad::recorder {

namespace {
constexpr const char* journalDisk = "journal_disk";

// Never in the middle of a UTF-8 sequence.
void cutText(std::string& text, std::size_t most) {
    if (text.size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80)
        --most;
    text.resize(most);
}
} // namespace

Journal::Journal(JournalSettings settings, const ports::Clock& clock)
    : m_settings(std::move(settings)), m_clock(clock),
      m_file(m_settings.file, m_settings.rotateBytes, m_settings.maxQueued) {
    JournalTail tail = readTail(m_settings.file, m_settings.keptInMemory);
    m_entries.assign(std::make_move_iterator(tail.entries.begin()), std::make_move_iterator(tail.entries.end()));
    m_lastSequence = tail.lastSequence;
}

void Journal::write(model::JournalEntry entry) {
    tellOfDisk();
    keep(std::move(entry));
}

void Journal::keep(model::JournalEntry entry) {
    entry.sequence = ++m_lastSequence;
    cutText(entry.text, maxTextBytes);
    m_file.append(toLine(entry));
    m_entries.push_back(std::move(entry));
    while (m_entries.size() > m_settings.keptInMemory)
        m_entries.pop_front();
    if (onEntry && !m_entries.empty()) onEntry(m_entries.back());
}

void Journal::tellOfDisk() {
    const JournalFileState disk = m_file.state();
    model::JournalEntry entry;
    entry.kind = journalDisk;
    entry.at = m_clock.now();
    entry.wallClockMs = m_clock.wallClockMs();
    if (!disk.trouble.empty() && !m_troubleTold) {
        m_troubleTold = true;
        entry.severity = model::Severity::Warning;
        entry.text = "the journal can't be written to " + m_settings.file.string() + ": " + disk.trouble +
                     "; new entries are in memory only. Make room there or repair the disk";
        keep(std::move(entry));
    } else if (disk.trouble.empty() && disk.dropped > m_droppedTold) {
        entry.text = "the journal is written to " + m_settings.file.string() + " again; " +
                     std::to_string(disk.dropped - m_droppedTold) + " entries are missing there";
        m_droppedTold = disk.dropped;
        m_troubleTold = false;
        keep(std::move(entry));
    }
}

std::vector<model::JournalEntry> Journal::after(std::uint64_t sequence, std::size_t limit) const {
    const auto first = std::upper_bound(
        m_entries.begin(), m_entries.end(), sequence,
        [](std::uint64_t number, const model::JournalEntry& entry) { return number < entry.sequence; });
    const std::size_t count = std::min(limit, static_cast<std::size_t>(m_entries.end() - first));
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

} // namespace dyad::recorder
