// SPDX-License-Identifier: Apache-2.0
#include "control/server/router.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"
#include "control/protocol/paths.h"
#include "control/server/metrics.h"

#include <QUrl>
#include <QUrlQuery>

#include <algorithm>

namespace dyad::control {

struct Router::Call {
    const Request& request;
    std::vector<std::string> names; // what stood in the place of each * of the route
    QUrlQuery query;
    std::string who; // name of the token
    bool trusted = false;
    Answered answered;

    void answer(Response response) const { answered(std::move(response), trusted); }
    void answer(const QJsonObject& object, unsigned status = 200) const {
        answer(Response{.status = status, .body = toLine(object) + '\n'});
    }
    void refuse(unsigned status, const Error& error) const { answer(errorResponse(status, error)); }
};

struct Router::Route {
    const char* method;
    const char* pattern; // * is one segment
    AccessRole needs;
    void (*run)(Router&, Call&);
};

// The whole outside surface in one table.
const std::vector<Router::Route>& Router::routes() {
    using Kind = model::OrderKind;
    static const std::vector<Route> table{
        {"GET", "/v1/state", AccessRole::Viewer, [](Router& r, Call& c) { r.state(c); }},
        {"GET", "/v1/events", AccessRole::Viewer, [](Router& r, Call& c) { r.events(c); }},
        {"GET", "/v1/journal", AccessRole::Viewer, [](Router& r, Call& c) { r.journal(c); }},
        {"GET", "/metrics", AccessRole::Viewer, [](Router& r, Call& c) { r.metrics(c); }},
        // Load balancers can't show a token; the answer is one bit that every client of the address knows anyway.
        {"GET", "/v1/groups/*/active", AccessRole::None, [](Router& r, Call& c) { r.groupActive(c); }},
        {"POST", "/v1/groups/*/switchover", AccessRole::Operator,
         [](Router& r, Call& c) { r.groupOrder(c, Kind::Switchover); }},
        {"POST", "/v1/groups/*/switchback", AccessRole::Operator,
         [](Router& r, Call& c) { r.groupOrder(c, Kind::Switchback); }},
        {"POST", "/v1/groups/*/clear-failure", AccessRole::Operator,
         [](Router& r, Call& c) { r.groupOrder(c, Kind::ClearFailure); }},
        {"POST", "/v1/nodes/*/maintenance", AccessRole::Operator, [](Router& r, Call& c) { r.maintenance(c); }},
    };
    return table;
}

namespace {

constexpr const char* listOfPaths =
    "The paths are /v1/state, /v1/events, /v1/journal, /v1/groups/NAME/active, "
    "/v1/groups/NAME/switchover, …/switchback, …/clear-failure, /v1/nodes/NAME/maintenance and /metrics";

std::optional<std::vector<std::string>> match(const char* pattern, const QStringList& segments) {
    const QStringList wanted = QString::fromLatin1(pattern).split(QLatin1Char('/'));
    if (wanted.size() != segments.size()) return std::nullopt;
    std::vector<std::string> names;
    for (qsizetype i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == QLatin1String("*")) {
            if (segments[i].isEmpty()) return std::nullopt;
            names.push_back(QUrl::fromPercentEncoding(segments[i].toLatin1()).toStdString());
        } else if (wanted[i] != segments[i]) {
            return std::nullopt;
        }
    }
    return names;
}

std::string pathText(const Request& request) { return QString::fromLatin1(request.target.left(200)).toStdString(); }

// `Bearer TOKEN` (RFC 6750, 2.1); the scheme's case doesn't matter.
std::optional<QByteArray> bearer(const QByteArray& authorization) {
    const QByteArray scheme = "bearer ";
    if (authorization.left(scheme.size()).toLower() != scheme) return std::nullopt;
    return authorization.mid(scheme.size()).trimmed();
}

// The number in a query field; the fall-back where it is absent; none where it is no number.
std::optional<std::uint64_t> numberIn(const QString& said, std::uint64_t fallback) {
    if (said.isEmpty()) return fallback;
    bool good = false;
    const qulonglong number = said.toULongLong(&good);
    if (!good || number > static_cast<qulonglong>(std::numeric_limits<qint64>::max())) return std::nullopt;
    return number;
}

} // namespace

