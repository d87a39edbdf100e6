// SPDX-License-Identifier: Apache-2.0
// What stands on the array when something is started, and who else is registered.
#include "checkers/all.h"
#include "checkers/lasting.h"

namespace dyad::simulator {

namespace {

// S1. The proof may be as old as the lease term, no older: the array itself guards the time between.
class StartWithoutLease final : public Checker {
public:
    const char* name() const override { return "start-without-lease"; }
    unsigned wants() const override {
        return sees(SightKind::StartAsked) | sees(SightKind::KeysChanged) | sees(SightKind::HostChanged);
    }
    void see(const Sight& sight, const Truth& truth) override {
        for (std::size_t lun = 0; lun < truth.luns; ++lun) {
            const UnitTruth& unit = truth.units[lun];
            const std::uint8_t holds = unit.heldByPresentBoot ? unit.holder : nobody;
            Held& held = m_held[lun];
            if (held.node != nobody && (held.node != holds || held.boot != truth.nodes[held.node].boot)) {
                held.until[held.node] = truth.now;
                held.boots[held.node] = held.boot;
            }
            held.node = holds;
            held.boot = holds == nobody ? 0 : truth.nodes[holds].boot;
        }
        if (sight.kind != SightKind::StartAsked) return;
        for (const std::size_t lun : truth.groups[sight.group].luns) {
            const Held& held = m_held[lun];
            if (held.node == sight.node) continue;
            const bool lately = held.boots[sight.node] == truth.nodes[sight.node].boot &&
                                truth.now - held.until[sight.node] <= truth.timeouts->leaseTerm();
            if (!lately)
                fail("resource " + std::to_string(sight.resource) + " of group " + std::to_string(sight.group) +
                     " is started on " + nameOfNode(sight.node) + " without a reservation on LUN " +
                     std::to_string(lun));
        }
    }

private:
    struct Held {
        std::uint8_t node = nobody;
        std::uint32_t boot = 0;
        std::array<Duration, 2> until{};
        std::array<std::uint32_t, 2> boots{};
    };
    std::array<Held, maxSimulatedLuns> m_held{};
};

// S2. A key beside the holder's is a challenge: whoever placed it claims, or takes it away again soon. What a dead boot
// left behind is nobody's; who isn't there, or has no way to the array, can't withdraw.
class OnlyOwnerRegistered final : public Checker {
public:
    const char* name() const override { return "only-owner-registered"; }
    unsigned wants() const override {
        return sees(SightKind::KeysChanged) | sees(SightKind::RoleChanged) | sees(SightKind::HostChanged) |
               sees(SightKind::Look) | sees(SightKind::LinksChanged);
    }
    void see(const Sight&, const Truth& truth) override {
        for (std::size_t g = 0; g < truth.groups.size(); ++g)
            for (const std::size_t lun : truth.groups[g].luns)
                for (std::uint8_t node = 0; node < 2; ++node) {
                    const NodeTruth& of = truth.nodes[node];
                    const bool able =
                        of.powered && !of.still && !of.slow && of.service && of.path[lun] && !truth.units[lun].bent;
                    const bool bent = able && truth.units[lun].beside[node] && of.role[g] != model::Role::Claiming;
                    if (m_beside[lun][node].longerThan(patience(truth), bent, truth.now, lookAgain))
                        fail(std::string("a key of ") + nameOfNode(node) + " stands on LUN " + std::to_string(lun) +
                             " though it neither owns nor claims group " + std::to_string(g));
                }
    }

private:
    // A login, a request that waits for an answer that never comes, the withdrawal itself.
    static Duration patience(const Truth& truth) { return truth.timeouts->challengeWindow * 3 + 5s; }

    std::array<std::array<Lasting, 2>, maxSimulatedLuns> m_beside{};
};

} // namespace

std::unique_ptr<Checker> makeStartWithoutLease() { return std::make_unique<StartWithoutLease>(); }
std::unique_ptr<Checker> makeOnlyOwnerRegistered() { return std::make_unique<OnlyOwnerRegistered>(); }

} // namespace dyad::simulator
