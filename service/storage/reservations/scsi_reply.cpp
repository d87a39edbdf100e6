// SPDX-License-Identifier: Apache-2.0
#include "storage/reservations/scsi_reply.h"

#include <array>
#include <cstdio>

namespace dyad::storage {
namespace {

constexpr std::array senseKeys{"NO SENSE",       "RECOVERED ERROR", "NOT READY",      "MEDIUM ERROR",
                               "HARDWARE ERROR", "ILLEGAL REQUEST", "UNIT ATTENTION", "DATA PROTECT",
                               "BLANK CHECK",    "VENDOR SPECIFIC", "COPY ABORTED",   "ABORTED COMMAND",
                               "RESERVED",       "VOLUME OVERFLOW", "MISCOMPARE",     "COMPLETED"};

struct Words {
    std::uint8_t asc;
    std::uint8_t ascq;
    const char* text;
};
// The ones that a disk array says in Dyad's life (SPC-4 annex D).
constexpr Words words[] = {
    {0x04, 0x01, "becoming ready"},
    {0x04, 0x0b, "target port in standby state"},
    {0x0c, 0x00, "write error"},
    {0x11, 0x00, "unrecovered read error"},
    {0x1a, 0x00, "parameter list length error"},
    {0x20, 0x00, "invalid command operation code"},
    {0x21, 0x00, "logical block address out of range"},
    {0x24, 0x00, "invalid field in CDB"},
    {0x25, 0x00, "logical unit not supported"},
    {0x26, 0x00, "invalid field in parameter list"},
    {0x26, 0x04, "invalid release of persistent reservation"},
    {0x27, 0x00, "write protected"},
    {0x29, 0x00, "power on, reset, or bus device reset occurred"},
    {0x29, 0x07, "I_T nexus loss occurred"},
    {0x2a, 0x01, "mode parameters changed"},
    {0x2a, 0x03, "reservations preempted"},
    {0x2a, 0x04, "reservations released"},
    {0x2a, 0x05, "registrations preempted"},
    {0x2a, 0x09, "capacity data has changed"},
    {0x3f, 0x0e, "reported LUNs data has changed"},
    {0x44, 0x00, "internal target failure"},
    {0x55, 0x04, "insufficient registration resources"},
};

} // namespace

Sense decodeSense(std::span<const std::uint8_t> bytes) {
    Sense sense;
    if (bytes.empty()) return sense;
    const unsigned format = bytes[0] & 0x7fu;
    if (format == 0x70 || format == 0x71) {
        if (bytes.size() > 2) sense.key = bytes[2] & 0x0f;
        if (bytes.size() > 12) sense.asc = bytes[12];
        if (bytes.size() > 13) sense.ascq = bytes[13];
    } else if (format == 0x72 || format == 0x73) {
        if (bytes.size() > 1) sense.key = bytes[1] & 0x0f;
        if (bytes.size() > 2) sense.asc = bytes[2];
        if (bytes.size() > 3) sense.ascq = bytes[3];
    }
    return sense;
}

std::string toText(const Sense& sense) {
    std::string text = senseKeys[sense.key & 0x0f];
    for (const Words& each : words)
        if (each.asc == sense.asc && each.ascq == sense.ascq) text += std::string(", ") + each.text;
    char numbers[16];
    std::snprintf(numbers, sizeof numbers, " (%x/%02x/%02x)", sense.key & 0xfu, sense.asc, sense.ascq);
    return text + numbers;
}

std::string toText(ScsiStatus status) {
    const char* name = "unknown status";
    switch (status) {
    case ScsiStatus::Good: name = "GOOD"; break;
    case ScsiStatus::CheckCondition: name = "CHECK CONDITION"; break;
    case ScsiStatus::Busy: name = "BUSY"; break;
    case ScsiStatus::ReservationConflict: name = "RESERVATION CONFLICT"; break;
    case ScsiStatus::TaskSetFull: name = "TASK SET FULL"; break;
    case ScsiStatus::AcaActive: name = "ACA ACTIVE"; break;
    case ScsiStatus::TaskAborted: name = "TASK ABORTED"; break;
    }
    char text[48];
    std::snprintf(text, sizeof text, "%s (%02xh)", name, static_cast<unsigned>(status));
    return text;
}

} // namespace dyad::storage
