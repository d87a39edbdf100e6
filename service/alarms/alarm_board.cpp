// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarm_board.h"

#include <algorithm>
#include <utility>

namespace dyad::alarms {

namespace {
// The same words as engine/journal_kinds.h, which this room doesn't know.
constexpr const char* raised = "alarm_raised";
constexpr const char* cleared = "alarm_cleared";

std::string sentence(const model::AlarmView& alarm) {
    std::string text = alarm.id + ": " + alarm.text;
    if (!alarm.remedy.empty()) text += ". " + alarm.remedy;
    return text;
}
} // namespace

AlarmBoard::AlarmBoard(ports::JournalPort& journal, const ports::Clock& clock, SystemLog& log)
    : m_journal(journal), m_clock(clock), m_log(log) {}

void AlarmBoard::raise(const model::AlarmView& alarm) {
    const auto standing = m_alarms.find(alarm.id);
    if (standing != m_alarms.end()) {
        model::AlarmView& known = standing->second;
        if (known.severity == alarm.severity && known.text == alarm.text && known.remedy == alarm.remedy) return;
        if (alarm.severity > known.severity) {
            known.acknowledgedBy.clear(); // what was seen was less than this
            known.acknowledgedWallClockMs = 0;
        }
        known.severity = alarm.severity;
        known.text = alarm.text;
        known.remedy = alarm.remedy;
    } else if (m_alarms.size() < maxAlarms) {
        model::AlarmView view = alarm;
        if (view.since == Instant()) view.since = m_clock.now();
        if (view.sinceWallClockMs == 0) view.sinceWallClockMs = m_clock.wallClockMs();
        m_alarms.emplace(alarm.id, std::move(view));
    }
    tell(alarm.severity, raised, alarm, sentence(alarm));
    if (onChange) onChange();
    if (onNews && m_alarms.contains(alarm.id)) onNews(alarm, true);
}

void AlarmBoard::clear(const std::string& id) {
    const auto standing = m_alarms.find(id);
    if (standing == m_alarms.end()) return;
    const model::AlarmView alarm = std::move(standing->second);
    m_alarms.erase(standing);
    tell(model::Severity::Information, cleared, alarm, id + ": no longer: " + alarm.text);
    if (onChange) onChange();
    if (onNews) onNews(alarm, false);
}

bool AlarmBoard::acknowledge(const std::string& id, const std::string& who) {
    const auto standing = m_alarms.find(id);
    if (standing == m_alarms.end()) return false;
    standing->second.acknowledgedBy = who;
    standing->second.acknowledgedWallClockMs = m_clock.wallClockMs();
    if (onChange) onChange();
    return true;
}

std::vector<model::AlarmView> AlarmBoard::list() const {
    std::vector<model::AlarmView> alarms;
    for (const auto& [id, alarm] : m_alarms)
        alarms.push_back(alarm);
    std::stable_sort(alarms.begin(), alarms.end(), [](const model::AlarmView& a, const model::AlarmView& b) {
        return a.severity != b.severity ? a.severity > b.severity : a.since < b.since;
    });
    return alarms;
}

void AlarmBoard::tell(model::Severity severity, const char* kind, const model::AlarmView& alarm,
                      const std::string& text) {
    model::JournalEntry entry;
    entry.at = m_clock.now();
    entry.wallClockMs = m_clock.wallClockMs();
    entry.severity = severity;
    entry.kind = kind;
    entry.text = text;
    m_journal.write(std::move(entry));
    m_log.write(severity, text,
                {{"DYAD_EVENT", kind},
                 {"DYAD_ALARM", alarm.id},
                 {"DYAD_SEVERITY", model::toText(alarm.severity)},
                 {"DYAD_REMEDY", alarm.remedy}});
}

} // namespace dyad::alarms
