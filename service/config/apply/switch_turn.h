// SPDX-License-Identifier: Apache-2.0
// Whose turn it is to restart into a revision that both nodes have taken. Never both at once: while one of them is
// away for a moment, the other one is there.
#pragma once

#include "model/names.h"

#include <cstdint>

namespace dyad::config {

struct SwitchPicture {
    model::NodeId self = model::NodeId::First;
    bool ownHere = false;   // a group runs (or may run) on this node
    bool ownThere = false;  // as the peer says
    bool ownerFirst = false; // ChangePlan::ownerFirst
    std::uint64_t wanted = 0;      // digest of the revision that was taken
    std::uint64_t peerRuns = 0;    // digest in the peer's last heartbeat
    bool peerHeard = false;        // alive on a link
    bool peerServed = false;       // and its service speaks
    bool peerLost = false;         // silent on every link: nobody waits for it
    bool settled = false;          // the peer has been heard like this for long enough (and the answers are out)
    bool alone = false;            // taken without the peer, by an operator's word
    bool patienceOver = false;     // so much time has passed that somebody must be told
};

enum class SwitchTurn : std::uint8_t {
    Now,
    Wait,  // for the peer
    Stuck, // the peer has gone first and didn't come back with the new revision: this node stays as it is
};

[[nodiscard]] SwitchTurn whoseTurn(const SwitchPicture& picture);

} // namespace dyad::config
