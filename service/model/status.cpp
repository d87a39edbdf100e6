// SPDX-License-Identifier: Apache-2.0
#include "model/status.h"

#include "model/view.h"

namespace dyad::model {

const GroupView* ClusterView::group(const std::string& name) const {
    for (const GroupView& each : groups)
        if (each.name == name) return &each;
    return nullptr;
}

std::uint32_t groupTag(const std::string& name) {
    std::uint32_t hash = 2166136261u;
    for (const char each : name)
        hash = (hash ^ static_cast<unsigned char>(each)) * 16777619u;
    return hash;
}

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
        if (group.standing.disabled) text += " disabled";
        if (group.standing.frozen) text += " frozen";
    }
    return text;
}

const char* toText(OrderKind kind) {
    switch (kind) {
    case OrderKind::Switchover: return "switchover";
    case OrderKind::Switchback: return "switchback";
    case OrderKind::MaintenanceOn: return "maintenance on";
    case OrderKind::MaintenanceOff: return "maintenance off";
    case OrderKind::ClearFailure: return "clear-failure";
    case OrderKind::Freeze: return "freeze";
    case OrderKind::Unfreeze: return "unfreeze";
    case OrderKind::Disable: return "disable";
    case OrderKind::Enable: return "enable";
    case OrderKind::RestartResource: return "restart";
    case OrderKind::StartAlone: return "start-alone";
    case OrderKind::ReleaseClaim: return "release-claim";
    }
    return "?";
}

} // namespace dyad::model
