// SPDX-License-Identifier: Apache-2.0
// The view as Prometheus text (exposition format 0.0.4). Pure.
#pragma once

#include "control/server/counters.h"
#include "model/view.h"
#include "ports/notify_port.h"

#include <QByteArray>

namespace dyad::control {

inline constexpr const char* metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] QByteArray metricsText(const model::ClusterView& view, const Counters& counters,
                                     std::uint64_t lastSequence, const std::vector<ports::ChannelState>& channels = {});

} // namespace dyad::control
