// SPDX-License-Identifier: Apache-2.0
// dyad-lun of one LUN on one host: the real LunCore between the service, the database's reads and writes, and a session
// with the array.
#pragma once

#include "storage/lun/lun_core.h"
#include "world/session.h"

#include <deque>
#include <memory>
#include <optional>

namespace dyad::simulator {

class World;

class Lun {
public:
    Lun(World& world, std::uint8_t node, std::uint16_t lun, std::uint64_t seed);

    void start(); // the process begins, its gate shut
    void end();   // and is gone
    [[nodiscard]] bool runs() const { return m_core != nullptr; }
    [[nodiscard]] std::uint32_t life() const { return m_life; }

    // What the service writes into the socket; it is read a moment later.
    void tell(const model::ReservationRequest& request);
    void tellCloseGate();
    void tellHello();
    void hears(std::uint32_t life);

    void submit(storage::DataRequest request);
    void tick(std::uint32_t life);
    // After anything that may have changed a deadline; frees what has ended.
    void settle();

    [[nodiscard]] bool gateOpen() const { return m_core && m_core->gateOpen(); }
    [[nodiscard]] bool pathUp() const { return m_core && m_core->pathUp(); }
    [[nodiscard]] Session& session() { return m_session; }

private:
    struct Word {
        enum class Kind : std::uint8_t { Request, CloseGate, Hello } kind = Kind::Hello;
        model::ReservationRequest request;
    };
    void tell(Word word);

    World& m_world;
    const std::uint8_t m_node;
    const std::uint16_t m_lun;
    Session m_session;
    std::unique_ptr<storage::LunCore> m_core;
    std::uint32_t m_life = 0;
    std::deque<Word> m_words;
    std::optional<Instant> m_armed;
};

} // namespace dyad::simulator