Response errorResponse(unsigned status, const Error& error) {
    return Response{.status = status, .body = toLine(toJson(error)) + '\n'};
}

void Router::handle(const Request& request, Answered answered) {
    ++m_counters.requests;
    Call call{.request = request, .answered = std::move(answered)};
    const QUrl url = QUrl::fromEncoded(request.target, QUrl::StrictMode);
    const QStringList segments = url.path(QUrl::FullyEncoded).split(QLatin1Char('/'));
    call.query = QUrlQuery(url);

    const QByteArray method = request.method == "HEAD" ? QByteArray("GET") : request.method;
    QByteArrayList allowed;
    for (const Route& route : routes()) {
        const auto names = match(route.pattern, segments);
        if (!names) continue;
        if (method == route.method) {
            call.names = *names;
            return dispatch(route, call);
        }
        allowed.append(route.method == QByteArray("GET") ? QByteArray("GET, HEAD") : QByteArray(route.method));
    }
    if (allowed.isEmpty()) return call.refuse(404, {"find", pathText(request), "there is no such path", listOfPaths});
    Response response =
        errorResponse(405, {request.method.left(32).toStdString(), pathText(request), "this method isn't allowed here",
                            "Use " + allowed.join(", ").toStdString()});
    response.fields.emplace_back("Allow", allowed.join(", "));
    call.answer(std::move(response));
}

void Router::dispatch(const Route& route, Call& call) {
    if (route.needs != AccessRole::None) {
        const std::optional<QByteArray> presented = bearer(call.request.authorization);
        const std::optional<Token> token = presented ? m_tokens.find(*presented) : std::nullopt;
        if (!token) {
            ++m_counters.refusedTokens;
            Response response = errorResponse(401, {call.request.method.toStdString(), pathText(call.request),
                                                    presented ? "the token isn't known here" : "no token was shown",
                                                    "Send the header \"Authorization: Bearer TOKEN\" with a token "
                                                    "whose SHA-256 stands in the service's tokens file "
                                                    "(`dyad` reads it from --token-file)"});
            response.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"dyad\"");
            return call.answer(std::move(response));
        }
        call.trusted = true;
        call.who = token->name;
        if (token->role < route.needs) {
            ++m_counters.refusedTokens;
            return call.refuse(403, {call.request.method.toStdString(), pathText(call.request),
                                     "the token \"" + token->name + "\" has the role " + toText(token->role) +
                                         ", this needs " + toText(route.needs),
                                     std::string("Use a token of the role ") + toText(route.needs)});
        }
    }
    route.run(*this, call);
}

void Router::state(Call& call) { call.answer(toJson(m_service.view())); }

void Router::metrics(Call& call) {
    call.answer(
        Response{.contentType = metricsContentType, .body = metricsText(m_service.view(), m_counters, lastSequence())});
}

void Router::events(Call& call) {
    // Without a place to resume from, the story starts with the next entry.
    const QString said = call.request.lastEventId.isEmpty() ? call.query.queryItemValue(QStringLiteral("after"))
                                                            : QString::fromLatin1(call.request.lastEventId);
    const std::optional<std::uint64_t> after = said.isEmpty() ? lastSequence() : numberIn(said, 0);
    if (!after)
        return call.refuse(400,
                           {"resume the events", "after=" + said.left(40).toStdString(), "this is no entry's sequence",
                            "Give the id of the last event that arrived, or 0 for the whole journal"});
    if (m_counters.eventStreams >= m_bounds.eventStreams)
        return call.refuse(503, {"open an event stream", "",
                                 std::to_string(m_counters.eventStreams) + " are open, and no more are allowed",
                                 "Close one, or ask GET /v1/state from time to time"});
    call.answer(Response{.contentType = "text/event-stream", .stream = *after});
}

