// SPDX-License-Identifier: Apache-2.0
// Persistent reservations as SPC-4 (5.12, 6.15, 6.16) has them, and the story that Dyad's keys carry.
#pragma once

#include "model/names.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::model {

// A 64-bit reservation key, from the top: cluster id 16, node 4, boot digest 20, epoch 16, login 8.
// `login` counts the I_T nexuses (one iSCSI login each) through which one boot speaks of one epoch: a registration
// belongs to a nexus and doesn't survive a new login, so the next nexus needs a key that differs.
struct ReservationKey {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const ReservationKey&) const = default;

    [[nodiscard]] static ReservationKey make(std::uint16_t cluster, NodeId node, BootDigest boot, Epoch epoch);
    [[nodiscard]] ReservationKey withLogin(std::uint8_t login) const;

    [[nodiscard]] std::uint16_t cluster() const { return static_cast<std::uint16_t>(value >> 48); }
    [[nodiscard]] std::uint8_t nodeNumber() const { return static_cast<std::uint8_t>((value >> 44) & 0xf); }
    [[nodiscard]] std::uint32_t boot() const { return static_cast<std::uint32_t>((value >> 24) & 0xfffff); }
    [[nodiscard]] std::uint16_t epoch() const { return static_cast<std::uint16_t>((value >> 8) & 0xffff); }
    [[nodiscard]] std::uint8_t login() const { return static_cast<std::uint8_t>(value & 0xff); }

    // Same cluster, node, boot and epoch: the same claim, perhaps through another nexus.
    [[nodiscard]] bool sameClaim(ReservationKey other) const { return (value >> 8) == (other.value >> 8); }
    // Same cluster and node, whatever boot and epoch.
    [[nodiscard]] bool isOf(std::uint16_t cluster, NodeId node) const;
    // The boot's 20 bits agree with this digest.
    [[nodiscard]] bool isOfBoot(BootDigest digest) const { return boot() == (digest.value & 0xfffff); }
};

// "0x5d2a1000a3000102 (node 1, boot 000a3, epoch 1, login 2)"
[[nodiscard]] std::string toText(ReservationKey key);
// 16 hexadecimal digits, with or without 0x; else nothing.
[[nodiscard]] std::optional<ReservationKey> keyFromText(std::string_view text);

// SPC-4 table 64. Only the two that Dyad makes have a name; any other number is shown as it is.
enum class ReservationType : std::uint8_t { None = 0, WriteExclusive = 1, WriteExclusiveRegistrantsOnly = 5 };

// What READ KEYS and READ RESERVATION told, in this order, through one nexus.
struct ReservationSnapshot {
    std::uint32_t generation = 0;            // PRgeneration of READ RESERVATION
    std::vector<ReservationKey> registrants; // as listed; one entry per I_T nexus
    std::optional<ReservationKey> holder;
    ReservationType type = ReservationType::None;

    bool operator==(const ReservationSnapshot&) const = default;
    // S2's picture of ownership: this claim holds the reservation and nobody else is registered.
    [[nodiscard]] bool ownedOnlyBy(ReservationKey key) const;
    [[nodiscard]] bool heldBy(ReservationKey key) const { return holder && holder->sameClaim(key); }
    [[nodiscard]] bool registered(ReservationKey key) const;
};
[[nodiscard]] std::string toText(const ReservationSnapshot& snapshot);

// What a group's engine asks of one LUN. Every command ends in a read-back; none leaves a challenge or a claim
// half-done.
enum class ReservationCommand : std::uint8_t {
    Read,      // READ KEYS + READ RESERVATION, nothing else
    Challenge, // register `key` beside what is there
    Withdraw,  // unregister `key`
    Defend,    // PREEMPT the keys of everyone but the holder `key`; only the holder's nexus may
    Claim,     // become the only registrant and the holder, behind the barrier; see ClaimFrom
    Release,   // RELEASE and unregister `key`: the LUN belongs to nobody
};
[[nodiscard]] const char* toText(ReservationCommand command);

enum class ClaimFrom : std::uint8_t {
    Challenge, // `key` was registered by Challenge and must still be there: else the owner has defended, and nothing is
               // done
    Nothing,   // registers first: nobody holds, or the holder's key is proven dead or said good-bye
};

enum class ReservationOutcome : std::uint8_t {
    Good,     // done and read back; the snapshot is what stands on the array now
    Defended, // the key that the command builds on is gone: somebody removed it; the snapshot is valid
    Conflict, // the array refused (RESERVATION CONFLICT), or the read-back shows another picture; the snapshot is valid
    NoPath,   // no session with the array, or it broke meanwhile; nothing is known
    Late,     // no answer within the deadline; nothing is known, the command may still have happened
    Refused,  // the target can't do it: ILLEGAL REQUEST and the like; `detail` has the sense in words and numbers
};
[[nodiscard]] const char* toText(ReservationOutcome outcome);

} // namespace dyad::model
