// SPDX-License-Identifier: Apache-2.0
// What a logical unit says back: status (SAM-5 5.3.1) and sense data (SPC-4 4.5).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace dyad::storage {

enum class ScsiStatus : std::uint8_t {
    Good = 0x00,
    CheckCondition = 0x02,
    Busy = 0x08,
    ReservationConflict = 0x18,
    TaskSetFull = 0x28,
    AcaActive = 0x30,
    TaskAborted = 0x40,
};

struct Sense {
    std::uint8_t key = 0;
    std::uint8_t asc = 0;  // additional sense code
    std::uint8_t ascq = 0; // its qualifier

    bool operator==(const Sense&) const = default;

    [[nodiscard]] bool unitAttention() const { return key == 0x06; }
    [[nodiscard]] bool illegalRequest() const { return key == 0x05; }
    [[nodiscard]] bool notReady() const { return key == 0x02; }
    [[nodiscard]] bool abortedCommand() const { return key == 0x0b; }
    // 29/xx: power on, reset, or I_T nexus loss. The logical unit may have forgotten registrations.
    [[nodiscard]] bool afterReset() const { return unitAttention() && asc == 0x29; }
    // 2A/03 reservations preempted, 2A/04 reservations released, 2A/05 registrations preempted: somebody else did it.
    [[nodiscard]] bool reservationTaken() const {
        return unitAttention() && asc == 0x2a && ascq >= 0x03 && ascq <= 0x05;
    }
};

// Fixed (70h, 71h) and descriptor (72h, 73h) format; anything shorter or other gives the fields that are there, else 0.
[[nodiscard]] Sense decodeSense(std::span<const std::uint8_t> bytes);

// "ILLEGAL REQUEST, invalid field in CDB (5/24/00)"
[[nodiscard]] std::string toText(const Sense& sense);
// "RESERVATION CONFLICT (18h)"; with CHECK CONDITION the sense follows.
[[nodiscard]] std::string toText(ScsiStatus status);

} // namespace dyad::storage
