// SPDX-License-Identifier: Apache-2.0
// The small seams: clock, journal, alarms, fencing, gateways, orders.
#pragma once

#include "base/time.h"
#include "model/journal.h"
#include "model/view.h"

#include <functional>
#include <string>

namespace dyad::ports {

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Instant now() const = 0;
    // Like now(), but goes on while the host is suspended: their difference shows a suspend.
    [[nodiscard]] virtual Instant nowWithSuspend() const { return now(); }
    [[nodiscard]] virtual std::int64_t wallClockMs() const = 0;
};

class JournalPort {
public:
    virtual ~JournalPort() = default;
    virtual void
    write(model::JournalEntry entry) = 0; // sequence is filled in by the recorder; never blocks on a full disk
};

class AlarmPort {
public:
    virtual ~AlarmPort() = default;
    virtual void raise(const model::AlarmView& alarm) = 0;
    virtual void clear(const std::string& id) = 0;
};

class FencePort {
public:
    virtual ~FencePort() = default;
    // Resets this host now. Returns only where the host can't be reset (no device, no privilege): the caller then
    // aborts.
    virtual void selfFence(const std::string& reason) = 0;
};

class GatewayPort {
public:
    virtual ~GatewayPort() = default;
    std::function<void(bool reachable)>
        onChange; // at least one of the configured gateways answers; first call soon after start
};

// What the control server needs of the service.
class ServicePort {
public:
    virtual ~ServicePort() = default;
    using Answered = std::function<void(const model::OrderAnswer&)>;

    [[nodiscard]] virtual model::ClusterView view() const = 0;
    // `answered` is called once, soon (the order is accepted or refused, not finished).
    virtual void order(const model::Order& order, Answered answered) = 0;
    // Entries after `sequence`, oldest first, at most `limit`.
    [[nodiscard]] virtual std::vector<model::JournalEntry> journalAfter(std::uint64_t sequence,
                                                                        std::size_t limit) const = 0;
    // Called for each new entry and whenever the view may have changed.
    std::function<void(const model::JournalEntry&)> onJournal;
    std::function<void()> onViewChanged;
};

} // namespace dyad::ports