void Router::journal(Call& call) {
    const std::optional<std::uint64_t> after = numberIn(call.query.queryItemValue(QStringLiteral("after")), 0);
    const std::optional<std::uint64_t> limit =
        numberIn(call.query.queryItemValue(QStringLiteral("limit")), m_bounds.journalPage);
    if (!after || !limit || *limit == 0)
        return call.refuse(400, {"read the journal", pathText(call.request),
                                 "after and limit must be whole numbers, limit at least 1",
                                 "Ask for /v1/journal?after=0&limit=100"});
    const std::size_t most = std::min<std::size_t>(*limit, m_bounds.journalPage);
    call.answer(toJson(JournalPage{m_service.journalAfter(*after, most), lastSequence()}));
}

void Router::groupActive(Call& call) {
    const model::ClusterView view = m_service.view();
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

void Router::groupOrder(Call& call, model::OrderKind kind) {
    const model::ClusterView view = m_service.view();
    const bool known = std::any_of(view.groups.begin(), view.groups.end(),
                                   [&](const model::GroupView& group) { return group.name == call.names[0]; });
    if (!known)
        return call.refuse(404, {"find the group", call.names[0], "the configuration has no such group",
                                 "`dyad status` lists the groups"});
    if (!call.request.body.isEmpty()) { // nothing is asked for, but what is sent must make sense
        const Result<QJsonObject> body = objectFromBytes(call.request.body, "the request's body");
        if (!body) return call.refuse(400, body.error());
    }
    give(call, model::Order{kind, call.names[0], "", call.who});
}

void Router::maintenance(Call& call) {
    const model::ClusterView view = m_service.view();
    const bool known = std::any_of(view.nodes.begin(), view.nodes.end(),
                                   [&](const model::NodeView& node) { return node.name == call.names[0]; });
    if (!known)
        return call.refuse(404, {"find the node", call.names[0], "the configuration has no such node",
                                 "`dyad status` lists the nodes"});
    const Result<QJsonObject> body = objectFromBytes(call.request.body, "the request's body");
    if (!body)
        return call.refuse(400, {body.error().tried, body.error().on, body.error().cameBack,
                                 "Send {\"on\": true} or {\"on\": false}"});
    const QJsonValue on = body.value()[QStringLiteral("on")];
    if (!on.isBool())
        return call.refuse(400, {"read the request's body", "on", "it is missing or neither true nor false",
                                 "Send {\"on\": true} or {\"on\": false}"});
    give(call, model::Order{on.toBool() ? model::OrderKind::MaintenanceOn : model::OrderKind::MaintenanceOff, "",
                            call.names[0], call.who});
}

void Router::give(Call& call, model::Order order) {
    m_service.order(order, [answered = call.answered, trusted = call.trusted](const model::OrderAnswer& answer) {
        // 202: under way, not done. 409: the state of things stands in the way, and the text says what.
        answered(Response{.status = answer.accepted ? 202u : 409u, .body = toLine(toJson(answer)) + '\n'}, trusted);
    });
}

std::uint64_t Router::findLastSequence() const {
    constexpr std::uint64_t farthest = std::uint64_t{1} << 62;
    std::uint64_t reached = 0; // an entry with this sequence is there (or none is)
    std::uint64_t beyond = 1;  // doubled until no entry has this sequence or a later one
    for (auto found = m_service.journalAfter(0, 1); !found.empty() && beyond < farthest;
         found = m_service.journalAfter(beyond - 1, 1)) {
        reached = found.front().sequence;
        beyond = std::min(farthest, std::max(reached, beyond) * 2);
    }
    while (reached + 1 < beyond) {
        const std::uint64_t middle = reached + (beyond - reached) / 2;
        const auto found = m_service.journalAfter(middle - 1, 1);
        if (found.empty())
            beyond = middle;
        else
            reached = found.front().sequence;
    }
    return reached;
}

} // namespace dyad::control
