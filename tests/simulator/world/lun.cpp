// SPDX-License-Identifier: Apache-2.0
#include "world/lun.h"

#include "world/world.h"

namespace dyad::simulator {

using storage::LunCore;

namespace {

// As dyad-lun has them without further options.
constexpr Duration requestDeadline = 3s;
constexpr Duration hold = 15s;

} // namespace

Lun::Lun(World& world, std::uint8_t node, std::uint16_t lun, std::uint64_t seed)
    : m_world(world), m_node(node), m_lun(lun), m_session(world, node, lun, seed) {
    m_session.onUp = [this] { m_core->sessionUp(m_session); };
    m_session.onDown = [this](const char* why) { m_core->sessionDown(why); };
}

void Lun::start() {
    ++m_life;
    m_armed.reset();
    m_core = std::make_unique<LunCore>(storage::LunCoreSettings{model::LunId(m_lun), requestDeadline, hold});
    m_core->onAnswer = [this](const model::ReservationAnswer& answer) {
        m_world.host(m_node).service().lunAnswers(m_lun, answer);
    };
    m_core->onNotice = [this](const model::LunNotice& notice) {
        m_world.host(m_node).service().lunTells(m_lun, notice);
    };
    m_core->onGate = [this](bool open, const std::string&) {
        m_world.gateMoved(m_node, m_lun, open);
        m_world.host(m_node).service().lunState(m_lun, pathUp(), gateOpen());
    };
    m_session.begin();
}

void Lun::end() {
    if (!m_core) return;
    ++m_life;
    const bool wasOpen = m_core->gateOpen();
    m_session.end();
    m_core.reset();
    m_words.clear();
    m_world.host(m_node).resources().lunWent(m_lun);
    if (wasOpen) m_world.gateMoved(m_node, m_lun, false);
}

void Lun::tell(Word word) {
    if (!m_core) return;
    m_words.push_back(std::move(word));
    m_world.plan(World::hop, {.life = m_life, .target = m_lun, .node = m_node, .what = Happens::LunHears});
}

void Lun::tell(const model::ReservationRequest& request) { tell(Word{Word::Kind::Request, request}); }
void Lun::tellCloseGate() { tell(Word{Word::Kind::CloseGate, {}}); }
void Lun::tellHello() { tell(Word{Word::Kind::Hello, {}}); }

void Lun::hears(std::uint32_t life) {
    if (life != m_life || m_words.empty()) return;
    const Word word = std::move(m_words.front());
    m_words.pop_front();
    switch (word.kind) {
    case Word::Kind::Request: m_core->request(word.request, m_session.now()); break;
    case Word::Kind::CloseGate: m_core->closeGate(); break;
    case Word::Kind::Hello: m_world.host(m_node).service().lunState(m_lun, pathUp(), gateOpen()); break;
    }
    settle();
}

void Lun::submit(storage::DataRequest request) {
    m_core->submit(std::move(request), m_session.now());
    settle();
}

void Lun::tick(std::uint32_t life) {
    if (life != m_life) return;
    m_armed.reset();
    m_session.tick();
    m_core->tick(m_session.now());
    settle();
}

void Lun::settle() {
    if (!m_core) return;
    m_core->collect();
    std::optional<Instant> next = m_session.nextDeadline();
    if (const std::optional<Instant> core = m_core->nextDeadline(); core && (!next || *core < *next)) next = core;
    if (!next || (m_armed && *m_armed <= *next)) return;
    m_armed = next;
    m_world.plan(m_world.host(m_node).worldAt(*next) - m_world.now(),
                 {.life = m_life, .target = m_lun, .node = m_node, .what = Happens::LunTick});
}

} // namespace dyad::simulator
