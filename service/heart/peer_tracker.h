// SPDX-License-Identifier: Apache-2.0
// Is this heartbeat news of our peer? Takes what the seal already vouches for, over all links.
//
// A recorded heartbeat of a boot that is over is sealed just as well as a fresh one, and after our own boot we don't
// know which boots are over. So a boot of the peer is believed only once it has echoed a heartbeat that we sent a
// moment ago:
//   1. we hear a boot for the first time: not believed yet, but echoed in our next beat;
//   2. the peer hears that echo: we live now, it believes us, and its next beat echoes ours;
//   3. we hear that: it lives now; it is the peer's boot from here on and the former one is retired for good.
// A recording of such a moment is no good later: a boot only gives way to one that echoes a beat which we sent after we
// last heard it. That costs two beats, once per boot. Afterwards the sequence alone tells what is new.
#pragma once

#include "heart/loss_window.h"
#include "wire/heartbeat.h"
#include "wire/reject_reason.h"
#include "wire/replay_window.h"

#include <array>
#include <optional>

namespace dyad::heart {

class PeerTracker {
public:
    // How many of our last beats an echo may quote: more than one second at 20 ms.
    static constexpr std::size_t rememberedBeats = 64;

    enum class Verdict : std::uint8_t {
        News,     // of the peer's boot, and never seen before
        Unproven, // perhaps a boot of the peer that has just begun: echo it, believe nothing
        Rejected,
    };
    struct Judgement {
        Verdict verdict = Verdict::Rejected;
        wire::RejectReason reason = wire::RejectReason::Replay; // with Rejected
        bool newBoot = false;                                   // with News: the first of this boot
    };

    PeerTracker(model::NodeId self, model::BootDigest ownBoot) : m_self(self), m_ownBoot(ownBoot) {}

    // We send a beat that says `sentAt`.
    void beatSent(Instant sentAt);
    [[nodiscard]] Judgement judge(std::uint8_t arrivedOn, const wire::Heartbeat& heartbeat);
    // The echo quotes a beat that this heart sent lately.
    [[nodiscard]] bool isFresh(const wire::Echo& echo) const;

    [[nodiscard]] bool everHeard() const { return m_boot.value != 0; }
    [[nodiscard]] model::BootDigest boot() const { return m_boot; }
    // Greatest sequence of this boot on any link: what it said is the latest word.
    [[nodiscard]] std::uint64_t latestSequence() const { return m_latest; }

private:
    void begin(model::BootDigest boot);

    model::NodeId m_self;
    model::BootDigest m_ownBoot;
    model::BootDigest m_boot; // 0: none believed yet
    std::uint64_t m_latest = 0;
    std::array<wire::ReplayWindow, model::maxLinks> m_windows;
    wire::RetiredBoots m_retired;
    std::array<Instant, rememberedBeats> m_sent{};
    std::size_t m_sentCount = 0;
    Instant m_sentWhenHeard; // our latest beat at the time when the present boot was last heard
};

} // namespace dyad::heart
