// SPDX-License-Identifier: Apache-2.0
// SNMP notifications (RFC 3416, 4.2.6 and 4.2.7) by the net-snmp library, as resources/DYAD-MIB.txt defines them.
#pragma once

#include "alarms/notice.h"

#include <string>

namespace dyad::alarms {

struct SnmpWay {
    std::string receiver;           // "10.77.0.9:162", "[fd00::9]:162"
    std::string communityFile;      // SNMPv2c
    std::string user;               // SNMPv3 (RFC 3414): HMAC-192-SHA-256 (RFC 7860), AES-128 (RFC 3826)
    std::string authenticationFile; // at least eight characters, as the one below
    std::string privacyFile;        // empty: not encrypted
    bool trap = false;              // an SNMPv2-Trap, which nobody confirms, instead of an InformRequest
};

// Blocks; an inform is sent three times within nine seconds. Error: nobody confirmed it, or what could not be sent.
[[nodiscard]] Result<void> sendSnmp(const SnmpWay& way, const Notice& notice);

} // namespace dyad::alarms
