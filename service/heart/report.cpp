// SPDX-License-Identifier: Apache-2.0
#include "heart/report.h"

#include <algorithm>

namespace dyad::heart {

Report toReport(const BoardReport& board, const Settings& settings) {
    Report report;
    const std::size_t links = std::min<std::size_t>(board.linkCount, model::maxLinks);
    for (std::size_t i = 0; i < links; ++i) {
        const BoardLink& from = board.links[i];
        model::LinkReport link;
        link.liveness =
            static_cast<model::Liveness>(std::min<int>(from.liveness, static_cast<int>(model::Liveness::Lost)));
        link.peerHearsUs = from.peerHearsUs != 0;
        link.everHeard = from.everHeard != 0;
        link.lastHeard = Instant::fromNanoseconds(from.lastHeard);
        link.roundTrip = Duration(from.roundTrip);
        link.lossRatio = from.lossPerMillion / 1e6;
        link.received = from.received;
        link.rejected = from.rejected;
        report.links.push_back(link);
    }
    report.peer.everHeard = board.peerBoot != 0;
    report.peer.boot = model::BootDigest(board.peerBoot);
    report.peer.status = wire::toModel(board.peerStatus).value_or(model::NodeStatus{});
    report.beatAt = Instant::fromNanoseconds(board.beatAt);
    report.worstLateness = Duration(board.worstLateness);
    report.changes = board.changes;
    for (const std::uint64_t count : board.rejectedBy)
        report.rejectedTotal += count;
    if (report.rejectedTotal > 0 && board.lastRejectedReason < wire::rejectReasons) {
        report.rejectedWhy = wire::toText(static_cast<wire::RejectReason>(board.lastRejectedReason));
        if (board.lastRejectedLink < settings.links.size())
            report.rejectedWhy += " (link " + settings.links[board.lastRejectedLink].name + ")";
    }
    return report;
}

} // namespace dyad::heart
