// SPDX-License-Identifier: Apache-2.0
// The story of this node: the last entries in memory, all of them (up to a bound) on disk.
#pragma once

#include "ports/outside.h"
#include "recorder/journal_file.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <vector>

namespace dyad::recorder {

struct JournalSettings {
    std::filesystem::path file = "/var/lib/dyad/events.jsonl";
    std::size_t keptInMemory = 4096;             // entries
    std::uint64_t rotateBytes = 8 * 1024 * 1024; // then a new file is begun; one old file is kept
    std::size_t maxQueued = 4096;                // entries on their way to the disk
};

// Belongs to one thread, the service's event loop.
class Journal final : public ports::JournalPort {
public:
    // Reads the tail that an earlier run left: its entries are in memory again, and the numbers go on. Blocks on the
    // disk, as the destructor may for JournalFile::closePatience; nothing else does. `clock` must outlive the journal.
    Journal(JournalSettings settings, const ports::Clock& clock);

    // Called for each new entry, numbered, from within write(). It may read the journal, not write to it.
    std::function<void(const model::JournalEntry&)> onEntry;

    // Numbers the entry; it is in memory at once and on disk soon. That entries are missing on disk, and why, is told
    // by an entry of kind "journal_disk", once per trouble, and once when the disk is well again.
    void write(model::JournalEntry entry) override;

    // Entries after `sequence`, oldest first, at most `limit`. What is no longer in memory is left out.
    [[nodiscard]] std::vector<model::JournalEntry> after(std::uint64_t sequence, std::size_t limit) const;
    [[nodiscard]] std::uint64_t lastSequence() const { return m_lastSequence; }
    [[nodiscard]] JournalFileState disk() const { return m_file.state(); }
    // Waits until everything is on disk or dropped, at most `patience`.
    bool drain(Duration patience) { return m_file.drain(patience); }

private:
    void keep(model::JournalEntry entry);
    void tellOfDisk();

    JournalSettings m_settings;
    const ports::Clock& m_clock;
    std::deque<model::JournalEntry> m_entries;
    std::uint64_t m_lastSequence = 0;
    JournalFile m_file;
    bool m_troubleTold = false;
    std::uint64_t m_droppedTold = 0;
};

} // namespace dyad::recorder
