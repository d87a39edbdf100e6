// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/history_routes.h"

#include "control/protocol/history_json.h"

#include <QJsonArray>

#include <limits>
#include <map>

namespace dyad::control {

namespace {

constexpr std::int64_t linkMemoryMs =
    24LL * 3600 * 1000; // a link's state before the incident is looked for so far back
constexpr std::int64_t incidentMarginMs = 1000;

using Incidents = Result<std::vector<model::Incident>>;
using Entries = Result<std::vector<model::RememberedEntry>>;

void wrongNumber(const Call& call, const char* fields, const char* example) {
    call.refuse(400, {"read the history", call.pathText(), std::string(fields) + " must be whole numbers",
                      std::string("Ask for ") + example});
}

void unreadable(const Call& call, const Error& error) { call.refuse(503, error); }

// {"private": ["alive", "lost"]}: the state before the incident (or "unknown"), then every change within it.
QJsonObject linksIn(const std::vector<model::RememberedEntry>& entries, std::uint64_t firstSequence,
                    std::uint64_t lastSequence) {
    std::map<std::string, std::vector<std::string>> links;
    constexpr std::string_view head = "link ";
    for (const auto& [entry, boot] : entries) {
        const auto verb = entry.text.rfind(" is ");
        if (entry.kind != "link_changed" || verb == std::string::npos || entry.sequence > lastSequence ||
            !entry.text.starts_with(head))
            continue;
        auto& states = links[entry.text.substr(head.size(), verb - head.size())];
        const std::string state = entry.text.substr(verb + 4);
        if (entry.sequence < firstSequence)
            states.assign(1, state);
        else
            states.push_back(state);
    }
    QJsonObject object;
    for (const auto& [link, states] : links) {
        QJsonArray list;
        for (const std::string& state : states)
            list.append(QString::fromStdString(state));
        object.insert(QString::fromStdString(link), list);
    }
    return object;
}

void oneIncident(ports::HistoryPort& history, const std::string& node, const Call& call) {
    const std::string& said = call.names.front();
    char* end = nullptr;
    const unsigned long long id = std::strtoull(said.c_str(), &end, 10);
    if (said.empty() || *end != '\0' || id == 0)
        return call.refuse(400, {"find the incident", said.substr(0, 40), "this is no number of an incident",
                                 "`dyad why --list` has them"});
    history.incident(id, [&history, node, call, said](const Incidents& found) {
        if (!found) return unreadable(call, found.error());
        if (found.value().empty())
            return call.refuse(
                404, {"find the incident", said, node + " remembers no such incident", "`dyad why --list` has them"});
        model::Incident incident = found.value().front();
        incident.node = node;
        history.entries(incident.beganWallMs - linkMemoryMs, incident.endedWallMs + incidentMarginMs,
                        ports::maxEntriesPerAnswer, [node, call, incident](const Entries& entries) {
                            if (!entries) return unreadable(call, entries.error());
                            std::vector<model::RememberedEntry> within;
                            for (const model::RememberedEntry& each : entries.value())
                                if (each.entry.sequence >= incident.firstSequence &&
                                    each.entry.sequence <= incident.lastSequence)
                                    within.push_back(each);
                            QJsonObject object = entriesToJson(node, within);
                            object.insert(QStringLiteral("incident"), toJson(incident));
                            object.insert(QStringLiteral("links"),
                                          linksIn(entries.value(), incident.firstSequence, incident.lastSequence));
                            call.answer(object);
                        });
    });
}

} // namespace

Routes historyRoutes(ports::HistoryPort& history, const std::string& node, AnnounceDrill announce) {
    return {
        {"GET", "/v1/incidents", AccessRole::Viewer,
         [&history, node](const Call& call) {
             const auto limit = call.number("limit", 50);
             const auto before = call.number("before", 0);
             if (!limit || !before) return wrongNumber(call, "limit and before", "/v1/incidents?limit=50&before=1000");
             history.incidents(*limit, *before, [call, node](const Incidents& found) {
                 if (!found) return unreadable(call, found.error());
                 std::vector<model::Incident> incidents = found.value();
                 for (model::Incident& incident : incidents)
                     incident.node = node;
                 call.answer(incidentsToJson(node, incidents));
             });
         }},
        {"GET", "/v1/incidents/*", AccessRole::Viewer,
         [&history, node](const Call& call) { oneIncident(history, node, call); }},
        {"GET", "/v1/entries", AccessRole::Viewer,
         [&history, node](const Call& call) {
             constexpr auto ever = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
             const auto from = call.number("from_wall_ms", 0);
             const auto to = call.number("to_wall_ms", ever);
             const auto limit = call.number("limit", ports::maxEntriesPerAnswer);
             if (!from || !to || !limit)
                 return wrongNumber(call, "from_wall_ms, to_wall_ms and limit",
                                    "/v1/entries?from_wall_ms=0&to_wall_ms=2000000000000&limit=100");
             history.entries(static_cast<std::int64_t>(*from), static_cast<std::int64_t>(*to), *limit,
                             [call, node](const Entries& found) {
                                 if (!found) return unreadable(call, found.error());
                                 call.answer(entriesToJson(node, found.value()));
                             });
         }},
        {"GET", "/v1/durations", AccessRole::Viewer,
         [&history, node](const Call& call) {
             history.durations(call.text("group"), [call, node](const Result<std::vector<model::StepDuration>>& found) {
                 if (!found) return unreadable(call, found.error());
                 call.answer(durationsToJson(node, found.value()));
             });
         }},
        {"POST", "/v1/groups/*/drill", AccessRole::Operator,
         [announce = std::move(announce), node](const Call& call) {
             if (!announce(call.names.front(), call.caller.name))
                 return call.refuse(404, {"find the group", call.names.front(), "the configuration has no such group",
                                          "`dyad status` lists the groups"});
             call.answer(QJsonObject{{"node", QString::fromStdString(node)},
                                     {"group", QString::fromStdString(call.names.front())},
                                     {"announced", true}});
         }},
        {"GET", "/v1/audit", AccessRole::Viewer,
         [&history, node](const Call& call) {
             const auto limit = call.number("limit", 100);
             if (!limit) return wrongNumber(call, "limit", "/v1/audit?limit=100");
             history.audit(*limit, [call, node](const Result<std::vector<model::AuditEntry>>& found) {
                 if (!found) return unreadable(call, found.error());
                 call.answer(auditToJson(node, found.value()));
             });
         }},
    };
}

} // namespace dyad::control
