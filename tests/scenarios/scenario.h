// SPDX-License-Identifier: Apache-2.0
// A scenario: a text file that says what happens to a pair, and the trace that must come of it. The words are in
// README.md.
#pragma once

#include "base/result.h"
#include "model/configuration.h"

#include <string>
#include <vector>

namespace dyad::scenarios {

struct Command {
    double atMs = 0;
    std::vector<std::string> words;
    int line = 0;
};

struct Planted {       // a key that holds a LUN before the world begins
    std::string whose; // node name, or "foreign"
    std::string lun;
};

struct Scenario {
    std::string head; // everything above the line of dashes, as written
    model::Configuration configuration;
    std::vector<std::string> off;   // nodes that are not switched on at the beginning
    std::vector<std::string> drift; // nodes with another configuration file
    std::vector<Planted> planted;
    std::vector<Command> commands;
    double traceFromMs = 0;
    double endMs = 0;
    std::vector<std::string> expected;
};

// The error names the line and what is wrong with it.
[[nodiscard]] Result<Scenario> parse(const std::string& text, const std::string& fileName);

// The trace and the final state, line by line. A broken rule is the last line of the trace and begins with "BROKEN".
[[nodiscard]] Result<std::vector<std::string>> play(const Scenario& scenario);

} // namespace dyad::scenarios
