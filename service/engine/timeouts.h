// SPDX-License-Identifier: Apache-2.0
// Every time-out of the decision, as formulae over three numbers per profile. docs/TIMEOUTS.md tells them second by
// second and tests/unit/engine/timeouts_test.cpp holds the two together.
#pragma once

#include "base/time.h"
#include "model/configuration.h"

namespace dyad::engine {

struct Timeouts {
    Duration heartbeat{0};       // between two heartbeats on a link
    Duration suspect{0};         // silence after which a link, and with all links the peer, is suspect
    Duration lost{0};            // silence after which it is lost
    Duration challengeWindow{0}; // how long the challenge must stand on the array undefended

    // A healthy owner that misses its peer looks at the keys four times per challenge window: one look may be late and
    // one may be lost, and two are still in time.
    [[nodiscard]] constexpr Duration defendInterval() const { return challengeWindow / 4; }
    // With a living peer the owner proves its lease at a calmer pace.
    [[nodiscard]] constexpr Duration verifyInterval() const { return challengeWindow * 2; }
    // The owner behaves as fenced when it could not verify for so long. The array refuses its writes anyway; this
    // bounds how long addresses and processes outlive the lease.
    [[nodiscard]] constexpr Duration leaseTerm() const { return verifyInterval() * 3 + lost; }
    // Silence → suspect → the challenge stands. `lost` runs at the same time.
    [[nodiscard]] constexpr Duration preemptAfter() const {
        return suspect + challengeWindow > lost ? suspect + challengeWindow : lost;
    }
    // A challenge that was defended is placed again after this, as long as the links stay down.
    [[nodiscard]] constexpr Duration rechallengeInterval() const { return challengeWindow * 20; }
    // At start-up: how long a node waits to hear its peer before it claims a group that prefers the peer.
    [[nodiscard]] constexpr Duration startupWait() const { return lost * 10; }
    // One answer of the array may take so long before the engine goes on without it.
    [[nodiscard]] constexpr Duration reservationAnswer() const {
        return challengeWindow * 10 > 3s ? challengeWindow * 10 : Duration(3s);
    }
    // A path to the array that stays away for so long makes the owner useless: the group moves.
    [[nodiscard]] constexpr Duration pathGrace() const { return lost * 2; }
    // What had to be killed must be gone after this, else the host resets itself.
    [[nodiscard]] constexpr Duration killDeadline() const { return Duration(5s); }
    // No gateway answers here but one answers the peer: the group moves after this.
    [[nodiscard]] constexpr Duration gatewayGrace() const { return lost * 4; }
    // Keys are read for the eye, by nodes that don't own: the picture in `dyad status` is no older than this.
    [[nodiscard]] constexpr Duration watchInterval() const { return Duration(1s); }
    // An order that the peer has to carry out is given up after this.
    [[nodiscard]] constexpr Duration orderPatience() const { return Duration(10s); }
};

[[nodiscard]] constexpr Timeouts timeoutsOf(model::Profile profile) {
    switch (profile) {
    case model::Profile::Fast: return {20ms, 60ms, 100ms, 100ms};
    case model::Profile::Standard: return {100ms, 300ms, 500ms, 400ms};
    case model::Profile::Relaxed: return {1s, 3s, 5s, 4s};
    }
    return {100ms, 300ms, 500ms, 400ms};
}

} // namespace dyad::engine
