// SPDX-License-Identifier: Apache-2.0
// The virtual world: two hosts with the real engine, links, an array, a gateway; and somebody who watches the rules.
#pragma once

#include "world/array.h"
#include "world/clock.h"
#include "world/host.h"
#include "world/watcher.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dyad::world {

class World {
public:
    static constexpr Duration linkDelay = 1ms;
    static constexpr Duration arrayDelay = 500us; // each way

    explicit World(const model::Configuration& configuration);

    // Time goes on until `end`; false once the watcher has seen a rule broken.
    bool runUntil(Instant end);

    void cut(std::size_t link, model::NodeId from, bool isCut) { m_cut[link][model::indexOf(from)] = isCut; }
    void healLinks();
    void restartArray();

    [[nodiscard]] Host& host(model::NodeId node) { return *m_hosts[model::indexOf(node)]; }
    [[nodiscard]] const model::Configuration& configuration() const { return m_configuration; }
    [[nodiscard]] const model::Configuration& configurationOf(model::NodeId node) const {
        return m_differs[model::indexOf(node)];
    }
    // The file on this host differs from the other's.
    void alterConfiguration(model::NodeId node) { ++m_differs[model::indexOf(node)].digest; }
    [[nodiscard]] Clock& clock() { return m_clock; }
    [[nodiscard]] Array& array() { return m_array; }
    [[nodiscard]] Watcher& watcher() { return m_watcher; }
    [[nodiscard]] bool cutBetween(model::NodeId from) const;

    // For hosts.
    void send(model::NodeId from, const Heartbeat& heartbeat);
    void reservationsChanged();
    void tell(model::NodeId node, const std::string& group, const std::string& kind, const std::string& text);

    // One line of what a node tells; `group` may be empty.
    std::function<void(model::NodeId, const std::string& group, const std::string& kind, const std::string& text)>
        onTold;
    // After each step of an engine, before its actions are carried out.
    std::function<void(model::NodeId, const engine::Event&, const engine::Engine&, const std::vector<engine::Action>&)>
        onStep;

private:
    const model::Configuration m_configuration;
    model::Configuration m_differs[2];
    Clock m_clock;
    Array m_array;
    std::vector<std::array<bool, 2>> m_cut; // by link, then by the sender's index
    std::unique_ptr<Host> m_hosts[2];
    Watcher m_watcher;
};

} // namespace dyad::world
