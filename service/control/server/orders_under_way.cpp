// SPDX-License-Identifier: Apache-2.0
#include "control/server/orders_under_way.h"

#include <QDateTime>

#include <algorithm>

namespace dyad::control {
namespace {

using model::Role;

bool moving(Role role) { return role == Role::Claiming || role == Role::Starting || role == Role::Stopping; }

} // namespace

bool inMotion(const model::GroupView& group) {
    return moving(group.ownRole) || (group.peerRoleFresh && moving(group.peerRole));
}

std::string OrderUnderWay::sentence() const {
    const QString at =
        QDateTime::fromMSecsSinceEpoch(sinceWallClockMs, Qt::UTC).toString(QStringLiteral("HH:mm:ss 'UTC'"));
    return what + ", ordered by " + who + (address.empty() ? "" : " from " + address) + " at " + at.toStdString() +
           ", is still under way";
}

void OrdersUnderWay::begin(const OrderUnderWay& order, const model::ClusterView& view, Instant now) {
    const model::GroupView* group = view.group(order.group);
    if (!group) return;
    static_cast<void>(list(view, now));
    for (std::size_t i = 0; i < m_orders.size(); ++i) {
        if (m_orders[i].group != order.group) continue;
        m_orders.erase(m_orders.begin() + static_cast<std::ptrdiff_t>(i));
        m_watches.erase(m_watches.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    }
    if (m_orders.size() == maxOrders) return;
    m_orders.push_back(order);
    m_watches.push_back({group->activeNode, now, now});
}

const std::vector<OrderUnderWay>& OrdersUnderWay::list(const model::ClusterView& view, Instant now) {
    for (std::size_t i = 0; i < m_orders.size();) {
        if (over(m_orders[i], m_watches[i], view, now)) {
            m_orders.erase(m_orders.begin() + static_cast<std::ptrdiff_t>(i));
            m_watches.erase(m_watches.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
            ++i;
        }
    }
    return m_orders;
}

std::optional<OrderUnderWay> OrdersUnderWay::of(const std::string& group, const model::ClusterView& view, Instant now) {
    for (const OrderUnderWay& order : list(view, now))
        if (order.group == group) return order;
    return std::nullopt;
}

bool OrdersUnderWay::over(const OrderUnderWay& order, Watch& watch, const model::ClusterView& view, Instant now) const {
    const model::GroupView* group = view.group(order.group);
    if (!group || now - watch.begun > longest) return true;
    if (inMotion(*group)) {
        watch.movedAt = now;
        return false;
    }
    // Both sides agree on who is active now. Right after the order nothing has moved yet.
    if (!group->activeNode.empty() && group->activeNode != watch.from) return true;
    return now - watch.movedAt > settles;
}

} // namespace dyad::control
