// SPDX-License-Identifier: Apache-2.0
#include "cli/pair_health.h"

#include "control/protocol/json.h"

namespace dyad::cli {

std::vector<DoctorNode> fetchHealth(BothNodes& nodes, const PairTruth& truth) {
    std::vector<DoctorNode> health;
    for (const NodeAnswer& answer : nodes.ask(QStringLiteral("/v1/state"))) {
        DoctorNode node;
        node.node = answer.node;
        node.trouble = answer.trouble;
        if (answer.answered) {
            Result<model::ClusterView> view = control::viewFromJson(answer.object);
            if (view) {
                node.view = std::move(view).value();
                node.node = node.view->node;
            } else {
                node.trouble = view.error().text();
            }
            node.uncertainty = (answer.received - answer.sent) / 2;
            node.asked = answer.sent + node.uncertainty;
        }
        for (const model::NodeTruth& each : truth.nodes)
            if (each.node == node.node) node.truth = each;
        health.push_back(std::move(node));
    }
    return health;
}

} // namespace dyad::cli
