// SPDX-License-Identifier: Apache-2.0
// Which alarms stand now. What is raised or cleared goes to the journal and to the system's log; raising what stands
// already, or clearing what doesn't, is no news.
#pragma once

#include "alarms/system_log.h"
#include "ports/outside.h"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dyad::alarms {

// Belongs to one thread, the service's event loop. Nothing here blocks.
class AlarmBoard final : public ports::AlarmPort {
public:
    static constexpr std::size_t maxAlarms = 256; // one more is only logged: somebody invents ids without end

    // All three must outlive the board.
    AlarmBoard(ports::JournalPort& journal, const ports::Clock& clock, SystemLog& log);

    std::function<void()> onChange; // list() has changed
    // For whoever tells people: the alarm as it stands, or stood, and whether it stands.
    std::function<void(const model::AlarmView& alarm, bool raised)> onNews;

    // An alarm that stands keeps its `since`; another severity, text or remedy replaces the old and is news.
    // `since` is filled in where the caller left it at 0.
    void raise(const model::AlarmView& alarm) override;
    void clear(const std::string& id) override;
    // Somebody has seen it; kept as long as the alarm stands and doesn't get worse. False: it doesn't stand.
    bool acknowledge(const std::string& id, const std::string& who);

    // The most severe first, then the oldest.
    [[nodiscard]] std::vector<model::AlarmView> list() const;

private:
    void tell(model::Severity severity, const char* kind, const model::AlarmView& alarm, const std::string& text);

    ports::JournalPort& m_journal;
    const ports::Clock& m_clock;
    SystemLog& m_log;
    std::map<std::string, model::AlarmView> m_alarms; // by id
};

} // namespace dyad::alarms
