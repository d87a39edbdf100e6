// SPDX-License-Identifier: Apache-2.0
// The beginning that most files of these tests share: 13 lines, so that what a test adds begins at line 14.
#pragma once

#include "config/load.h"

#include <string>

inline const std::string pairLines = R"([cluster]
name = "erp-pair"
[[node]]
name = "alpha"
links = { private = "10.77.1.1", public = "10.77.0.1" }
[[node]]
name = "beta"
links = { private = "10.77.1.2", public = "10.77.0.2" }
[network]
gateways = ["10.77.0.254"]
[[lun]]
name = "array"
iscsi = "iscsi://10.77.2.9/iqn.2026-11.example:array/1"
)";

// Adds line 14 to 21: a group with one filesystem.
inline const std::string groupLines = R"([[group]]
name = "erp"
[[group.resource]]
name = "data"
type = "filesystem"
lun = "array"
mount = "/srv/erp"
fstype = "ext4"
)";

// All problems, one a line: what a failing test shows.
inline std::string allTexts(const dyad::config::Loaded& loaded) {
    std::string text;
    for (const auto& problem : loaded.problems)
        text += toText(problem) + "\n";
    for (const auto& warning : loaded.warnings)
        text += "warning: " + toText(warning) + "\n";
    return text;
}
