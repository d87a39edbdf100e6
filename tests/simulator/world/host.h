// SPDX-License-Identifier: Apache-2.0
// One host: its clock, its power, its processes.
#pragma once

#include "world/heart_body.h"
#include "world/lun.h"
#include "world/resources.h"
#include "world/service.h"

#include <memory>
#include <vector>

namespace dyad::simulator {

class World;

// CLOCK_MONOTONIC of one boot: begins somewhere and runs a little fast or slow.
class HostClock {
public:
    HostClock() = default;
    HostClock(Instant origin, std::int64_t bootedAt, std::int64_t partsPerMillion)
        : m_origin(origin), m_bootedAt(bootedAt), m_ppm(partsPerMillion) {}
    [[nodiscard]] Instant at(std::int64_t world) const {
        const std::int64_t passed = world - m_bootedAt;
        return m_origin + Duration(passed + passed / 1'000'000 * m_ppm + passed % 1'000'000 * m_ppm / 1'000'000);
    }
    // The first moment at which the clock shows `local` or more.
    [[nodiscard]] std::int64_t worldAt(Instant local) const {
        const std::int64_t shown = (local - m_origin).count();
        std::int64_t world = m_bootedAt + shown - shown / 1'000'000 * m_ppm;
        while (at(world) < local)
            world += std::max<std::int64_t>(1, (local - at(world)).count());
        return world;
    }

private:
    Instant m_origin;
    std::int64_t m_bootedAt = 0;
    std::int64_t m_ppm = 0;
};

class Host {
public:
    Host(World& world, std::uint8_t node, std::uint64_t seed);

    void powerOn();
    void powerOff();
    [[nodiscard]] bool powered() const { return m_powered; }
    [[nodiscard]] std::uint32_t boots() const { return m_boots; }
    [[nodiscard]] model::BootDigest boot() const { return m_boot; }

    [[nodiscard]] Instant local() const;
    [[nodiscard]] Instant localHeart() const;
    [[nodiscard]] Duration worldAt(Instant local) const { return Duration(m_clock.worldAt(local)); }

    // Everything on the host stands still until `until`.
    void standStill(Duration until);
    void resume();
    [[nodiscard]] bool still() const;
    [[nodiscard]] Duration stillUntil() const { return m_stillUntil; }
    void beSlow(Duration most); // 0: no longer
    void pauseAgain(std::uint32_t life);
    [[nodiscard]] bool slow() const { return m_slow.count() > 0; }

    void crashHeart(Duration backAfter);
    void startHeart(std::uint32_t boot);
    void crashLun(std::uint16_t lun);

    model::StandingOrders kept; // on its disk

    [[nodiscard]] HeartBody& heart() { return m_heart; }
    [[nodiscard]] Service& service() { return m_service; }
    [[nodiscard]] Resources& resources() { return m_resources; }
    [[nodiscard]] Lun& lun(std::size_t lun) { return *m_luns[lun]; }
    [[nodiscard]] std::size_t luns() const { return m_luns.size(); }
    [[nodiscard]] Stream& dice() { return m_dice; }

    bool gateway = true;
    bool shutDown = false; // the service was ended in order and is not to be started by anybody but the operator

private:
    World& m_world;
    const std::uint8_t m_node;
    Stream m_dice;
    HostClock m_clock;
    bool m_powered = false;
    std::uint32_t m_boots = 0;
    model::BootDigest m_boot;
    Duration m_stillFrom{0};
    Duration m_stillUntil{0};
    Duration m_slow{0};
    std::uint32_t m_slowLife = 0;
    HeartBody m_heart;
    Service m_service;
    Resources m_resources;
    std::vector<std::unique_ptr<Lun>> m_luns;
};

} // namespace dyad::simulator
