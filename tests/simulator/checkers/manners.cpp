// SPDX-License-Identifier: Apache-2.0
// Good manners: orders are answered, the array is not flooded, nothing spins.
#include "checkers/all.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

class Orders final : public Checker {
public:
    const char* name() const override { return "orders"; }
    unsigned wants() const override {
        return sees(SightKind::OrderGiven) | sees(SightKind::OrderAnswered) | sees(SightKind::HostChanged) |
               sees(SightKind::Look);
    }
    void see(const Sight& sight, const Truth& truth) override {
        if (sight.kind == SightKind::OrderGiven)
            m_open.push_back({sight.node, sight.number, truth.nodes[sight.node].serviceLife, truth.now + patience});
        if (sight.kind == SightKind::OrderAnswered) {
            const auto open = std::find_if(m_open.begin(), m_open.end(), [&](const Open& each) {
                return each.node == sight.node && each.number == sight.number;
            });
            if (open == m_open.end())
                return fail(std::string(nameOfNode(sight.node)) + " answers an order twice, or one that nobody gave");
            m_open.erase(open);
        }
        std::erase_if(m_open, [&](const Open& each) {
            return !truth.nodes[each.node].service || truth.nodes[each.node].serviceLife != each.life;
        });
        for (Open& each : m_open) {
            if (truth.nodes[each.node].still) each.until = truth.now + patience;
            if (truth.now > each.until) fail(std::string("an order is not answered by ") + nameOfNode(each.node));
            wake(each.until + Duration(1));
        }
    }

private:
    static constexpr Duration patience = 1s;
    struct Open {
        std::uint8_t node;
        std::uint64_t number;
        std::uint32_t life;
        Duration until;
    };
    std::vector<Open> m_open;
};

class Flood final : public Checker {
public:
    const char* name() const override { return "flood"; }
    unsigned wants() const override { return sees(SightKind::ArrayAsked) | sees(SightKind::Stepped); }
    void see(const Sight& sight, const Truth& truth) override {
        Window& window = (sight.kind == SightKind::Stepped ? m_steps : m_asked)[sight.node];
        const Duration width = sight.kind == SightKind::Stepped ? stepWindow : askWindow;
        if (truth.now - window.from > width) window = {truth.now, 0};
        const std::size_t most =
            sight.kind == SightKind::Stepped ? mostSteps : mostRequests * std::max<std::size_t>(1, truth.luns);
        if (++window.count > most)
            fail(std::string(nameOfNode(sight.node)) +
                 (sight.kind == SightKind::Stepped ? ": the engine spins" : " floods the array with requests"));
    }

private:
    static constexpr Duration askWindow = 1s;
    static constexpr std::size_t mostRequests = 200; // of one LUN in a second; looks are made every 25 ms at most
    static constexpr Duration stepWindow = 100ms;
    static constexpr std::size_t mostSteps = 2000;
    struct Window {
        Duration from{0};
        std::size_t count = 0;
    };
    std::array<Window, 2> m_asked{};
    std::array<Window, 2> m_steps{};
};

} // namespace

std::unique_ptr<Checker> makeOrders() { return std::make_unique<Orders>(); }
std::unique_ptr<Checker> makeFlood() { return std::make_unique<Flood>(); }

} // namespace dyad::simulator
