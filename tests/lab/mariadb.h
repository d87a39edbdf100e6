// SPDX-License-Identifier: Apache-2.0
// A MariaDB on the disk of a running pair, beside its PostgreSQL.
#pragma once

#include "base/result.h"
#include "lab/command.h"

#include <string>

namespace dyad::lab {

// The package that has the server alone makes no user "mysql"; any other one will do.
inline constexpr const char* mariadbUser = "nobody";
inline constexpr const char* mariadbGroup = "nogroup";

// The resource that addMariadb() makes, and how it is reached on its host.
inline constexpr const char* mariadbResource = "shop";
inline constexpr const char* mariadbSocket = "/run/mysqld/mysqld.sock";

// An empty database in this new folder below the data mount of `host`, where the group is active. It knows its user and
// root by the socket. Blocks for some seconds, until it is on the disk.
[[nodiscard]] Result<void> makeMariadb(const std::string& host, const std::string& folder);

// As a resource of type "mariadb", the last of the only group, with the write check; `furtherKeys` are lines of its
// table. Blocks until it answers on `host`, where the group is active.
[[nodiscard]] Result<void> addMariadb(const std::string& host, const std::string& furtherKeys = {});

// What the server says to the host's root. Blocks.
[[nodiscard]] Result<CommandOutput> askMariadb(const std::string& host, const std::string& socket,
                                               const std::string& statement);

} // namespace dyad::lab
