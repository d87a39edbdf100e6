// SPDX-License-Identifier: Apache-2.0
#include "heart/peer_tracker.h"

#include <algorithm>

namespace dyad::heart {

using wire::RejectReason;

namespace {

PeerTracker::Judgement rejected(RejectReason reason) { return {PeerTracker::Verdict::Rejected, reason, false}; }

} // namespace

void PeerTracker::beatSent(Instant sentAt) {
    m_sent[m_sentCount % rememberedBeats] = sentAt;
    ++m_sentCount;
}

bool PeerTracker::isFresh(const wire::Echo& echo) const {
    if (echo.boot != m_ownBoot) return false;
    const auto end = m_sent.begin() + static_cast<std::ptrdiff_t>(std::min(m_sentCount, rememberedBeats));
    return std::find(m_sent.begin(), end, echo.sentAt) != end;
}

void PeerTracker::begin(model::BootDigest boot) {
    if (everHeard()) m_retired.retire(m_boot);
    m_boot = boot;
    m_latest = 0;
    for (wire::ReplayWindow& window : m_windows)
        window.reset();
}

PeerTracker::Judgement PeerTracker::judge(std::uint8_t arrivedOn, const wire::Heartbeat& heartbeat) {
    if (heartbeat.sender == m_self) return rejected(RejectReason::OwnReflection);
    if (heartbeat.link != arrivedOn) return rejected(RejectReason::WrongLink);
    if (m_retired.contains(heartbeat.boot)) return rejected(RejectReason::Replay);

    const bool newBoot = heartbeat.boot != m_boot;
    if (newBoot) {
        if (!isFresh(heartbeat.echo)) {
            // A boot that has just begun echoes nothing. One that echoes something else, while we know a boot that
            // lives, is a recording.
            const bool nothingEchoed = heartbeat.echo.boot.value == 0;
            if (everHeard() && !nothingEchoed) return rejected(RejectReason::Replay);
            return {Verdict::Unproven, RejectReason::Replay, false};
        }
        // The boot that we know was heard after this one heard us: it came later, and this is a recording.
        if (everHeard() && heartbeat.echo.sentAt <= m_sentWhenHeard) return rejected(RejectReason::Replay);
        begin(heartbeat.boot);
    }

    wire::ReplayWindow& window = m_windows[heartbeat.link];
    // A link that hasn't been heard yet since this heart began takes no more from the past than the others do.
    const bool older = window.empty() && heartbeat.sequence + wire::ReplayWindow::width <= m_latest;
    if (older || !window.accept(heartbeat.sequence)) return rejected(RejectReason::Replay);
    m_latest = std::max(m_latest, heartbeat.sequence);
    if (m_sentCount > 0) m_sentWhenHeard = m_sent[(m_sentCount - 1) % rememberedBeats];
    return {Verdict::News, RejectReason::Replay, newBoot};
}

} // namespace dyad::heart
