// SPDX-License-Identifier: Apache-2.0
// One login after the other of one dyad-lun: what lun/iscsi_session is in the program. Commands travel to the array in
// the order given and so do the answers; a session that breaks answers everything with NoPath first, and what it has
// sent may still arrive until the next login.
#pragma once

#include "storage/reservations/nexus.h"
#include "world/random.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace dyad::simulator {

class World;

class Session final : public storage::Nexus {
public:
    Session(World& world, std::uint8_t node, std::uint16_t lun, std::uint64_t seed);

    std::function<void()> onUp;
    std::function<void(const char* why)> onDown; // after every command has been answered

    // dyad-lun has started or ended.
    void begin();
    void end();

    // What the world does to it.
    void tryLogin(std::uint32_t life);
    void loggedIn(std::uint32_t life);
    void lost(std::uint32_t life, std::uint32_t cuts); // cuts 0: seen at once
    void pathCut();
    void pathHealed();
    void answered(std::uint32_t command);
    void tick();
    void breakDown(storage::ScsiReply::Delivery delivery, const char* why);
    // It came while the path was cut: it goes on when that heals.
    void stick(std::uint32_t command, bool toArray) { m_stuck.push_back({command, toArray}); }

    [[nodiscard]] bool up() const { return m_stage == Stage::Up; }
    [[nodiscard]] std::uint32_t life() const { return m_life; }
    [[nodiscard]] std::uint32_t login() const { return m_login; }
    [[nodiscard]] std::optional<Instant> nextDeadline() const;
    [[nodiscard]] std::int64_t answerAt(std::int64_t earliest) {
        return m_lastAnswer = std::max(m_lastAnswer + 1, earliest);
    }
    [[nodiscard]] Duration travel();
    [[nodiscard]] Stream& dice() { return m_dice; }

    void execute(storage::ScsiCommand command, Instant deadline, Done done) override;
    void transfer(std::shared_ptr<storage::DataTransfer> transfer, Done done) override;
    void resetLun(Instant deadline, Done done) override;
    void pause(Duration duration, std::function<void()> done) override;
    void giveUp(const std::string& why) override;
    [[nodiscard]] Instant now() const override;

private:
    enum class Stage : std::uint8_t { Ended, Waiting, Connecting, Up };
    struct Pause {
        Instant until;
        std::function<void()> done;
    };
    struct Stuck {
        std::uint32_t command = 0;
        bool toArray = false;
    };
    void send(std::uint32_t command);
    void planTry(Duration after);

    World& m_world;
    const std::uint8_t m_node;
    const std::uint16_t m_lun;
    Stream m_dice;
    Stage m_stage = Stage::Ended;
    std::uint32_t m_life = 0;  // counts everything that makes planned happenings void
    std::uint32_t m_login = 0; // counts logins, over all boots
    std::int64_t m_lastArrival = 0;
    std::int64_t m_lastAnswer = 0;
    std::vector<std::uint32_t> m_sent;
    std::vector<Pause> m_pauses;
    std::vector<Stuck> m_stuck;
    std::uint32_t m_cuts = 0;
};

} // namespace dyad::simulator
