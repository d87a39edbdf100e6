// SPDX-License-Identifier: Apache-2.0
// The five steps that show what Dyad is for.
#pragma once

#include <string>

namespace dyad::lab {

struct DemoOptions {
    std::string profile = "fast";
    bool json = false;   // the last line is one JSON object
    bool keep = false;   // the pair stays up afterwards
    std::string picture; // a file for the time line of the power-off; empty: none
};

// Returns the exit status: 0 only if every step held.
int demoMain(const DemoOptions& options);

} // namespace dyad::lab
