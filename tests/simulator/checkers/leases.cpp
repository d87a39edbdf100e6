// SPDX-License-Identifier: Apache-2.0
// Who has lost its lease, or can't verify it, is silent within its deadline (S3, S4); an address is on one node.
#include "checkers/all.h"
#include "checkers/lasting.h"

namespace dyad::simulator {

namespace {

constexpr unsigned watched = sees(SightKind::KeysChanged) | sees(SightKind::HostChanged) |
                             sees(SightKind::ResourceChanged) | sees(SightKind::LinksChanged) | sees(SightKind::Look);

bool canAct(const NodeTruth& node) { return node.powered && !node.still && !node.slow && node.service; }

// The lease expires, what is killed has its time, and then the rest of the group that stood on it.
Duration silenceDeadline(const Truth& truth) {
    return truth.timeouts->leaseTerm() + 2 * truth.timeouts->killDeadline() + 1s;
}

class Silence final : public Checker {
public:
    const char* name() const override { return "silence"; }
    unsigned wants() const override { return watched; }
    void see(const Sight&, const Truth& truth) override {
        for (std::size_t g = 0; g < truth.groups.size(); ++g) {
            if (truth.groups[g].luns.empty()) continue;
            for (std::uint8_t node = 0; node < 2; ++node) {
                const NodeTruth& of = truth.nodes[node];
                bool good = true;
                for (const std::size_t lun : truth.groups[g].luns)
                    good =
                        good && truth.units[lun].holder == node && truth.units[lun].heldByPresentBoot && of.path[lun];
                const bool bent = canAct(of) && !good && something(truth, g, node);
                if (of.serviceLife != m_lives[g][node]) m_loud[g][node].forget(); // it has yet to look around
                m_lives[g][node] = of.serviceLife;
                if (m_loud[g][node].longerThan(silenceDeadline(truth), bent, truth.now, lookAgain))
                    fail(std::string("something of group ") + std::to_string(g) + " still runs on " + nameOfNode(node) +
                         " " + dyad::toText(silenceDeadline(truth)) + " after its lease was gone");
            }
        }
    }

private:
    static bool something(const Truth& truth, std::size_t g, std::uint8_t node) {
        for (std::size_t r = 0; r < truth.groups[g].resources; ++r) {
            const ResourceTruth& each = truth.nodes[node].resources[g][r];
            if (each.there && !each.bent) return true;
        }
        return false;
    }

    std::array<std::array<Lasting, 2>, maxSimulatedGroups> m_loud{};
    std::array<std::array<std::uint32_t, 2>, maxSimulatedGroups> m_lives{};
};

class OneAddress final : public Checker {
public:
    const char* name() const override { return "one-address"; }
    unsigned wants() const override { return watched; }
    void see(const Sight&, const Truth& truth) override {
        bool apart = false; // a partition can't be told from a death where no array is asked
        for (std::uint8_t node = 0; node < 2; ++node)
            for (std::size_t link = 0; link < truth.links; ++link)
                apart = apart || !truth.linkWorks[node][link];
        const bool hearts = truth.nodes[0].heart && truth.nodes[1].heart;
        const bool both = canAct(truth.nodes[0]) && canAct(truth.nodes[1]);
        for (std::size_t g = 0; g < truth.groups.size(); ++g) {
            const bool lunless = truth.groups[g].luns.empty();
            for (std::size_t r = 0; r < truth.groups[g].resources; ++r) {
                const ResourceTruth& a = truth.nodes[0].resources[g][r];
                const ResourceTruth& b = truth.nodes[1].resources[g][r];
                if (a.type != ResourceType::Address) continue;
                const bool bent = both && a.there && b.there && !a.bent && !b.bent && !(lunless && (apart || !hearts));
                const Duration patience = truth.timeouts->leaseTerm() + truth.timeouts->killDeadline() +
                                          (lunless ? truth.timeouts->startupWait() : Duration(0));
                if (m_double[g][r].longerThan(patience, bent, truth.now, lookAgain))
                    fail("the address of group " + std::to_string(g) + " is raised on both nodes");
            }
        }
    }

private:
    std::array<std::array<Lasting, maxSimulatedResources>, maxSimulatedGroups> m_double{};
};

} // namespace

std::unique_ptr<Checker> makeSilence() { return std::make_unique<Silence>(); }
std::unique_ptr<Checker> makeOneAddress() { return std::make_unique<OneAddress>(); }

} // namespace dyad::simulator
