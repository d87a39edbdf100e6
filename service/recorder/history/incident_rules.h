// SPDX-License-Identifier: Apache-2.0
// From the entries of one node's journal to its incidents. A pure fold: the same entries give the same incidents with
// the same ids, so a service that was restarted reads its journal again and goes on.
#pragma once

#include "model/history.h"
#include "recorder/history/evidence.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dyad::recorder {

// The kind of the entry that is written when an operator begins a drill; the order follows it.
inline constexpr const char* drillKind = "drill";
inline constexpr std::size_t maxOpenIncidents = 128;
inline constexpr std::size_t maxStepsPerIncident = 256;

struct IncidentContext {
    std::string node;
    std::string peer;
    std::map<std::string, std::string> preferred; // group → node; groups that prefer nobody are left out
};

class IncidentRules {
public:
    explicit IncidentRules(IncidentContext context) : m_context(std::move(context)) {}

    // The incidents that this entry opened, changed or closed, as they stand now. One with an outcome other than
    // Ongoing may still grow (a refused takeover is tried again as long as the peer is silent) and is then told again.
    // Entries come in the order of their sequences.
    [[nodiscard]] std::vector<model::Incident> take(const model::JournalEntry& entry);

private:
    struct Open {
        model::Incident incident;
        Instant phase;                           // the last moment from which the next step is measured
        std::map<std::string, Instant> starting; // resource → when it was asked to start
        bool ofSilence = false;                  // it lasts as long as the peer is silent
        unsigned refusals = 0;
    };
    struct Silence {
        Instant from; // the last heartbeat
        std::int64_t fromWallMs = 0;
        std::uint64_t sequence = 0;
        bool lost = false;
        bool served = false; // a group was taken over
    };
    struct Changes;

    void serviceStarted(const model::JournalEntry& entry, Changes& changes);
    void peerChanged(const model::JournalEntry& entry, Changes& changes);
    void peerHeard(const model::JournalEntry& entry, Changes& changes);
    void pathChanged(const model::JournalEntry& entry, Changes& changes);
    void roleChanged(const model::JournalEntry& entry, const RoleChange& change, Changes& changes);
    void claims(const model::JournalEntry& entry, const RoleChange& change, Changes& changes);
    void leaves(const model::JournalEntry& entry, const RoleChange& change, Changes& changes);
    void loses(const model::JournalEntry& entry, const RoleChange& change, Changes& changes);
    void resourceTold(const model::JournalEntry& entry, Changes& changes);
    void defended(const model::JournalEntry& entry, Changes& changes);
    void orderTold(const model::JournalEntry& entry);

    [[nodiscard]] Open begin(const model::JournalEntry& entry, model::IncidentKind kind) const;
    Open& openGroup(const model::JournalEntry& entry, model::IncidentKind kind);
    [[nodiscard]] Open* groupOf(const model::JournalEntry& entry);
    void reach(Open& open, const model::JournalEntry& entry) const;
    void step(Open& open, const std::string& name, Instant from, Instant until) const;
    void close(Open& open, const model::JournalEntry& entry, model::IncidentOutcome outcome) const;
    void closeGroup(const std::string& group, const model::JournalEntry& entry, model::IncidentOutcome outcome,
                    Changes& changes);
    void tellHeadline(Open& open, const std::string& detail = {}) const;

    IncidentContext m_context;
    std::map<std::string, Open> m_groups; // by group
    std::map<std::string, Open> m_paths;  // by LUN
    std::optional<Open> m_peer;           // silent, lost, or defended against
    std::optional<Open> m_fence;
    std::optional<Silence> m_silence;
    bool m_rebooted = false;                              // the peer, since it fell silent
    std::map<std::string, model::IncidentKind> m_ordered; // by group: what an accepted order will be
    std::map<std::string, model::JournalEntry> m_failure; // by group: the last resource that failed
    model::JournalEntry m_last;
};

} // namespace dyad::recorder
