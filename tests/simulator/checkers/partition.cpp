// SPDX-License-Identifier: Apache-2.0
// L2: when nothing but links fails, and both nodes are well, the owner keeps its group whatever the links do.
#include "checkers/all.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

class Partition final : public Checker {
public:
    const char* name() const override { return "partition"; }
    unsigned wants() const override {
        return sees(SightKind::RoleChanged) | sees(SightKind::OrderGiven) | sees(SightKind::HostChanged);
    }
    void see(const Sight& sight, const Truth& truth) override {
        if (sight.kind != SightKind::RoleChanged) {
            m_trouble = truth.now;
            return;
        }
        const model::Role now = truth.nodes[sight.node].role[sight.group];
        Owner& owner = m_owners[sight.group][sight.node];
        const bool was = owner.active;
        owner.active = now == model::Role::Active;
        if (!was || owner.active) {
            owner.since = truth.now;
            return;
        }
        if (truth.otherFaults > 0 || truth.groups[sight.group].luns.empty()) return;
        if (truth.groups[sight.group].automaticFailback) return; // it may go home
        const Duration calm = truth.timeouts->leaseTerm() + 2 * truth.timeouts->killDeadline() + 8s;
        const Duration from = std::max({m_trouble, truth.lastOtherTrouble, owner.since});
        if (truth.now - from > calm && !truth.healed)
            fail("group " + std::to_string(sight.group) + " is no longer active on " + nameOfNode(sight.node) +
                 " though nothing but links has failed");
    }

private:
    struct Owner {
        bool active = false;
        Duration since{0};
    };
    std::array<std::array<Owner, 2>, maxSimulatedGroups> m_owners{};
    Duration m_trouble{0};
};

} // namespace

std::unique_ptr<Checker> makePartition() { return std::make_unique<Partition>(); }

} // namespace dyad::simulator
