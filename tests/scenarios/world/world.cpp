// SPDX-License-Identifier: Apache-2.0
#include "world/world.h"

#include <algorithm>

namespace dyad::world {

using model::NodeId;

World::World(const model::Configuration& configuration)
    : m_configuration(configuration), m_differs{configuration, configuration}, m_array(configuration.luns.size()),
      m_cut(configuration.links.size()), m_watcher(*this) {
    for (const NodeId node : model::bothNodes)
        m_hosts[model::indexOf(node)] = std::make_unique<Host>(*this, node);
}

bool World::runUntil(Instant end) {
    while (m_clock.next(end)) {
        m_watcher.look();
        if (!m_watcher.broken().empty()) return false;
    }
    return true;
}

void World::healLinks() {
    for (auto& link : m_cut)
        link = {false, false};
}

bool World::cutBetween(NodeId from) const {
    return std::all_of(m_cut.begin(), m_cut.end(), [&](const auto& link) { return link[model::indexOf(from)]; });
}

void World::restartArray() {
    m_array.forgetEverything();
    for (const NodeId node : model::bothNodes)
        host(node).arrayRestarted();
}

void World::send(NodeId from, const Heartbeat& heartbeat) {
    for (std::size_t link = 0; link < m_cut.size(); ++link) {
        if (m_cut[link][model::indexOf(from)]) continue;
        m_clock.after(linkDelay, [this, from, link, heartbeat] { host(model::otherNode(from)).hear(link, heartbeat); });
    }
}

void World::reservationsChanged() {
    for (const NodeId node : model::bothNodes)
        host(node).reservationsChanged();
}

void World::tell(NodeId node, const std::string& group, const std::string& kind, const std::string& text) {
    if (onTold) onTold(node, group, kind, text);
}

} // namespace dyad::world
