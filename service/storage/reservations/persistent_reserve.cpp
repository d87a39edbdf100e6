// SPDX-License-Identifier: Apache-2.0
#include "storage/reservations/persistent_reserve.h"

#include "base/byte_order.h"

namespace dyad::storage {
namespace {

constexpr std::uint8_t persistentReserveInCode = 0x5e;
constexpr std::uint8_t persistentReserveOutCode = 0x5f;
constexpr std::uint8_t readKeysAction = 0x00;
constexpr std::uint8_t readReservationAction = 0x01;
constexpr std::uint8_t reportCapabilitiesAction = 0x02;
constexpr std::size_t reserveOutParameterBytes = 24; // SPC-4 6.16.3, without SPEC_I_PT
constexpr std::size_t reservationBytes = 24;         // SPC-4 6.15.3
constexpr std::size_t capabilitiesBytes = 8;         // SPC-4 6.15.4
constexpr std::size_t capacityBytes = 32;            // SBC-3 5.15.2

ScsiCommand reserveIn(std::uint8_t action, std::size_t allocationBytes) {
    ScsiCommand command;
    command.cdbLength = 10;
    command.cdb[0] = persistentReserveInCode;
    command.cdb[1] = action;
    storeBig(std::span(command.cdb).subspan(7), static_cast<std::uint16_t>(allocationBytes));
    command.dataInLength = allocationBytes;
    return command;
}

Error shortAnswer(const char* what, std::size_t bytes) {
    return {what, {}, "the array's answer has only " + std::to_string(bytes) + " bytes", {}};
}

ScsiCommand blockCommand(std::uint8_t code, std::uint64_t block, std::uint32_t blocks) {
    ScsiCommand command;
    command.cdbLength = 16;
    command.cdb[0] = code;
    storeBig(std::span(command.cdb).subspan(2), block);
    storeBig(std::span(command.cdb).subspan(10), blocks);
    return command;
}

} // namespace

ScsiCommand readKeysCommand(std::size_t allocationBytes) {
    DYAD_CHECK(allocationBytes >= 8 && allocationBytes <= maxKeysBytes, "READ KEYS was given an impossible length");
    return reserveIn(readKeysAction, allocationBytes);
}
ScsiCommand readReservationCommand() { return reserveIn(readReservationAction, reservationBytes); }
ScsiCommand reportCapabilitiesCommand() { return reserveIn(reportCapabilitiesAction, capabilitiesBytes); }

ScsiCommand reserveOutCommand(ReserveOut action, model::ReservationKey key, model::ReservationKey serviceActionKey) {
    ScsiCommand command;
    command.cdbLength = 10;
    command.cdb[0] = persistentReserveOutCode;
    command.cdb[1] = static_cast<std::uint8_t>(action);
    // Scope (high nibble) 0 is the logical unit. Type is ignored by REGISTER.
    if (action != ReserveOut::Register)
        command.cdb[2] = static_cast<std::uint8_t>(model::ReservationType::WriteExclusive);
    storeBig(std::span(command.cdb).subspan(5), static_cast<std::uint32_t>(reserveOutParameterBytes));
    command.dataOut.assign(reserveOutParameterBytes, 0);
    storeBig(std::span(command.dataOut), key.value);
    storeBig(std::span(command.dataOut).subspan(8), serviceActionKey.value);
    return command;
}

ScsiCommand testUnitReadyCommand() {
    ScsiCommand command;
    command.cdbLength = 6;
    return command;
}

ScsiCommand readCapacityCommand() {
    ScsiCommand command;
    command.cdbLength = 16;
    command.cdb[0] = 0x9e; // SERVICE ACTION IN (16)
    command.cdb[1] = 0x10;
    storeBig(std::span(command.cdb).subspan(10), static_cast<std::uint32_t>(capacityBytes));
    command.dataInLength = capacityBytes;
    return command;
}

ScsiCommand readCommand(std::uint64_t block, std::uint32_t blocks, std::size_t bytes) {
    ScsiCommand command = blockCommand(0x88, block, blocks);
    command.dataInLength = bytes;
    return command;
}
ScsiCommand writeCommand(std::uint64_t block, std::uint32_t blocks) { return blockCommand(0x8a, block, blocks); }
ScsiCommand synchronizeCacheCommand() { return blockCommand(0x91, 0, 0); }

Result<KeyList> decodeKeys(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 8) return shortAnswer("READ KEYS", bytes.size());
    KeyList list;
    list.generation = loadBig<std::uint32_t>(bytes);
    const std::size_t additional = loadBig<std::uint32_t>(bytes.subspan(4));
    if (additional % 8 != 0)
        return Error{
            "READ KEYS", {}, "an additional length of " + std::to_string(additional) + " bytes is no list of keys", {}};
    list.neededBytes = 8 + additional;
    const std::size_t there = std::min(bytes.size() - 8, additional) / 8;
    for (std::size_t i = 0; i < there; ++i)
        list.keys.push_back({loadBig<std::uint64_t>(bytes.subspan(8 + 8 * i))});
    return list;
}

