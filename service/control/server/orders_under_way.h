// SPDX-License-Identifier: Apache-2.0
// Orders that were accepted and are not over yet, so that a second operator is told about the first. Pure; the view and
// the time are arguments.
#pragma once

#include "base/time.h"
#include "model/view.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dyad::control {

struct OrderUnderWay {
    std::string group;
    std::string what; // "switchover of erp"
    std::string who;
    std::string address; // from where
    std::string node;    // whose record this is
    std::int64_t sinceWallClockMs = 0;

    // "switchover of erp, ordered by otto from 10.77.1.5 at 16:40:03 UTC, is still under way"
    [[nodiscard]] std::string sentence() const;
};

class OrdersUnderWay {
public:
    static constexpr std::size_t maxOrders = 32; // one per group at most
    // Nothing has moved for so long: it is over, or was given up.
    static constexpr Duration settles = 3s;
    static constexpr Duration longest = 30min;

    void begin(const OrderUnderWay& order, const model::ClusterView& view, Instant now);
    // Those that are still under way.
    [[nodiscard]] const std::vector<OrderUnderWay>& list(const model::ClusterView& view, Instant now);
    [[nodiscard]] std::optional<OrderUnderWay> of(const std::string& group, const model::ClusterView& view,
                                                  Instant now);

private:
    struct Watch {
        std::string from; // where the group was active
        Instant begun;
        Instant movedAt;
    };
    [[nodiscard]] bool over(const OrderUnderWay& order, Watch& watch, const model::ClusterView& view,
                            Instant now) const;

    std::vector<OrderUnderWay> m_orders;
    std::vector<Watch> m_watches; // one for each of them
};

// The group is on its way from one role to another, here or, as far as is heard, at the peer.
[[nodiscard]] bool inMotion(const model::GroupView& group);

} // namespace dyad::control
