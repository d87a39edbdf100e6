// SPDX-License-Identifier: Apache-2.0
// A configuration's text, checked on this host: what stands in it, and what it meets here.
#pragma once

#include "config/live/live_check.h"
#include "config/load.h"
#include "model/configuration_report.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::daemon {

struct CheckedText {
    std::string text;
    std::uint64_t digest = 0;
    std::optional<model::Configuration> configuration; // none: the file itself is wrong
    std::vector<model::Finding> findings;

    [[nodiscard]] bool good() const;
    // The first error, as one sentence; empty where there is none.
    [[nodiscard]] std::string firstError() const;
};

// Blocks for as long as the live check may take (config/live/live_check.h). `fileName` is only quoted. What is wrong
// with a block that `runningText` has just so, too, is only warned of: a change elsewhere isn't held up by it.
[[nodiscard]] CheckedText checkText(std::string text, const std::string& fileName, const config::LiveSetup& live,
                                    const std::string& runningText);

} // namespace dyad::daemon
