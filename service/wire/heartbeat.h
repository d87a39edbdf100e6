// SPDX-License-Identifier: Apache-2.0
// What one heartbeat says, and where it says it. docs/WIRE.md has the same table for people; the vectors in
// tests/golden/ hold the two together. All numbers are little-endian.
#pragma once

#include "base/time.h"
#include "model/names.h"
#include "wire/plain_status.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace dyad::wire {

// An echo lets the peer measure the round trip by its own clock alone, and proves that whoever sends it hears us now.
struct Echo {
    model::BootDigest boot; // of the node whose heartbeat is echoed; 0: nothing was heard yet, the rest is zero
    Instant sentAt;         // as that heartbeat said it: on the clock of its sender
    Duration held{0}; // from its arrival to the departure of this one, on the clock of the echoing node; not negative

    bool operator==(const Echo&) const = default;
};

struct Heartbeat {
    std::uint16_t cluster = 0;
    model::NodeId sender = model::NodeId::First;
    std::uint8_t link = 0;      // < maxLinks: the link that it was sent on
    model::BootDigest boot;     // of the sender; never 0
    std::uint64_t sequence = 0; // grows with every beat of the sender; all links of one beat carry the same
    Instant sentAt;             // on the sender's monotonic clock; differs from beat to beat
    Echo echo;                  // of the last heartbeat heard on this link
    std::uint8_t hears = 0;     // bit i: the sender hears its peer on link i
    PlainStatus status;

    bool operator==(const Heartbeat&) const = default;
};

namespace layout {

inline constexpr std::array<std::uint8_t, 4> magic{'D', 'Y', 'H', 'B'};
inline constexpr std::uint16_t version = 2;

// In the clear, but authenticated.
inline constexpr std::size_t magicAt = 0;
inline constexpr std::size_t versionAt = 4;
inline constexpr std::size_t clusterAt = 6;
inline constexpr std::size_t senderAt = 8;
inline constexpr std::size_t linkAt = 9;
inline constexpr std::size_t saltAt = 10;
inline constexpr std::size_t saltBytes = 6;
inline constexpr std::size_t bootAt = 16;
inline constexpr std::size_t sequenceAt = 24;
inline constexpr std::size_t headerBytes = 32;

// Sealed; offsets within the body.
inline constexpr std::size_t sentAtAt = 0;
inline constexpr std::size_t echoBootAt = 8;
inline constexpr std::size_t echoSentAtAt = 16;
inline constexpr std::size_t echoHeldAt = 24;
inline constexpr std::size_t configurationDigestAt = 32;
inline constexpr std::size_t hearsAt = 40;
inline constexpr std::size_t statusFlagsAt = 41;
inline constexpr std::size_t groupCountAt = 42;
inline constexpr std::size_t bodyReservedAt = 43;
inline constexpr std::size_t bodyReservedBytes = 5;
inline constexpr std::size_t groupsAt = 48;
// Offsets within one group.
inline constexpr std::size_t groupEpochAt = 0;
inline constexpr std::size_t groupRoleAt = 4;
inline constexpr std::size_t groupFlagsAt = 5;
inline constexpr std::size_t groupStandingAt = 6;
inline constexpr std::size_t groupTagAt = 8;
inline constexpr std::size_t groupBytes = 12;

inline constexpr std::size_t sealBytes = 16; // Poly1305 tag, at the end

} // namespace layout

inline constexpr std::size_t minDatagramBytes = layout::headerBytes + layout::groupsAt + layout::sealBytes;
inline constexpr std::size_t maxDatagramBytes = minDatagramBytes + model::maxGroups * layout::groupBytes;
// The least MTU of IPv6 (RFC 8200, 5) less its header and UDP's: never fragmented on any link.
inline constexpr std::size_t unfragmentedBytes = 1280 - 40 - 8;
static_assert(maxDatagramBytes <= unfragmentedBytes);
static_assert(model::maxLinks <= 8, "the bitmap of heard links has eight bits");

} // namespace dyad::wire
