// SPDX-License-Identifier: Apache-2.0
// What an order would do, before it is given: told by the node that would carry it out.
#include "control/protocol/object_reader.h"
#include "control/server/order_desk.h"

#include <QPointer>

namespace dyad::control {
namespace {

std::string effectOf(const model::Order& order) {
    return QString::fromUtf8(rowOf(order.kind).effect)
        .replace(QLatin1String("%1"), QString::fromStdString(subjectOf(order)))
        .toStdString();
}

} // namespace

void OrderDesk::preview(const Call& call, const model::Order& order) {
    const model::ClusterView view = m_service.view();
    const auto tellHere = [this, call, order](const std::string& caveat) {
        const model::ClusterView now = m_service.view();
        model::OrderAnswer verdict = m_service.judge(order);
        QJsonValue first(QJsonValue::Null);
        if (const auto underWay = order.group.empty() ? std::nullopt : m_underWay.of(order.group, now, m_now());
            underWay && rowOf(order.kind).moves) {
            verdict = {.accepted = false, .text = underWay->sentence()};
            first = toJson(*underWay);
        }
        QJsonArray steps;
        double total = 0;
        for (const model::PredictedStep& step : m_service.predict(order)) {
            const double seconds = std::chrono::duration<double>(step.takes).count();
            total += seconds;
            steps.append(QJsonObject{{"what", QString::fromStdString(step.what)},
                                     {"seconds", seconds},
                                     {"samples", static_cast<qint64>(step.samples)}});
        }
        const auto clients = order.group.empty() ? std::nullopt : m_service.clientsOf(order.group);
        call.answer(QJsonObject{
            {"kind", toText(order.kind)},
            {"subject", QString::fromStdString(subjectOf(order))},
            {"node", QString::fromStdString(now.node)},
            {"effect", QString::fromStdString(effectOf(order))},
            {"confirmation", QString::fromStdString(confirmationOf(order))},
            {"allowed", verdict.accepted},
            {"text", QString::fromStdString(verdict.text)},
            {"caveat", QString::fromStdString(caveat)},
            {"under_way", first},
            {"clients", clients ? QJsonValue(static_cast<qint64>(*clients)) : QJsonValue(QJsonValue::Null)},
            {"steps", steps},
            {"seconds", steps.isEmpty() ? QJsonValue(QJsonValue::Null) : QJsonValue(total)}});
    };
    if (whereTo(order, view, call.caller) == Where::Here) return tellHere("");
    PeerQuestion question = questionFor(call);
    m_peer->ask(question, [self = QPointer<OrderDesk>(this), call, tellHere,
                           peer = m_peer->peerName()](const PeerAnswer& answer) {
        if (!self) return;
        if (answer.answered())
            return call.answer(
                Response{.status = answer.status, .contentType = answer.contentType, .body = answer.body});
        tellHere(peer + ", which would carry it out, can't be asked: " + answer.error.cameBack);
    });
}

} // namespace dyad::control
