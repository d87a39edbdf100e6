// SPDX-License-Identifier: Apache-2.0
// The memory of a node, as the control server asks it. Real: recorder/history/history.h.
#pragma once

#include "base/result.h"
#include "model/audit.h"
#include "model/history.h"

#include <functional>
#include <string>
#include <vector>

namespace dyad::ports {

inline constexpr std::size_t maxIncidentsPerAnswer = 200;
inline constexpr std::size_t maxEntriesPerAnswer = 2000;
inline constexpr std::size_t maxAuditPerAnswer = 500;
inline constexpr std::size_t maxDurationsPerAnswer = 2000;

// Every question is answered once, later, on the thread that asked: the disk is read elsewhere. An Error: the history
// can't be read, and why. At most as many as the bounds above, whatever is asked for.
class HistoryPort {
public:
    virtual ~HistoryPort() = default;
    template <typename Value>
    using Answered = std::function<void(Result<Value>)>;

    // The newest first; only those that began before the incident `before` (0: all).
    virtual void incidents(std::size_t limit, std::uint64_t before,
                           Answered<std::vector<model::Incident>> answered) = 0;
    // None: there is no such incident (any more).
    virtual void incident(std::uint64_t id, Answered<std::vector<model::Incident>> answered) = 0;
    // By the wall clock of this node at the time; oldest first, the newest `limit` of them.
    virtual void entries(std::int64_t fromWallMs, std::int64_t toWallMs, std::size_t limit,
                         Answered<std::vector<model::RememberedEntry>> answered) = 0;
    // Of every group where `group` is empty; the newest first.
    virtual void durations(const std::string& group, Answered<std::vector<model::StepDuration>> answered) = 0;
    // The newest first.
    virtual void audit(std::size_t limit, Answered<std::vector<model::AuditEntry>> answered) = 0;
};

} // namespace dyad::ports
