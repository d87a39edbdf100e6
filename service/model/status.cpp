// SPDX-License-Identifier: Apache-2.0
#include "model/status.h"

#include "model/view.h"

namespace dyad::model {

std::string toText(const NodeStatus& status) {
    std::string text = status.serviceAlive ? "service alive" : "service dead";
    if (status.leaving) text += ", leaving";
    if (status.maintenance) text += ", maintenance";
    for (std::size_t i = 0; i < status.groups.size(); ++i) {
        const GroupStatus& group = status.groups[i];
        text +=
            "; group " + std::to_string(i) + " " + toText(group.role) + " epoch " + std::to_string(group.epoch.value);
        if (group.useless) text += " useless";
        if (group.released) text += " released";
        if (group.asks) text += " asks";
        if (group.unfit) text += " unfit";
    }
    return text;
}

const char* toText(OrderKind kind) {
    switch (kind) {
    case OrderKind::Switchover: return "switchover";
    case OrderKind::Switchback: return "switchback";
    case OrderKind::MaintenanceOn: return "maintenance on";
    case OrderKind::MaintenanceOff: return "maintenance off";
    case OrderKind::ClearFailure: return "clear failure";
    }
    return "?";
}

} // namespace dyad::model
