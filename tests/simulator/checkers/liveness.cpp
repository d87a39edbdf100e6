// SPDX-License-Identifier: Apache-2.0
// Once everything is healed: every group runs, whole, on just one node, within the bound, and stays there (L1, L3, L4).
#include "checkers/all.h"
#include "world/configuration.h"

namespace dyad::simulator {

// The longest way there: a stop that is under way runs into its time-outs, the node that must reset itself comes back,
// hearts and services meet, whoever has the turn waits for the other, a challenge that was just defended is placed
// again, the ladder is climbed once more, and the operator comes by in between.
Duration livenessBound(const engine::Timeouts& timeouts) {
    constexpr Duration operatorRound = 2s;
    constexpr Duration reboot = 4s;
    constexpr unsigned attempts = 3; // ladder
    return 2 * (stopTimeout + timeouts.killDeadline()) + timeouts.leaseTerm() + reboot +
           timeouts.reservationAnswer() * 2 + timeouts.lost + timeouts.startupWait() * 3 + timeouts.preemptAfter() +
           timeouts.rechallengeInterval() + attempts * (startTimeout + stopTimeout + restartBackoff) + timeouts.orderPatience() +
           4 * operatorRound;
}

namespace {

class Liveness final : public Checker {
public:
    const char* name() const override { return "liveness"; }
    unsigned wants() const override {
        return sees(SightKind::Healed) | sees(SightKind::ResourceChanged) | sees(SightKind::RoleChanged) |
               sees(SightKind::HostChanged) | sees(SightKind::Look);
    }

    void see(const Sight& sight, const Truth& truth) override {
        if (sight.kind == SightKind::Healed) {
            m_bound = truth.now + livenessBound(*truth.timeouts);
            m_settled.assign(truth.groups.size(), {});
            m_moves.assign(truth.groups.size(), 0);
        }
        if (!truth.healed || m_settled.empty()) return;
        bool all = true;
        for (std::size_t g = 0; g < truth.groups.size(); ++g)
            all = look(g, truth) && all;
        // Everything must have run for a while without a break at the end of the life.
        lookAgain.reset();
        if (!all) {
            if (truth.now >= m_bound) return fail(whatIsMissing(truth));
            wake(m_bound);
        }
    }

private:
    struct Settled {
        std::uint8_t node = nobody;
        bool now = false;
    };
    static constexpr unsigned movesAllowed = 6; // within the whole phase; a ping-pong makes more in seconds

    [[nodiscard]] static std::uint8_t runsOn(std::size_t g, const Truth& truth) {
        std::uint8_t on = nobody;
        for (std::uint8_t node = 0; node < 2; ++node) {
            const NodeTruth& of = truth.nodes[node];
            std::size_t there = 0;
            for (std::size_t r = 0; r < truth.groups[g].resources; ++r)
                there += of.resources[g][r].there;
            if (there == 0) continue;
            if (there < truth.groups[g].resources || on != nobody || !of.service || of.role[g] != model::Role::Active)
                return nobody;
            on = node;
        }
        return on;
    }

    bool look(std::size_t g, const Truth& truth) {
        Settled& settled = m_settled[g];
        const std::uint8_t on = runsOn(g, truth);
        if (on != nobody && settled.node != nobody && on != settled.node && ++m_moves[g] > movesAllowed)
            fail("group " + std::to_string(g) + " goes to and fro between the nodes though nothing fails any more");
        if (on != nobody) settled.node = on;
        settled.now = on != nobody;
        return settled.now;
    }

    [[nodiscard]] std::string whatIsMissing(const Truth& truth) const {
        std::string text;
        for (std::size_t g = 0; g < truth.groups.size(); ++g) {
            if (m_settled[g].now) continue;
            text += "group " + std::to_string(g) + " does not run on just one node " +
                    dyad::toText(livenessBound(*truth.timeouts)) + " after everything was repaired:";
            for (std::uint8_t node = 0; node < 2; ++node) {
                std::size_t there = 0;
                for (std::size_t r = 0; r < truth.groups[g].resources; ++r)
                    there += truth.nodes[node].resources[g][r].there;
                text += std::string(" ") + nameOfNode(node) + " is " +
                        (truth.nodes[node].service ? model::toText(truth.nodes[node].role[g]) : "without service") +
                        " with " + std::to_string(there) + " of " + std::to_string(truth.groups[g].resources) +
                        " resources;";
            }
        }
        return text;
    }

    Duration m_bound{0};
    std::vector<Settled> m_settled;
    std::vector<unsigned> m_moves;
};

} // namespace

std::unique_ptr<Checker> makeLiveness() { return std::make_unique<Liveness>(); }

} // namespace dyad::simulator
