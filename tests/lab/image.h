// SPDX-License-Identifier: Apache-2.0
// What is on the LUNs before the first boot. Made once, kept in the cache folder, copied for each run.
#pragma once

#include "base/result.h"

#include <string>

namespace dyad::lab {

inline constexpr const char* dataMount = "/srv/erp";
inline constexpr const char* ledgerMount = "/srv/ledger";
inline constexpr const char* dataDirectory = "/srv/erp/pgdata"; // on the mounted LUN
inline constexpr const char* postgresqlBin = "/usr/lib/postgresql/15/bin";
inline constexpr std::uint64_t lastBlockBytes = 4096; // beyond the filesystem: where write probes go

// Copies of both images to the LUNs' backing files; blocks for some 100 ms, or some seconds when nothing is prepared
// yet.
[[nodiscard]] Result<void> layOutImages();

// `dyad-lab internal prepare FILE KIND`, in namespaces of its own: makes the filesystem in FILE and fills it.
int prepareMain(const std::string& file, const std::string& kind);

} // namespace dyad::lab