Result<HeldReservation> decodeReservation(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 8) return shortAnswer("READ RESERVATION", bytes.size());
    HeldReservation held;
    held.generation = loadBig<std::uint32_t>(bytes);
    const std::uint32_t additional = loadBig<std::uint32_t>(bytes.subspan(4));
    if (additional == 0) return held;
    if (additional < 16 || bytes.size() < reservationBytes) return shortAnswer("READ RESERVATION", bytes.size());
    held.holder = model::ReservationKey{loadBig<std::uint64_t>(bytes.subspan(8))};
    held.type = static_cast<model::ReservationType>(bytes[21] & 0x0f);
    return held;
}

Result<ReservationCapabilities> decodeCapabilities(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < capabilitiesBytes) return shortAnswer("REPORT CAPABILITIES", bytes.size());
    ReservationCapabilities capabilities;
    capabilities.persistThroughPowerLoss = (bytes[2] & 0x01) != 0;
    capabilities.persistActivated = (bytes[3] & 0x01) != 0;
    capabilities.typeMaskValid = (bytes[3] & 0x80) != 0;
    capabilities.typeMask = loadBig<std::uint16_t>(bytes.subspan(4));
    if (capabilities.typeMaskValid) capabilities.writeExclusive = (bytes[4] & 0x02) != 0; // WR_EX
    return capabilities;
}

std::string toText(const ReservationCapabilities& capabilities) {
    if (!capabilities.writeExclusive)
        return "the array does not offer Write Exclusive reservations (REPORT CAPABILITIES): Dyad can't use this LUN";
    if (capabilities.persistActivated) return "the array says that it keeps reservation keys over a power loss";
    // Dyad registers without APTPL. It needs no keys to survive: an owner whose keys are gone is fenced and claims
    // anew.
    return std::string("reservation keys do not survive a power loss of the array") +
           (capabilities.persistThroughPowerLoss ? " (it could keep them, but is not asked to)" : "");
}

Result<Capacity> decodeCapacity(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < 12) return shortAnswer("READ CAPACITY (16)", bytes.size());
    Capacity capacity;
    const auto last = loadBig<std::uint64_t>(bytes);
    capacity.blockBytes = loadBig<std::uint32_t>(bytes.subspan(8));
    const bool sensible = capacity.blockBytes >= 512 && capacity.blockBytes <= 65536 &&
                          (capacity.blockBytes & (capacity.blockBytes - 1)) == 0;
    if (!sensible || last >= (std::uint64_t{1} << 62) / capacity.blockBytes)
        return Error{"READ CAPACITY (16)",
                     {},
                     std::to_string(last) + " blocks of " + std::to_string(capacity.blockBytes) +
                         " bytes is no disk that Dyad can use",
                     {}};
    capacity.blocks = last + 1;
    return capacity;
}

} // namespace dyad::storage
