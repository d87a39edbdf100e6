// SPDX-License-Identifier: Apache-2.0
// PostgreSQL as a plan for ProcessAgent: how it is started so that it recovers fast from a crash of the other node,
// when it counts as ready, and what of its log is progress.
//
// What is set on its command line (which is stronger than postgresql.conf), and why:
//   recovery_init_sync_method=syncfs   after a crash the whole data directory is flushed by one call for its filesystem
//                                      instead of an fsync per file: most of a second less
//   listen_addresses=*                 the group's address may come before or after the database, or be another one
//   later log_startup_progress_interval      recovery tells how far it is unix_socket_directories, port      as
//   configured: the readiness probe must find it
// Nothing is set that risks durability, and what would do so is refused: fsync, full_page_writes and synchronous_commit
// stay on. The engine starts resources only behind a proven reservation (S1), so that no other node can run on the same
// data.
#pragma once

#include <string>

#include "agents/process_plan.h"
#include "agents/process_settings.h"
#include "model/configuration.h"

namespace dyad::agents {

inline constexpr int postgresqlFastShutdown = 2; // SIGINT: clients are cut off, a checkpoint is written

[[nodiscard]] ProcessPlan planPostgresql(const model::PostgresqlSettings& settings, const std::string& group,
                                         const std::string& resource, const Places& places);

// The command line of the server.
[[nodiscard]] std::vector<std::string> postgresqlCommand(const model::PostgresqlSettings& settings);

// "recovery: redo starts at 0/15D6F60" of a log line that tells about start or recovery, else empty.
[[nodiscard]] std::string postgresqlProgress(const std::string& logLine);

} // namespace dyad::agents
