// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"
#include "control/protocol/order_table.h"

#include <vector>

namespace dyad::control {
namespace {

std::vector<model::OrderKind> allOrders() {
    std::vector<model::OrderKind> kinds;
    for (const OrderRow& row : orderTable())
        kinds.push_back(row.kind);
    return kinds;
}

} // namespace

QJsonObject toJson(const model::Order& order) {
    return {{"kind", toText(order.kind)},
            {"group", QString::fromStdString(order.group)},
            {"node", QString::fromStdString(order.node)},
            {"resource", QString::fromStdString(order.resource)},
            {"who", QString::fromStdString(order.who)}};
}

Result<model::Order> orderFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("order"), error);
    model::Order order;
    const std::vector<model::OrderKind> kinds = allOrders();
    order.kind = read.word<model::OrderKind>("kind", kinds);
    order.group = read.text("group");
    order.node = read.text("node");
    order.who = read.text("who");
    order.resource = read.textOr("resource", "");
    if (error) return *error;
    return order;
}

QJsonObject toJson(const model::OrderAnswer& answer) {
    return {{"accepted", answer.accepted},
            {"text", QString::fromStdString(answer.text)},
            {"node", QString::fromStdString(answer.node)}};
}

Result<model::OrderAnswer> orderAnswerFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("answer"), error);
    model::OrderAnswer answer;
    answer.accepted = read.boolean("accepted");
    answer.text = read.text("text");
    answer.node = read.textOr("node", "");
    if (error) return *error;
    return answer;
}

QJsonObject toJson(const Error& trouble) {
    return {{"error", QJsonObject{{"tried", QString::fromStdString(trouble.tried)},
                                  {"on", QString::fromStdString(trouble.on)},
                                  {"came_back", QString::fromStdString(trouble.cameBack)},
                                  {"remedy", QString::fromStdString(trouble.remedy)}}}};
}

std::optional<Error> errorFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader outer(object, QString(), error);
    const QJsonObject inner = outer.object("error");
    ObjectReader read(inner, QStringLiteral("error"), error);
    Error told;
    told.tried = read.text("tried");
    told.on = read.text("on");
    told.cameBack = read.text("came_back");
    told.remedy = read.text("remedy");
    if (error) return std::nullopt;
    return told;
}

} // namespace dyad::control
