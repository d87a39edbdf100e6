// SPDX-License-Identifier: Apache-2.0
// What an alarm says is so, and what is so for long is said. Only alarms whose truth can be computed from outside.
#include "checkers/all.h"
#include "checkers/lasting.h"

#include <set>

namespace dyad::simulator {

namespace {

class Alarms final : public Checker {
public:
    explicit Alarms(const model::Configuration& configuration) {
        for (const model::LinkSetup& link : configuration.links)
            m_linkLost.push_back("link.lost:" + link.name);
        for (const model::LunSetup& lun : configuration.luns)
            m_lunPath.push_back("lun.path:" + lun.name);
        m_gateways = !configuration.gateways.empty();
    }
    const char* name() const override { return "alarms"; }
    unsigned wants() const override {
        return sees(SightKind::AlarmChanged) | sees(SightKind::HostChanged) | sees(SightKind::LinksChanged) |
               sees(SightKind::KeysChanged) | sees(SightKind::Look);
    }

    void see(const Sight& sight, const Truth& truth) override {
        if (sight.kind == SightKind::AlarmChanged) {
            auto& standing = m_standing[sight.node];
            if (sight.raised)
                standing.insert(*sight.alarm);
            else
                standing.erase(*sight.alarm);
        }
        for (std::uint8_t node = 0; node < 2; ++node)
            look(node, truth);
    }

private:
    enum class Should : std::uint8_t { Stand, NotStand, Either };

    struct Watch {
        Lasting missing;
        Lasting wrong;
    };

    void look(std::uint8_t node, const Truth& truth) {
        const NodeTruth& self = truth.nodes[node];
        const NodeTruth& peer = truth.nodes[1 - node];
        if (self.serviceLife != m_lives[node]) {
            m_lives[node] = self.serviceLife;
            m_standing[node].clear();
            m_watches[node] = {};
        }
        const bool able = self.powered && !self.still && !self.slow && self.service && self.heart;
        if (!able) {
            m_watches[node] = {};
            return;
        }
        const engine::Timeouts& times = *truth.timeouts;
        const Duration heard = times.lost * 2 + 6 * times.heartbeat + 1s;
        const bool peerThere = peer.powered && peer.heart && !peer.still && !peer.slow;
        bool anyLink = false;
        for (std::size_t link = 0; link < truth.links; ++link) {
            const bool works = truth.linkWorks[node][link] && truth.linkWorks[1 - node][link];
            anyLink = anyLink || works;
            judge(node, Which::Link, link, m_linkLost[link],
                  !peer.powered        ? Should::Stand
                  : works && peerThere ? Should::NotStand
                                       : Should::Either,
                  heard, truth);
        }
        judge(node, Which::Peer, 0, m_peerLost,
              !peer.powered          ? Should::Stand
              : anyLink && peerThere ? Should::NotStand
                                     : Should::Either,
              heard, truth);
        for (std::size_t lun = 0; lun < truth.luns; ++lun) {
            // A login that was begun while the path was away may have to time out first, and so may a request.
            const Duration looked = times.watchInterval() + times.verifyInterval() + times.reservationAnswer() + 5s;
            judge(node, Which::Lun, lun, m_lunPath[lun],
                  truth.units[lun].bent ? Should::Either
                  : self.path[lun]      ? Should::NotStand
                                        : Should::Stand,
                  looked, truth);
        }
        if (m_gateways)
            judge(node, Which::Gateway, 0, m_gatewayLost, self.gateway ? Should::NotStand : Should::Stand, 1s, truth);
    }

    enum class Which : std::uint8_t { Link, Peer, Lun, Gateway };

    void judge(std::uint8_t node, Which which, std::size_t index, const std::string& id, Should should,
               Duration patience, const Truth& truth) {
        Watch& watch = m_watches[node][static_cast<std::size_t>(which) * maxSimulatedLuns + index];
        const bool stands = should != Should::Either && m_standing[node].contains(id);
        if (watch.missing.longerThan(patience, should == Should::Stand && !stands, truth.now, lookAgain))
            fail(std::string(nameOfNode(node)) + " does not raise the alarm " + id);
        if (watch.wrong.longerThan(patience, should == Should::NotStand && stands, truth.now, lookAgain))
            fail(std::string(nameOfNode(node)) + " keeps the alarm " + id + " though all is well");
    }

    std::vector<std::string> m_linkLost;
    std::vector<std::string> m_lunPath;
    const std::string m_peerLost = "peer.lost";
    const std::string m_gatewayLost = "gateway.lost";
    bool m_gateways = false;
    std::array<std::set<std::string>, 2> m_standing;
    std::array<std::array<Watch, 4 * maxSimulatedLuns>, 2> m_watches{};
    std::array<std::uint32_t, 2> m_lives{};
};

} // namespace

std::unique_ptr<Checker> makeAlarms(const model::Configuration& configuration) {
    return std::make_unique<Alarms>(configuration);
}

} // namespace dyad::simulator
