// SPDX-License-Identifier: Apache-2.0
// A state of the engine that a test arranges by hand, for judgements that are asked directly. Group 0 has two LUNs,
// group 1 none. The peer is alive, speaks and stands by; nobody holds anything; every path is up; this is the first
// node.
#pragma once

#include "engine/step_context.h"

namespace dyad::engine {

class Workplace {
public:
    static constexpr Instant origin = Instant::fromNanoseconds(1'000'000'000'000);
    static constexpr std::uint16_t cluster = 0x5d2a;
    static constexpr model::BootDigest ownBoot{0x11};
    static constexpr model::BootDigest peerBoot{0x22};
    static constexpr model::BootDigest deadBoot{0x33};

    Workplace() {
        configuration.clusterId = cluster;
        configuration.profile = model::Profile::Fast;
        configuration.nodes[0].name = "alpha";
        configuration.nodes[1].name = "beta";
        configuration.links.resize(2);
        configuration.luns.resize(2);
        configuration.luns[0].name = "one";
        configuration.luns[1].name = "other";
        configuration.groups.resize(2);
        configuration.groups[0].name = "erp";
        configuration.groups[1].name = "web";
        configuration.groups[0].luns = {model::LunId(0), model::LunId(1)};

        state.started = true;
        state.startedAt = origin;
        state.boot = ownBoot;
        state.links.resize(2);
        state.oneWaySince.resize(2);
        state.peer.liveness = model::Liveness::Alive;
        state.peer.since = origin;
        state.peer.everHeard = true;
        state.peer.boot = peerBoot;
        state.peer.status.serviceAlive = true;
        state.peer.status.groups.resize(2);
        state.groups.resize(2);
        for (std::uint32_t i = 0; i < 2; ++i) {
            state.groups[i].id = model::GroupId(i);
            state.groups[i].since = origin;
            state.groups[i].tag = state.peer.status.groups[i].tag = 100 + i;
            state.groups[i].settled = true;
            state.groups[i].epoch = model::Epoch(3);
            state.peer.status.groups[i].epoch = model::Epoch(3);
        }
        erp().luns.resize(2);
        for (std::uint32_t i = 0; i < 2; ++i) {
            erp().luns[i].id = model::LunId(i);
            erp().luns[i].pathUp = true;
            erp().luns[i].known = true;
        }
    }

    [[nodiscard]] static model::ReservationKey key(model::NodeId node, model::BootDigest boot, std::uint32_t epoch) {
        return model::ReservationKey::make(cluster, node, boot, model::Epoch(epoch));
    }
    // Somebody holds the arbiter, and is registered.
    void held(model::ReservationKey by) {
        erp().luns[0].snapshot.holder = by;
        erp().luns[0].snapshot.registrants = {by};
    }
    // This node runs the group by the book, in its epoch, proven a moment ago.
    void own(GroupRecord& group) {
        group.role = model::Role::Active;
        group.key = key(self, ownBoot, group.epoch.value);
        for (LunRecord& lun : group.luns) {
            lun.snapshot.holder = group.key;
            lun.snapshot.registrants = {group.key};
            lun.provenEpoch = group.epoch;
            lun.provenFrom = now;
        }
    }

    // Gives erp a filesystem and a database that stands on it.
    void furnish(model::ResourceState is) {
        std::vector<model::ResourceSetup>& setups = configuration.groups[0].resources;
        setups.resize(2);
        setups[0].name = "data";
        setups[0].settings = model::FilesystemSettings{};
        setups[1].name = "db";
        setups[1].settings = model::ProcessSettings{};
        setups[1].after = {model::ResourceId(0)};
        erp().resources.resize(2);
        for (ResourceRecord& each : erp().resources)
            each.state = is;
    }

    GroupRecord& erp() { return state.groups[0]; }
    GroupRecord& web() { return state.groups[1]; }
    model::GroupStatus& word(GroupRecord& group) { return state.peer.status.groups[group.id.value]; }

    // Asks in a context of its own; then says when the answer may change.
    template <typename Question>
    auto ask(Question question) {
        actions.clear();
        StepContext step(configuration, self, timeouts, state, actions, now);
        auto answer = question(step);
        deadline = step.nextDeadline();
        return answer;
    }

    template <typename Procedure>
    void go(Procedure procedure) {
        ask([&](StepContext& step) {
            procedure(step);
            return 0;
        });
    }

    // Of what was wanted last: all of one sort.
    template <typename Wanted>
    [[nodiscard]] std::vector<Wanted> wanted() const {
        std::vector<Wanted> found;
        for (const Action& action : actions)
            if (const auto* each = std::get_if<Wanted>(&action)) found.push_back(*each);
        return found;
    }
    // How often the journal line was told.
    [[nodiscard]] std::size_t told(const std::string& kind) const {
        std::size_t count = 0;
        for (const Explain& line : wanted<Explain>())
            count += line.kind == kind;
        return count;
    }
    // The first such line.
    [[nodiscard]] Explain line(const std::string& kind) const {
        for (const Explain& each : wanted<Explain>())
            if (each.kind == kind) return each;
        return {};
    }
    [[nodiscard]] bool alarm(const std::string& id) const { return state.alarms.count(id) != 0; }

    model::Configuration configuration;
    model::NodeId self = model::NodeId::First;
    Timeouts timeouts = timeoutsOf(model::Profile::Fast);
    State state;
    Instant now = origin + 500ms; // half of what a node waits for its peer at start-up
    std::vector<Action> actions;
    std::optional<Instant> deadline;
};

} // namespace dyad::engine
