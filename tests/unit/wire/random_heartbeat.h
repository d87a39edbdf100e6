// SPDX-License-Identifier: Apache-2.0
// Heartbeats as they may come, from a seed.
#pragma once

#include "wire/heartbeat.h"

#include <random>

namespace dyad::wire {

inline model::NodeStatus randomStatus(std::mt19937_64& random) {
    const auto coin = [&] { return (random() & 1) != 0; };
    model::NodeStatus status;
    status.serviceAlive = coin();
    status.leaving = coin();
    status.maintenance = coin();
    status.configurationDigest = random();
    const std::size_t groups = random() % (model::maxGroups + 1);
    for (std::size_t i = 0; i < groups; ++i) {
        model::GroupStatus group;
        group.role = static_cast<model::Role>(random() % 8);
        group.epoch = model::Epoch(static_cast<std::uint32_t>(random()));
        group.useless = coin();
        group.released = coin();
        group.asks = coin();
        group.unfit = coin();
        group.standing = {coin(), coin(), static_cast<std::uint16_t>(random())};
        group.tag = static_cast<std::uint32_t>(random());
        status.groups.push_back(group);
    }
    return status;
}

inline Heartbeat randomHeartbeat(std::mt19937_64& random, std::uint16_t cluster) {
    Heartbeat heartbeat;
    heartbeat.cluster = cluster;
    heartbeat.sender = (random() & 1) != 0 ? model::NodeId::First : model::NodeId::Second;
    heartbeat.link = static_cast<std::uint8_t>(random() % model::maxLinks);
    heartbeat.boot = model::BootDigest(random() | 1);
    heartbeat.sequence = random();
    heartbeat.sentAt = Instant::fromNanoseconds(static_cast<std::int64_t>(random()));
    if ((random() & 1) != 0) {
        heartbeat.echo.boot = model::BootDigest(random());
        heartbeat.echo.sentAt = Instant::fromNanoseconds(static_cast<std::int64_t>(random()));
        heartbeat.echo.held = Duration(static_cast<std::int64_t>(random() >> 1));
    }
    heartbeat.hears = static_cast<std::uint8_t>(random());
    heartbeat.status = toPlain(randomStatus(random));
    return heartbeat;
}

} // namespace dyad::wire
