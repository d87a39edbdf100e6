// SPDX-License-Identifier: Apache-2.0
// One order, question of an order, or change of rights, as the audit history keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace dyad::model {

struct AuditEntry {
    std::int64_t wallClockMs = 0; // since 1970, UTC; when it was asked for
    std::string who;              // name of the token
    std::string address;          // from where, as the node that was asked first saw it
    std::string viaNode;          // the peer, where it passed the order on; else empty
    std::string what;             // "switchover", "acknowledge", …
    std::string subject;          // group, node, group/resource, or alarm
    std::string result;           // "accepted", "refused", "passed on", "not passed on"
    std::string text;             // the answer, in the operator's language
    std::string requestId;        // the caller's Idempotency-Key, or one made here
    bool toldByEngine = false;    // the journal has a line of its own about it
};

} // namespace dyad::model
