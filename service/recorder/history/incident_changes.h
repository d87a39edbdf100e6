// SPDX-License-Identifier: Apache-2.0
// Inside the rules only: what one entry has changed.
#pragma once

#include "recorder/history/incident_rules.h"

namespace dyad::recorder {

// What take() gives back.
struct IncidentRules::Changes {
    std::vector<model::Incident> told;

    void tell(const Open& open) {
        for (model::Incident& each : told)
            if (each.id == open.incident.id) {
                each = open.incident;
                return;
            }
        told.push_back(open.incident);
    }
};

} // namespace dyad::recorder
