// SPDX-License-Identifier: Apache-2.0
// The one sentence that an administrator reads first, and what to do next. Pure; the same words for command line and
// monitor.
#pragma once

#include "model/view.h"

#include <string>
#include <vector>

namespace dyad::control {

enum class Condition {
    Well,
    Moving,
    Degraded,
    Bad
}; // Degraded: serves, but the next fault would hurt. Bad: doesn't serve
[[nodiscard]] const char* toText(Condition condition); // "OK", "IN PROGRESS", "WARNING", "ATTENTION"

struct Sentence {
    Condition condition = Condition::Well;
    std::string text; // "erp is active on alpha; beta stands by."
    std::string next; // what to do, or empty
};

[[nodiscard]] Sentence headlineOf(const model::ClusterView& view, const model::GroupView& group);
// One sentence per group, the worst first.
[[nodiscard]] std::vector<Sentence> headlinesOf(const model::ClusterView& view);

// What the group does on the node with this name.
[[nodiscard]] model::Role roleOn(const model::ClusterView& view, const model::GroupView& group,
                                 const std::string& node);
[[nodiscard]] const model::NodeView* ownNode(const model::ClusterView& view);
[[nodiscard]] const model::NodeView* peerNode(const model::ClusterView& view);
[[nodiscard]] const model::NodeView* nodeNamed(const model::ClusterView& view, const std::string& name);

} // namespace dyad::control
