// SPDX-License-Identifier: Apache-2.0
// MariaDB as a plan for ProcessAgent: how it is started without any wrapper, when it counts as ready, and what of its
// log is progress.
//
// What is set on its command line (which is stronger than a defaults file), and why:
//   innodb-flush-log-at-trx-commit=1, innodb-doublewrite=ON, sync-binlog=1
//                                      a commit that was acknowledged survives the host; with a binary log that was
//                                      lost the next start would roll it back
//   max-connect-errors                 where the server listens on one address: the check of the port would else lock
//                                      out the programs of this host after a while
//   datadir, socket, pid-file, port, bind-address    as configured: the checks must find it
// Without a defaults file in the configuration none is read: both nodes then start it the same way.
// It is stopped by SIGTERM: clients are cut off, and with innodb_fast_shutdown=1, its default, the next start has
// nothing to recover.
#pragma once

#include <string>
#include <vector>

#include "agents/process_plan.h"
#include "agents/process_settings.h"
#include "model/configuration.h"

namespace dyad::agents {

[[nodiscard]] ProcessPlan planMariadb(const model::MariadbSettings& settings, const std::string& group,
                                      const std::string& resource, const Places& places);

// The command line of the server.
[[nodiscard]] std::vector<std::string> mariadbCommand(const model::MariadbSettings& settings);

// "recovery: InnoDB: To recover: 600 pages" of a log line that tells about start or recovery, else empty.
[[nodiscard]] std::string mariadbProgress(const std::string& logLine);

} // namespace dyad::agents
