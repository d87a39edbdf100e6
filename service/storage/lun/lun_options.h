// SPDX-License-Identifier: Apache-2.0
// The command line of dyad-lun.
#pragma once

#include "base/result.h"
#include "storage/lun/iscsi_session.h"

#include <string>
#include <vector>

namespace dyad::storage {

struct LunOptions {
    std::string name;      // for the log
    std::string directory; // --dir: control socket, pid file, export/lun
    IscsiSettings session;
    Duration hold = 15s;
    std::uint64_t settingsDigest = 0; // of the whole command line: the client knows by it whether it may adopt
};

// Error: an unknown option, one without its value, a number out of range, or a missing one; with the option's name.
// Reads the CHAP secret from its file (one line; refused unless it belongs to root and nobody else may read it).
[[nodiscard]] Result<LunOptions> parseLunOptions(const std::vector<std::string>& arguments);

} // namespace dyad::storage
