// SPDX-License-Identifier: Apache-2.0
// What happens next: plain values, the next one last. There are some dozens of them, so that a sorted row is faster
// than a heap. Two things of one instant happen in the order in which they were planned. Nothing is ever taken out of
// the middle: what is no longer meant is recognised by its `life` when it comes.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <vector>

namespace dyad::simulator {

enum class Happens : std::uint8_t {
    FaultBegins, // item: of the plan
    FaultEnds,
    Heal,      // the liveness phase begins
    LookAfter, // an operator goes round
    CheckerLooks,
    CalmConsidered,
    // Of a host; life: its boot
    PowerOn,
    Resume,     // target: process
    PauseAgain, // slow scheduling: the next short pause
    // Heart time
    HeartTimer,
    Datagram, // item: of the links' packets, target: link
    HeartTakesOrder,
    HeartStarts,
    // Service; life: its own
    ServiceStarts, // life: boot of the host
    ServiceDrains,
    ServiceDeadline,
    ServiceReadsBoard,
    ServiceJoinsHeart,
    GatewayTold,
    ServiceOutstanding, // target: LUN
    LunConnects,        // target: LUN
    // dyad-lun; target: LUN, life: its own
    LunHears,
    LunTick,
    SessionTry,
    SessionLoggedIn,
    SessionLost, // the missing answers to NOPs are noticed
    // The array
    CommandArrives, // item: of the array's commands
    CommandAnswered,
    ConnectionReset, // item: the login
    WriteLands,
    ArrayBack,
    // Resources; target: group * 16 + resource
    ResourceAnswers,
    ResourceEnds, // something noticed that it is gone
    DatabaseWrites,
};

struct Happening {       // small: most of a life is spent in moving these about
    std::int64_t at = 0; // nanoseconds of its agenda's time
    std::uint32_t life = 0;
    std::uint32_t item = 0;
    std::uint16_t target = 0;
    std::uint8_t node = 0; // index
    Happens what = Happens::FaultBegins;
};
static_assert(sizeof(Happening) == 24);

class Agenda {
public:
    void plan(const Happening& happening);
    [[nodiscard]] bool empty() const { return m_row.empty(); }
    [[nodiscard]] const Happening& next() const { return m_row.back(); }
    Happening take() {
        const Happening happening = m_row.back();
        m_row.pop_back();
        return happening;
    }

private:
    std::vector<Happening> m_row; // the latest first
};

} // namespace dyad::simulator
