// SPDX-License-Identifier: Apache-2.0
#include "cli/pair_truth.h"

#include "control/protocol/truth_json.h"

#include <QEventLoop>
#include <QTimer>

namespace dyad::cli {

namespace {

constexpr Duration lookPatience = 7s; // a node gives up after 5
constexpr std::chrono::milliseconds betweenLooks(1500);

PairTruth lookOnce(BothNodes& nodes) {
    PairTruth truth;
    for (const NodeAnswer& answer : nodes.ask(QStringLiteral("/v1/truth"), lookPatience)) {
        if (!answer.answered) {
            truth.silent.push_back((answer.node.empty() ? "" : answer.node + ": ") + answer.trouble);
            continue;
        }
        Result<model::NodeTruth> node = control::truthFromJson(answer.object);
        if (node)
            truth.nodes.push_back(std::move(node).value());
        else
            truth.silent.push_back(answer.node + ": " + node.error().text());
    }
    truth.contradictions = contradictionsIn(truth.nodes);
    return truth;
}

} // namespace

PairTruth fetchTruth(BothNodes& nodes) {
    PairTruth truth = lookOnce(nodes);
    if (truth.contradictions.empty()) return truth;
    QEventLoop pause;
    QTimer::singleShot(betweenLooks, &pause, &QEventLoop::quit);
    pause.exec();
    PairTruth again = lookOnce(nodes);
    again.contradictions = thoseThatStay(std::move(again.contradictions), truth.contradictions);
    return again;
}

} // namespace dyad::cli
