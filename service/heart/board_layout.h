// SPDX-License-Identifier: Apache-2.0
// What lies on the board: plain values of fixed size, the same for the heart and for a service of the same release.
// Anything that changes here changes `layoutVersion`.
#pragma once

#include "wire/plain_status.h"
#include "wire/reject_reason.h"

#include <array>
#include <cstdint>
#include <type_traits>

namespace dyad::heart {

inline constexpr std::uint64_t boardMagic = 0x44594144'48454152; // "DYADHEAR"
inline constexpr std::uint32_t layoutVersion = 2;

// Written once, before the board gets its name.
struct BoardHeader {
    std::uint64_t magic = boardMagic;
    std::uint32_t version = layoutVersion;
    std::uint32_t bytes = 0;          // of the whole board
    std::uint64_t boot = 0;           // boot digest of the host that the heart beats for
    std::uint64_t settingsDigest = 0; // of the settings file that it runs with
    std::uint64_t processStart = 0;   // of the heart, clock ticks since boot: /proc/PID/stat, field 22
    std::int32_t processId = 0;       // of the heart
    std::uint32_t reserved = 0;
};
static_assert(sizeof(BoardHeader) == 48 && std::is_trivially_copyable_v<BoardHeader>);

struct BoardLink {
    std::uint8_t liveness = 0; // model::Liveness
    std::uint8_t peerHearsUs = 0;
    std::uint8_t everHeard = 0;
    std::uint8_t socketOpen = 0; // 0: the own address isn't there (yet)
    std::uint32_t lossPerMillion = 0;
    std::int64_t lastHeard = 0; // Instant, nanoseconds
    std::int64_t roundTrip = 0; // nanoseconds, smoothed
    std::uint64_t received = 0;
    std::uint64_t rejected = 0;
};
static_assert(sizeof(BoardLink) == 40 && std::is_trivially_copyable_v<BoardLink>);

// Heart → service.
struct BoardReport {
    std::uint64_t changes = 0;      // grows with each change that the service is woken for
    std::int64_t beatAt = 0;        // Instant, nanoseconds
    std::int64_t worstLateness = 0; // nanoseconds
    std::uint64_t peerBoot = 0;     // 0: the peer was never heard
    wire::PlainStatus peerStatus;
    std::array<std::uint64_t, wire::rejectReasons> rejectedBy{}; // by RejectReason
    std::uint8_t lastRejectedReason = 0;                         // valid once any of rejectedBy is above 0
    std::uint8_t lastRejectedLink = 0;
    std::uint8_t linkCount = 0;
    std::uint8_t reserved[5] = {};
    std::array<BoardLink, model::maxLinks> links{};
};
static_assert(sizeof(BoardReport) == 32 + 400 + 80 + 8 + 8 * 40 && std::is_trivially_copyable_v<BoardReport>);

// Service → heart.
struct BoardOrder {
    std::uint64_t published = 0; // how many statuses were published here; 0: none, the rest means nothing
    wire::PlainStatus status;    // its serviceAlive is the heart's to fill in
};
static_assert(sizeof(BoardOrder) == 8 + 400 && std::is_trivially_copyable_v<BoardOrder>);

} // namespace dyad::heart
