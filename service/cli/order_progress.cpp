// SPDX-License-Identifier: Apache-2.0
#include "cli/order_progress.h"

#include <QJsonObject>

namespace dyad::cli {

using model::Role;

bool OrderProgress::take(double atMs, const std::string& node, const model::JournalEntry& entry) {
    if (entry.group != m_group) return false;
    m_steps.push_back({atMs, node, entry});
    return true;
}

void OrderProgress::take(const model::ClusterView& view) {
    for (const model::GroupView& group : view.groups) {
        if (group.name != m_group || m_done) continue;
        m_troubles.erase(view.node);
        const std::string why = group.why.empty() ? "" : ": " + group.why;
        // Each node knows best of itself; what it says of the peer may be a heartbeat old.
        const bool activeHere = group.ownRole == Role::Active;
        const bool activeThere = group.peerRoleFresh && group.peerRole == Role::Active && group.activeNode != view.node;
        const bool peerAtWork =
            group.peerRoleFresh && group.peerRole != Role::Failed && group.peerRole != Role::Standby;
        if (view.node == m_from && !activeHere) m_left = true;
        if (activeHere && view.node != m_from && (m_to.empty() || view.node == m_to)) {
            m_activeOn = view.node;
            m_done = true;
        } else if (activeThere && !m_to.empty() && m_to != m_from && group.activeNode == m_to) {
            m_activeOn = m_to;
            m_done = true;
        } else if (activeHere && view.node == m_from && m_left) {
            m_troubles[view.node] = m_group + " came back to " + m_from + " instead" + why + ". See: dyad events";
        } else if (group.ownRole == Role::Failed && group.activeNode.empty() && !peerAtWork) {
            m_troubles[view.node] = m_group + " has failed on " + view.node + why + ". See: dyad status";
        }
    }
}

OrderProgress::Outcome OrderProgress::outcome() const {
    if (m_done) return Outcome::Done;
    return m_troubles.empty() ? Outcome::UnderWay : Outcome::Failed;
}

std::string OrderProgress::trouble() const { return m_done || m_troubles.empty() ? "" : m_troubles.begin()->second; }

QJsonArray toJson(const std::vector<OrderProgress::Step>& steps) {
    QJsonArray array;
    for (const OrderProgress::Step& step : steps)
        array.append(QJsonObject{{"at_ms", step.atMs},
                                 {"node", QString::fromStdString(step.node)},
                                 {"kind", QString::fromStdString(step.entry.kind)},
                                 {"resource", QString::fromStdString(step.entry.resource)},
                                 {"text", QString::fromStdString(step.entry.text)}});
    return array;
}

} // namespace dyad::cli
