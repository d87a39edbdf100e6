// SPDX-License-Identifier: Apache-2.0
// The file into which a supervised program writes. A file and not a pipe, so that the program doesn't notice when the
// service ends. Kept small by the service: the program only ever appends.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace dyad::agents {

inline constexpr std::int64_t maxLogBytes = 4 * 1024 * 1024;
inline constexpr std::size_t maxLogReadBytes = 64 * 1024; // per look, and for the last lines

class ProgramLog {
public:
    explicit ProgramLog(std::string path) : m_path(std::move(path)) {}

    [[nodiscard]] const std::string& path() const { return m_path; }

    // Larger than maxLogBytes: kept as PATH.1, its last part that is, and begun anew in place (its writer goes on
    // appending). Call before a start and now and then. Error: the folder can't be made or written.
    Result<void> keepSmall();

    // What comes from now on is new.
    void mark();
    // Calls `line` for each whole line that was written since mark() or the last call.
    void readNew(const std::function<void(const std::string&)>& line);
    // The last lines since mark(), joined for one line of text.
    [[nodiscard]] std::string lastWords() const;

private:
    [[nodiscard]] std::string readFrom(std::int64_t offset) const;

    std::string m_path;
    std::int64_t m_begin = 0; // offset of mark()
    std::int64_t m_read = 0;  // offset of what readNew() hasn't given yet
};

} // namespace dyad::agents
