// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/order_routes.h"

#include "control/protocol/object_reader.h"
#include "control/protocol/paths.h"

#include <algorithm>

namespace dyad::control {
namespace {

const char* patternOf(OrderSubject subject) {
    switch (subject) {
    case OrderSubject::Group: return "/v1/groups/*/";
    case OrderSubject::Node: return "/v1/nodes/*/";
    case OrderSubject::Resource: return "/v1/groups/*/resources/*/";
    }
    return "";
}

// What of the order's names the configuration doesn't have.
std::optional<Error> unknownName(const model::Order& order, OrderSubject subject, const model::ClusterView& view) {
    if (subject == OrderSubject::Node) {
        for (const model::NodeView& node : view.nodes)
            if (node.name == order.node) return std::nullopt;
        return Error{"find the node", order.node, "the configuration has no such node",
                     "`dyad status` lists the nodes"};
    }
    for (const model::GroupView& group : view.groups) {
        if (group.name != order.group) continue;
        if (subject == OrderSubject::Group) return std::nullopt;
        for (const model::ResourceView& resource : group.resources)
            if (resource.name == order.resource) return std::nullopt;
        return Error{"find the resource", order.group + "/" + order.resource, "the group has no such resource",
                     "`dyad status` lists the resources of each group"};
    }
    return Error{"find the group", order.group, "the configuration has no such group",
                 "`dyad status` lists the groups"};
}

// The row that is meant: one path may stand for two orders, and {"on": …} in the body tells which.
Result<const OrderRow*> rowMeant(const OrderRow& first, const QJsonObject& body) {
    if (!first.on) return &first;
    const QJsonValue on = body[QStringLiteral("on")];
    if (on.isBool())
        for (const OrderRow& row : orderTable())
            if (row.subject == first.subject && std::string_view(row.segment) == first.segment && row.on == on.toBool())
                return &row;
    return Error{"read the request's body", "on", "it is missing or neither true nor false",
                 "Send {\"on\": true} or {\"on\": false}"};
}

void takeOrder(const Call& call, const OrderRow& first, const ports::ServicePort& service, OrderDesk& desk) {
    model::Order order;
    order.kind = first.kind;
    order.who = call.caller.name;
    (first.subject == OrderSubject::Node ? order.node : order.group) = call.names[0];
    if (first.subject == OrderSubject::Resource) order.resource = call.names[1];
    if (const auto unknown = unknownName(order, first.subject, service.view())) return call.refuse(404, *unknown);

    // Nothing need be sent where nothing is asked for, but what is sent must make sense.
    QJsonObject body;
    if (!call.request.body.isEmpty() || first.on) {
        const Result<QJsonObject> sent = objectFromBytes(call.request.body, "the request's body");
        if (!sent)
            return call.refuse(400, {sent.error().tried, sent.error().on, sent.error().cameBack,
                                     first.on ? "Send {\"on\": true} or {\"on\": false}" : sent.error().remedy});
        body = sent.value();
    }
    const Result<const OrderRow*> row = rowMeant(first, body);
    if (!row) return call.refuse(400, row.error());
    order.kind = row.value()->kind;
    order.key = body[QStringLiteral("key")].toString().left(40).toStdString();
    const std::string written = confirmationOf(order);
    if (!written.empty() && body[QStringLiteral("confirmation")].toString().toStdString() != written)
        return call.refuse(400, {"give the order", sentenceOf(order), "it isn't confirmed in writing",
                                 "Send {\"confirmation\": \"" + written + "\"} once it is sure that this is right"});
    desk.give(call, order);
}

void takePreview(const Call& call, const ports::ServicePort& service, OrderDesk& desk) {
    const std::string kind = call.text("kind");
    std::string kinds;
    for (const OrderRow& row : orderTable()) {
        kinds += (kinds.empty() ? "" : ", ") + std::string(toText(row.kind));
        if (kind != toText(row.kind)) continue;
        model::Order order;
        order.kind = row.kind;
        order.group = call.text("group");
        order.node = call.text("node");
        order.resource = call.text("resource");
        order.who = call.caller.name;
        if (const auto unknown = unknownName(order, row.subject, service.view())) return call.refuse(404, *unknown);
        return desk.preview(call, order);
    }
    call.refuse(400, {"preview an order", "kind=" + kind.substr(0, 40), "there is no such order",
                      "The kinds are: " + kinds});
}

} // namespace

Routes orderRoutes(ports::ServicePort& service, OrderDesk& desk) {
    Routes routes;
    for (const OrderRow& row : orderTable()) {
        const std::string pattern = std::string(patternOf(row.subject)) + row.segment;
        const bool there = std::any_of(routes.begin(), routes.end(),
                                       [&](const Route& route) { return route.pattern == pattern; });
        if (!there) // else the body tells the two apart
            routes.push_back({"POST", pattern, row.needs,
                              [&row, &service, &desk](const Call& c) { takeOrder(c, row, service, desk); }});
    }
    routes.push_back({"GET", path::ordersUnderWay, AccessRole::Viewer, [&desk](const Call& c) { desk.underWay(c); }});
    routes.push_back({"GET", path::preview, AccessRole::Viewer,
                      [&service, &desk](const Call& c) { takePreview(c, service, desk); }});
    routes.push_back({"POST", "/v1/alarms/*/acknowledge", AccessRole::Operator,
                      [&desk](const Call& c) { desk.acknowledge(c, c.names[0]); }});
    return routes;
}

} // namespace dyad::control
