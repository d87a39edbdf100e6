// SPDX-License-Identifier: Apache-2.0
// Journals for tests, written as the engine writes them: roles by the rows of its own table.
#pragma once

#include "engine/journal_kinds.h"
#include "engine/transitions.h"
#include "recorder/history/incident_rules.h"

#include <map>
#include <string>
#include <vector>

namespace dyad::recorder {

class ToldEntries {
public:
    explicit ToldEntries(IncidentContext context) : m_rules(std::move(context)) {}

    ToldEntries& at(int ms) {
        m_now = Instant() + std::chrono::milliseconds(ms);
        m_wallMs = 1'790'000'000'000 + ms;
        return *this;
    }
    ToldEntries& tell(const char* kind, const std::string& text = {}, const std::string& group = {},
                      const std::string& resource = {}) {
        model::JournalEntry entry;
        entry.sequence = ++m_sequence;
        entry.at = m_now;
        entry.wallClockMs = m_wallMs;
        entry.kind = kind;
        entry.group = group;
        entry.resource = resource;
        entry.text = text;
        entries.push_back(entry);
        for (const model::Incident& incident : m_rules.take(entry))
            known[incident.id] = incident;
        return *this;
    }
    ToldEntries& role(model::Role from, engine::Trigger trigger, const std::string& group,
                      const std::string& detail = {}) {
        const engine::Transition* row = engine::findTransition(from, trigger);
        return tell(engine::kind::roleChanged,
                    std::string(toText(from)) + " → " + toText(row->to) + ": " + row->text +
                        (detail.empty() ? "" : " (" + detail + ")"),
                    group);
    }

    std::vector<model::JournalEntry> entries;
    std::map<std::uint64_t, model::Incident> known; // as last told

private:
    IncidentRules m_rules;
    Instant m_now;
    std::int64_t m_wallMs = 0;
    std::uint64_t m_sequence = 0;
};

} // namespace dyad::recorder
