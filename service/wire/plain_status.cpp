// SPDX-License-Identifier: Apache-2.0
#include "wire/plain_status.h"

#include "base/check.h"

namespace dyad::wire {

bool PlainStatus::wellFormed() const {
    if ((flags & ~unsigned{allFlags}) != 0 || groupCount > groups.size()) return false;
    for (std::size_t i = 0; i < groupCount; ++i) {
        const PlainGroup& group = groups[i];
        if (group.role > static_cast<std::uint8_t>(model::Role::Maintenance)) return false;
        if ((group.flags & ~unsigned{PlainGroup::allFlags}) != 0) return false;
    }
    return true;
}

PlainStatus toPlain(const model::NodeStatus& status) {
    DYAD_CHECK(status.groups.size() <= model::maxGroups, "a node has more groups than a heartbeat can carry");
    PlainStatus plain;
    plain.configurationDigest = status.configurationDigest;
    plain.flags = static_cast<std::uint8_t>((status.serviceAlive ? PlainStatus::serviceAlive : 0) |
                                            (status.leaving ? PlainStatus::leaving : 0) |
                                            (status.maintenance ? PlainStatus::maintenance : 0));
    plain.groupCount = static_cast<std::uint8_t>(status.groups.size());
    for (std::size_t i = 0; i < status.groups.size(); ++i) {
        const model::GroupStatus& from = status.groups[i];
        PlainGroup& to = plain.groups[i];
        to.epoch = from.epoch.value;
        to.role = static_cast<std::uint8_t>(from.role);
        to.flags = static_cast<std::uint8_t>((from.useless ? PlainGroup::useless : 0) |
                                             (from.released ? PlainGroup::released : 0) |
                                             (from.asks ? PlainGroup::asks : 0) | (from.unfit ? PlainGroup::unfit : 0) |
                                             (from.standing.disabled ? PlainGroup::disabled : 0) |
                                             (from.standing.frozen ? PlainGroup::frozen : 0));
        to.standing = from.standing.version;
        to.tag = from.tag;
    }
    return plain;
}

std::optional<model::NodeStatus> toModel(const PlainStatus& plain) {
    if (!plain.wellFormed()) return std::nullopt;
    model::NodeStatus status;
    status.serviceAlive = (plain.flags & PlainStatus::serviceAlive) != 0;
    status.leaving = (plain.flags & PlainStatus::leaving) != 0;
    status.maintenance = (plain.flags & PlainStatus::maintenance) != 0;
    status.configurationDigest = plain.configurationDigest;
    status.groups.reserve(plain.groupCount);
    for (std::size_t i = 0; i < plain.groupCount; ++i) {
        const PlainGroup& from = plain.groups[i];
        model::GroupStatus to;
        to.role = static_cast<model::Role>(from.role);
        to.epoch = model::Epoch(from.epoch);
        to.useless = (from.flags & PlainGroup::useless) != 0;
        to.released = (from.flags & PlainGroup::released) != 0;
        to.asks = (from.flags & PlainGroup::asks) != 0;
        to.unfit = (from.flags & PlainGroup::unfit) != 0;
        to.standing = {.disabled = (from.flags & PlainGroup::disabled) != 0,
                       .frozen = (from.flags & PlainGroup::frozen) != 0,
                       .version = from.standing};
        to.tag = from.tag;
        status.groups.push_back(to);
    }
    return status;
}

} // namespace dyad::wire
