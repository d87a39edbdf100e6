// SPDX-License-Identifier: Apache-2.0
// The small seams: clock, journal, alarms, fencing, gateways, orders.
#pragma once

#include "base/time.h"
#include "model/audit.h"
#include "model/journal.h"
#include "model/order_preview.h"
#include "model/view.h"
#include "ports/notify_port.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

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

// What operators ordered until further notice outlives the boot.
class StandingOrdersPort {
public:
    virtual ~StandingOrdersPort() = default;
    [[nodiscard]] virtual model::StandingOrders kept() const = 0; // as the last boot, or the last service, left them
    virtual void save(const model::StandingOrders& orders) = 0;   // never blocks on a disk
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
    // What the answer to this order would be now; nothing happens.
    [[nodiscard]] virtual model::OrderAnswer judge(const model::Order&) const { return {}; }
    // The steps of carrying it out, each with how long it took before; empty: nothing is known.
    [[nodiscard]] virtual std::vector<model::PredictedStep> predict(const model::Order&) const { return {}; }
    // Established connections to the addresses of the group on this node; none: it can't be told here.
    [[nodiscard]] virtual std::optional<std::size_t> clientsOf(const std::string& group) const {
        static_cast<void>(group);
        return std::nullopt;
    }
    // Somebody has seen the alarm. Refused where it doesn't stand.
    [[nodiscard]] virtual model::OrderAnswer acknowledge(const std::string& alarm, const std::string& who) {
        return {.accepted = false, .text = "alarm " + alarm + " can't be acknowledged by " + who + " here"};
    }
    // Every order and what became of it, once per order. Doesn't block.
    virtual void audit(const model::AuditEntry&) {}
    // The file of the flight recorder; empty: nothing is recorded.
    [[nodiscard]] virtual std::string recordingFile() const { return {}; }
    // The ways in which people are told of alarms, for metrics.
    [[nodiscard]] virtual std::vector<ChannelState> channels() const { return {}; }
    // Entries after `sequence`, oldest first, at most `limit`.
    [[nodiscard]] virtual std::vector<model::JournalEntry> journalAfter(std::uint64_t sequence,
                                                                        std::size_t limit) const = 0;
    // Called for each new entry and whenever the view may have changed.
    std::function<void(const model::JournalEntry&)> onJournal;
    std::function<void()> onViewChanged;
};

} // namespace dyad::ports
