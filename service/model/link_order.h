// SPDX-License-Identifier: Apache-2.0
// Heartbeats go over every link; all else that the nodes say to each other goes over one, and people read links in one
// order.
#pragma once

#include "model/configuration.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace dyad::model {

// Indices into `links`: by priority, where equal as written; serial lines, which carry heartbeats alone, last.
[[nodiscard]] inline std::vector<std::size_t> linksByPreference(const std::vector<LinkSetup>& links) {
    std::vector<std::size_t> order(links.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (links[a].isSerial() != links[b].isSerial()) return links[b].isSerial();
        return links[a].priority < links[b].priority;
    });
    return order;
}

} // namespace dyad::model
