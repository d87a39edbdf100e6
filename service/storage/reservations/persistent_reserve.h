// SPDX-License-Identifier: Apache-2.0
// PERSISTENT RESERVE IN and OUT as bytes (SPC-4 6.15, 6.16; big-endian), and the few other commands that Dyad ever
// sends (SBC-3 5.15 READ CAPACITY (16), 5.11 READ (16), 5.34 WRITE (16), 5.23 SYNCHRONIZE CACHE (16)).
#pragma once

#include "base/result.h"
#include "model/reservation.h"
#include "storage/reservations/nexus.h"

#include <span>

namespace dyad::storage {

enum class ReserveOut : std::uint8_t { // SPC-4 table 66
    Register = 0x00,
    Reserve = 0x01,
    Release = 0x02,
    Clear = 0x03,
    Preempt = 0x04,
    PreemptAndAbort = 0x05,
};

inline constexpr std::size_t firstKeysBytes = 8 + 8 * 64;
// The field has 16 bits: 8190 keys. An array that lists more isn't one that two hosts share.
inline constexpr std::size_t maxKeysBytes = 8 + 8 * 8190;

[[nodiscard]] ScsiCommand readKeysCommand(std::size_t allocationBytes);
[[nodiscard]] ScsiCommand readReservationCommand();
[[nodiscard]] ScsiCommand reportCapabilitiesCommand();
// `key` is the reservation key field, `serviceActionKey` the service action reservation key; scope logical unit,
// type where the service action has one; APTPL, ALL_TG_PT and SPEC_I_PT never set.
[[nodiscard]] ScsiCommand reserveOutCommand(ReserveOut action, model::ReservationKey key,
                                            model::ReservationKey serviceActionKey);
[[nodiscard]] ScsiCommand testUnitReadyCommand();
[[nodiscard]] ScsiCommand readCapacityCommand();
[[nodiscard]] ScsiCommand readCommand(std::uint64_t block, std::uint32_t blocks, std::size_t bytes);
[[nodiscard]] ScsiCommand writeCommand(std::uint64_t block, std::uint32_t blocks); // dataOut is left to the caller
[[nodiscard]] ScsiCommand synchronizeCacheCommand();                               // the whole logical unit

struct KeyList {
    std::uint32_t generation = 0;
    std::size_t neededBytes = 0; // of the whole answer; more than was given: ask again with so many
    std::vector<model::ReservationKey> keys;
};
struct HeldReservation {
    std::uint32_t generation = 0;
    std::optional<model::ReservationKey> holder;
    model::ReservationType type = model::ReservationType::None;
};
struct ReservationCapabilities {
    bool persistThroughPowerLoss = false; // PTPL_C: it could keep registrations over its own power loss
    bool persistActivated = false;        // PTPL_A: it does
    bool writeExclusive = true;           // the type is supported, as far as the target tells
    std::uint16_t typeMask = 0;
    bool typeMaskValid = false;
};
// What a person should know of it, in one line.
[[nodiscard]] std::string toText(const ReservationCapabilities& capabilities);
struct Capacity {
    std::uint64_t blocks = 0;
    std::uint32_t blockBytes = 0;
};

// Error: the answer is shorter than the standard's least, or contradicts itself. Never reads past `bytes`.
[[nodiscard]] Result<KeyList> decodeKeys(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<HeldReservation> decodeReservation(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<ReservationCapabilities> decodeCapabilities(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<Capacity> decodeCapacity(std::span<const std::uint8_t> bytes);

} // namespace dyad::storage
