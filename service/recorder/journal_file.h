// SPDX-License-Identifier: Apache-2.0
// Lines to a file that may be slow or full, without ever making the caller wait: a thread of its own writes them from a
// bounded queue. What doesn't fit or can't be written is dropped and counted, like letters to a full mailbox.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace dyad::recorder {

struct JournalFileState {
    std::uint64_t written = 0; // lines
    std::uint64_t dropped = 0; // lines that never reached the file
    std::string trouble;       // why the last line was dropped; empty once a line is written again
};

class JournalFile {
public:
    // A line that would make the file larger than `rotateBytes` goes into a new one; one old file is kept. At most
    // `maxQueued` lines wait. The folder is made if it isn't there.
    JournalFile(std::filesystem::path file, std::uint64_t rotateBytes, std::size_t maxQueued);
    // Gives the thread closePatience to write what is queued; a disk that hangs is left to itself.
    ~JournalFile();
    JournalFile(const JournalFile&) = delete;
    JournalFile& operator=(const JournalFile&) = delete;

    static constexpr Duration closePatience = 2s;
    static constexpr Duration syncAfterQuiet = 1s; // then what is written is put on the disk (fdatasync)

    // Doesn't block. `line` without its newline.
    void append(std::string line);
    // Doesn't block.
    [[nodiscard]] JournalFileState state() const;
    // Waits until the queue is empty, at most `patience`; false if it isn't by then. For tests and the end of the
    // service.
    bool drain(Duration patience);

private:
    struct Shared; // outlives this object where the disk hangs
    std::shared_ptr<Shared> m_shared;
};

} // namespace dyad::recorder
