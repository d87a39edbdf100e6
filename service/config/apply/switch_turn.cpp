// SPDX-License-Identifier: Apache-2.0
#include "config/apply/switch_turn.h"

namespace dyad::config {

SwitchTurn whoseTurn(const SwitchPicture& picture) {
    if (picture.peerLost || picture.alone) return picture.settled ? SwitchTurn::Now : SwitchTurn::Wait;
    if (picture.peerHeard && picture.peerServed && picture.peerRuns == picture.wanted)
        return picture.settled ? SwitchTurn::Now : SwitchTurn::Wait; // it has been there and is back

    // Nobody has gone yet, or the peer is away just now. Both nodes see the same two facts, so they agree on who is
    // first; where they don't (a group is on its way), the number decides.
    bool first = picture.self == model::NodeId::First;
    if (picture.ownHere != picture.ownThere) first = picture.ownHere == picture.ownerFirst;
    if (first && picture.peerHeard && picture.peerServed) return picture.settled ? SwitchTurn::Now : SwitchTurn::Wait;
    return picture.patienceOver ? SwitchTurn::Stuck : SwitchTurn::Wait;
}

} // namespace dyad::config
