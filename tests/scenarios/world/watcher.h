// SPDX-License-Identifier: Apache-2.0
// Watches the rules from outside, after everything that happens, and knows nothing of how the engine keeps them:
//   S1  nothing is started on a host that didn't hold every LUN of the group on the array within the last lease term
//   S2  outside a challenge only the holder is registered
//   S3/S4  what runs on two living hosts at once is over within the lease term
//   and: nobody floods the array with commands; an idle engine doesn't spin
#pragma once

#include "base/time.h"
#include "model/messages.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace dyad::world {

class World;

class Watcher {
public:
    explicit Watcher(World& world) : m_world(world) {}

    void look();
    void startRequested(model::NodeId node, const model::ResourceRequest& request);
    void arrayAsked(model::NodeId node);
    void stepped(model::NodeId node);

    [[nodiscard]] const std::vector<std::string>& broken() const { return m_broken; }

private:
    static constexpr unsigned maxArrayCommandsPerTick = 60; // per node, LUN and 20 ms
    static constexpr unsigned maxStepsPerInstant = 500;

    void broken(const std::string& rule);
    void lookAtWriters(model::GroupId group);
    void lookAtRegistrants(model::GroupId group);
    void lookAtDoubles(model::GroupId group);
    // What may last for a while, but not for long: which rule, group, and LUN or resource, and node where that matters.
    using Bend = std::tuple<char, std::uint32_t, std::size_t, std::size_t>;
    // True once it has lasted for longer than `patience` without a break.
    bool lastsLonger(const Bend& bend, bool bent, Duration patience);

    World& m_world;
    std::vector<std::string> m_broken;
    std::map<Bend, Instant> m_bentSince;
    std::map<std::pair<model::NodeId, model::LunId>, Instant> m_heldAt; // on the array, whatever anybody believes
    Instant m_tickFrom[2];
    unsigned m_asked[2] = {0, 0};
    Instant m_steppedAt[2];
    unsigned m_steps[2] = {0, 0};
};

} // namespace dyad::world
