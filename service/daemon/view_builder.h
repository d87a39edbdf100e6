// SPDX-License-Identifier: Apache-2.0
// From what the engine, the heart and the array know to the picture that people are shown.
#pragma once

#include "engine/engine.h"
#include "model/view.h"
#include "ports/heart_port.h"
#include "ports/outside.h"
#include "ports/reservation_port.h"
#include "ports/resource_port.h"

#include <vector>

namespace dyad::daemon {

[[nodiscard]] model::ClusterView buildView(const engine::Engine& engine, const ports::HeartReport& heart,
                                           const ports::ReservationPort& reservations,
                                           const ports::ResourcePort& resources, std::vector<model::AlarmView> alarms,
                                           const ports::Clock& clock);

} // namespace dyad::daemon
