// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/view_routes.h"

#include "control/protocol/paths.h"
#include "control/server/metrics.h"

#include <QJsonArray>

namespace dyad::control {
namespace {

// One list of the view, beside who tells it and when.
void answerList(const Call& call, const ports::ServicePort& service, const char* list) {
    const QJsonObject view = toJson(service.view());
    call.answer(QJsonObject{{"node", view["node"]},
                            {"at_ns", view["at_ns"]},
                            {"wall_ms", view["wall_ms"]},
                            {list, view[QLatin1String(list)]}});
}

// The one with this name.
void answerOne(const Call& call, const ports::ServicePort& service, const char* list, const char* noun) {
    const QJsonObject view = toJson(service.view());
    for (const QJsonValue& each : view[QLatin1String(list)].toArray())
        if (each.toObject()["name"].toString().toStdString() == call.names[0]) return call.answer(each.toObject());
    call.refuse(404, {std::string("find the ") + noun, call.names[0],
                      std::string("the configuration has no such ") + noun,
                      std::string("`dyad status` lists the ") + list});
}

void answerActive(const Call& call, const ports::ServicePort& service) {
    const model::ClusterView view = service.view();
    for (const model::GroupView& group : view.groups) {
        if (group.name != call.names[0]) continue;
        const bool active = group.ownRole == model::Role::Active;
        return call.answer(QJsonObject{{"group", QString::fromStdString(group.name)},
                                       {"node", QString::fromStdString(view.node)},
                                       {"active", active}},
                           active ? 200 : 503);
    }
    call.refuse(404, {"find the group", call.names[0], "the configuration has no such group",
                      "`dyad status` lists the groups"});
}

} // namespace

Routes viewRoutes(ports::ServicePort& service, const Counters& counters, std::function<std::uint64_t()> lastSequence,
                  std::string version) {
    Routes routes{
        {"GET", path::state, AccessRole::Viewer, [&service](const Call& c) { c.answer(toJson(service.view())); }},
        // Load balancers can't show a token; the answer is one bit that every client of the address knows anyway.
        {"GET", "/v1/groups/*/active", AccessRole::None, [&service](const Call& c) { answerActive(c, service); }},
        {"GET", path::metrics, AccessRole::Viewer,
         [&service, &counters, lastSequence](const Call& c) {
             c.answer(Response{.contentType = metricsContentType,
                               .body = metricsText(service.view(), counters, lastSequence(), service.channels())});
         }},
        {"GET", path::version, AccessRole::Viewer,
         [&service, version](const Call& c) {
             const model::ClusterView view = service.view();
             c.answer(QJsonObject{{"version", QString::fromStdString(version)},
                                  {"node", QString::fromStdString(view.node)},
                                  {"cluster", QString::fromStdString(view.cluster)}});
         }},
    };
    struct List {
        const char* all;
        const char* one; // nullptr: they have no names
        const char* list;
        const char* noun;
    };
    static constexpr List lists[]{{"/v1/groups", "/v1/groups/*", "groups", "group"},
                                  {"/v1/nodes", "/v1/nodes/*", "nodes", "node"},
                                  {"/v1/links", "/v1/links/*", "links", "link"},
                                  {"/v1/luns", "/v1/luns/*", "luns", "LUN"},
                                  {path::alarms, nullptr, "alarms", "alarm"}};
    for (const List& each : lists) {
        routes.push_back({"GET", each.all, AccessRole::Viewer,
                          [&service, list = each.list](const Call& c) { answerList(c, service, list); }});
        if (each.one)
            routes.push_back({"GET", each.one, AccessRole::Viewer,
                              [&service, &each](const Call& c) { answerOne(c, service, each.list, each.noun); }});
    }
    return routes;
}

} // namespace dyad::control
