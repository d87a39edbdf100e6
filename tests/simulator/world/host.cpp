// SPDX-License-Identifier: Apache-2.0
#include "world/host.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

constexpr Duration heartStarts = 3ms;
constexpr Duration serviceStarts = 20ms; // after the heart, at boot

} // namespace

Host::Host(World& world, std::uint8_t node, std::uint64_t seed)
    : m_world(world), m_node(node), m_dice(seed, 0x4000u + node), m_heart(world, node), m_service(world, node),
      m_resources(world, node, seed) {
    for (std::uint16_t i = 0; i < world.configuration().luns.size(); ++i)
        m_luns.push_back(std::make_unique<Lun>(world, node, i, seed));
}

Instant Host::local() const { return m_clock.at(m_world.now().count()); }
Instant Host::localHeart() const { return m_clock.at(m_world.heartNow().count()); }
bool Host::still() const { return m_world.now() < m_stillUntil; }

void Host::powerOn() {
    if (m_powered) return;
    m_world.wakeHearts();
    m_powered = true;
    ++m_boots;
    // A key has room for twenty bits of it; that two boots agree in them by chance is not what we look for here.
    m_boot = model::BootDigest((Stream::mix(m_world.seed() * 2 + m_node) & ~std::uint64_t{0xfffff}) |
                               ((0x100 + m_boots * 2 + m_node) & 0xfffff));
    const unsigned rate = m_node == 0 ? m_world.options().rateFirst : m_world.options().rateSecond;
    // Up for a while before we look: nothing may depend on a clock that starts at zero.
    m_clock = HostClock(Instant::fromNanoseconds(1'000'000'000'000 + m_dice.upTo(1000s).count()), m_world.now().count(),
                        static_cast<std::int64_t>(rate) - 1000);
    m_stillUntil = m_stillFrom = Duration(0);
    shutDown = false;
    m_world.planHeart(heartStarts, {.life = m_boots, .node = m_node, .what = Happens::HeartStarts});
    m_world.plan(serviceStarts, {.life = m_boots, .node = m_node, .what = Happens::ServiceStarts});
    m_world.hostChanged(m_node);
}

void Host::powerOff() {
    if (!m_powered) return;
    m_world.wakeHearts();
    m_powered = false;
    ++m_slowLife;
    m_slow = Duration(0);
    m_heart.end(); // first: no last word comes from a host without power
    m_service.crash();
    for (auto& each : m_luns)
        each->end();
    m_resources.vanish();
    m_stillUntil = Duration(0);
    m_world.hostChanged(m_node);
}

void Host::standStill(Duration until) {
    if (!m_powered || until <= m_stillUntil || until <= m_world.now()) return;
    m_world.wakeHearts();
    if (!still()) m_stillFrom = m_world.now();
    m_stillUntil = until;
    m_world.plan(until - m_world.now(), {.life = m_boots, .node = m_node, .what = Happens::Resume});
    m_world.hostChanged(m_node);
}

// dyad-lun looks at its deadlines first, the heart reads before it judges, the service looks at the clock.
void Host::resume() {
    if (still() || !m_powered) return;
    for (auto& each : m_luns)
        if (each->runs()) each->tick(each->life());
    m_heart.resume();
    m_service.resume(m_stillFrom);
    m_world.hostChanged(m_node);
}

void Host::beSlow(Duration most) {
    m_world.wakeHearts();
    m_slow = most;
    ++m_slowLife;
    m_world.hostChanged(m_node);
    if (m_slow.count() > 0) pauseAgain(m_slowLife);
}

void Host::pauseAgain(std::uint32_t life) {
    if (life != m_slowLife || !m_powered || m_slow.count() == 0) return;
    const Duration pause = m_dice.upTo(m_slow);
    standStill(m_world.now() + pause);
    m_world.plan(pause + m_dice.upTo(m_slow) + Duration(1ms),
                 {.life = m_slowLife, .node = m_node, .what = Happens::PauseAgain});
}

void Host::crashHeart(Duration backAfter) {
    if (!m_powered || !m_heart.runs()) return;
    m_world.wakeHearts();
    m_heart.end();
    m_service.heartDied();
    m_world.planHeart(std::max(backAfter, heartStarts),
                      {.life = m_boots, .node = m_node, .what = Happens::HeartStarts});
    m_world.hostChanged(m_node);
}

void Host::startHeart(std::uint32_t boot) {
    if (boot != m_boots || !m_powered || m_heart.runs()) return;
    m_world.wakeHearts();
    m_heart.start(m_boot);
    m_world.plan(World::hop, {.life = m_service.life(), .node = m_node, .what = Happens::ServiceJoinsHeart});
    m_world.hostChanged(m_node);
}

void Host::crashLun(std::uint16_t lun) {
    if (!m_powered || !m_luns[lun]->runs()) return;
    m_luns[lun]->end();
    m_service.lunDied(lun);
    m_world.hostChanged(m_node);
}

} // namespace dyad::simulator
