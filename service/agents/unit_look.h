// SPDX-License-Identifier: Apache-2.0
// Reads what systemd says of a unit: from the answer to Properties.GetAll, or, once, by asking it.
#pragma once

#include <string>
#include <systemd/sd-bus.h>

#include "agents/bus_connection.h"
#include "base/result.h"
#include "model/unit_facts.h"

namespace dyad::agents {

inline constexpr Duration unitLookTime = 1s; // for each of the two questions of askUnit()

inline constexpr const char* systemdName = "org.freedesktop.systemd1";
inline constexpr const char* systemdPath = "/org/freedesktop/systemd1";
inline constexpr const char* systemdManager = "org.freedesktop.systemd1.Manager";
inline constexpr const char* systemdUnitInterface = "org.freedesktop.systemd1.Unit";
inline constexpr const char* busProperties = "org.freedesktop.DBus.Properties";

// Of an a{sv} at the message's reading place. What it does not have stays as it is in `facts`. Below 0: it is none.
[[nodiscard]] int readUnitProperties(sd_bus_message* message, model::UnitFacts& facts);

// Blocks for 2 * unitLookTime at most; not for an event loop. Error: systemd can't be asked. A unit that is not there
// is no error: `load` says it.
[[nodiscard]] Result<model::UnitFacts> askUnit(const std::string& unit, const std::string& bus = systemBusAddress());

} // namespace dyad::agents
