// SPDX-License-Identifier: Apache-2.0
// What would have prevented an incident, as a table of conditions and advice. Pure.
#pragma once

#include "model/history.h"

#include <string>
#include <vector>

namespace dyad::recorder {

// What the entries of an incident prove.
struct IncidentFacts {
    model::IncidentKind kind = model::IncidentKind::NodeLost;
    model::IncidentOutcome outcome = model::IncidentOutcome::Done;
    std::string rule;              // of the primary incident
    std::string owner;             // who had the group before
    std::string node;              // who tells
    std::string resource;          // that failed
    bool allLinksTogether = false; // they fell silent within one heartbeat of each other
    bool oneLinkEarlier = false;   // one had been lost before the others
    bool ownerRebooted = false;
    bool ownerStoodStill = false;
    bool pathLost = false; // the owner's, to a LUN
    bool gatewayLost = false;
    bool ordered = false;
};

[[nodiscard]] std::vector<std::string> whatWouldHavePrevented(const IncidentFacts& facts);

} // namespace dyad::recorder
