// SPDX-License-Identifier: Apache-2.0
#include "control/server/router.h"

#include <QCryptographicHash>
#include <QUrl>

#include <algorithm>
#include <set>

namespace dyad::control {
namespace {

std::optional<std::vector<std::string>> match(const std::string& pattern, const QStringList& segments) {
    const QStringList wanted = QString::fromStdString(pattern).split(QLatin1Char('/'));
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

QStringList segmentsOf(const Request& request) {
    return QUrl::fromEncoded(request.target, QUrl::StrictMode).path(QUrl::FullyEncoded).split(QLatin1Char('/'));
}

QByteArray methodOf(const Request& request) { return request.method == "HEAD" ? QByteArray("GET") : request.method; }

std::string listOfPaths(const Routes& routes) {
    std::set<std::string> paths;
    for (const Route& route : routes)
        paths.insert(QString::fromStdString(route.pattern).replace(QLatin1Char('*'), QLatin1String("NAME")).toStdString());
    std::string text = "The paths are";
    for (const std::string& each : paths)
        text += (text.back() == 's' ? " " : ", ") + each;
    return text;
}

// `Bearer TOKEN` (RFC 6750, 2.1); the scheme's case doesn't matter.
std::optional<QByteArray> bearer(const QByteArray& authorization) {
    const QByteArray scheme = "bearer ";
    if (authorization.left(scheme.size()).toLower() != scheme) return std::nullopt;
    return authorization.mid(scheme.size()).trimmed();
}

std::string decoded(const QByteArray& field) {
    constexpr qsizetype longest = 256; // a name, a role, an address
    return QUrl::fromPercentEncoding(field.left(longest)).toStdString();
}

} // namespace

void Router::add(Routes routes) {
    for (Route& route : routes)
        m_routes.push_back(std::move(route));
}

void Router::setPeerToken(const QByteArray& token, std::string peerName) {
    m_peerToken = token.isEmpty()
                      ? TokenTable()
                      : TokenTable({{std::move(peerName), AccessRole::Admin,
                                     QCryptographicHash::hash(token, QCryptographicHash::Sha256)}});
}

bool Router::knows(const QByteArray& tokenDigest) const {
    const auto in = [&](const TokenTable& table) {
        return std::any_of(table.tokens().begin(), table.tokens().end(),
                           [&](const Token& token) { return token.digest == tokenDigest; });
    };
    return in(m_tokens) || in(m_peerToken);
}

std::optional<Router::Shown> Router::shown(const Request& request) const {
    const std::optional<QByteArray> presented = bearer(request.authorization);
    if (!presented) return std::nullopt;
    if (const auto token = m_tokens.find(*presented)) return Shown{*token, false};
    if (const auto token = m_peerToken.find(*presented)) return Shown{*token, true};
    return std::nullopt;
}

Caller Router::callerOf(const Shown& shown, const Request& request, const QHostAddress& from) {
    Caller caller{.name = shown.token.name, .role = shown.token.role, .address = from.toString().toStdString()};
    if (!shown.peer) return caller;
    caller.node = shown.token.name;
    if (request.operatorName.isEmpty()) return caller;
    // The peer speaks for an operator: with his rights, not with its own.
    caller.name = decoded(request.operatorName);
    caller.role = roleNamed(decoded(request.operatorRole)).value_or(AccessRole::None);
    caller.address = decoded(request.operatorAddress);
    return caller;
}

std::size_t Router::bodyLimit(const Request& head) const {
    const QStringList segments = segmentsOf(head);
    for (const Route& route : m_routes) {
        if (route.bodyBytes == 0 || methodOf(head) != route.method || !match(route.pattern, segments)) continue;
        const auto token = shown(head);
        if (token && callerOf(*token, head, {}).role >= route.needs)
            return std::min(route.bodyBytes, m_bounds.largestBodyBytes);
    }
    return m_bounds.bodyBytes;
}

void Router::handle(const Request& request, const QHostAddress& from, Answered answered) {
    ++m_counters.requests;
    Call call{.request = request, .names = {}, .query = {}, .caller = {}, .answered = {}};
    call.query = QUrlQuery(QUrl::fromEncoded(request.target, QUrl::StrictMode));
    const QStringList segments = segmentsOf(request);
    const QByteArray method = methodOf(request);
    QByteArrayList allowed;
    for (const Route& route : m_routes) {
        auto names = match(route.pattern, segments);
        if (!names) continue;
        if (method == route.method) {
            call.names = std::move(*names);
            return dispatch(route, std::move(call), from, answered);
        }
        const QByteArray word = route.method == QByteArray("GET") ? QByteArray("GET, HEAD") : QByteArray(route.method);
        if (!allowed.contains(word)) allowed.append(word);
    }
    if (allowed.isEmpty())
        return answered(
            errorResponse(404, {"find", call.pathText(), "there is no such path", listOfPaths(m_routes)}), {});
    Response response =
        errorResponse(405, {request.method.left(32).toStdString(), call.pathText(), "this method isn't allowed here",
                            "Use " + allowed.join(", ").toStdString()});
    response.fields.emplace_back("Allow", allowed.join(", "));
    answered(std::move(response), {});
}

void Router::dispatch(const Route& route, Call call, const QHostAddress& from, const Answered& answered) {
    const std::optional<Shown> token = shown(call.request);
    call.answered = [answered, digest = token ? token->token.digest : QByteArray()](Response response) {
        answered(std::move(response), digest);
    };
    if (token) call.caller = callerOf(*token, call.request, from);
    if (route.needs == AccessRole::None) return route.run(call);
    if (!token) return answered(wrongToken(call, from, !call.request.authorization.isEmpty()), {});
    if (call.caller.role < route.needs) {
        ++m_counters.refusedTokens;
        return call.refuse(403, {call.request.method.toStdString(), call.pathText(),
                                 "the token \"" + call.caller.name + "\" has the role " + toText(call.caller.role) +
                                     ", this needs " + toText(route.needs),
                                 std::string("Use a token of the role ") + toText(route.needs)});
    }
    route.run(call);
}

// A good token is never made to wait, also where a wrong one came from the same address: tokens are random and long, so
// what is limited is the work that wrong ones make, not the number of guesses. Each answer beyond the budget ends its
// connection, and new ones cost a handshake, which has a budget of its own (Server::accept).
Response Router::wrongToken(const Call& call, const QHostAddress& from, bool presented) {
    ++m_counters.refusedTokens;
    const Instant now = m_now();
    if (presented && !m_wrongTokens.take(from, now)) {
        if (onTooManyWrongTokens) onTooManyWrongTokens(from.toString().toStdString());
        ++m_counters.limited;
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(m_wrongTokens.wait(from, now)).count();
        Response response = errorResponse(429, {call.request.method.toStdString(), call.pathText(),
                                                "too many wrong tokens came from " + from.toString().toStdString(),
                                                "Wait " + std::to_string(seconds) +
                                                    " s before another guess; a good token is taken at once"});
        response.fields.emplace_back("Retry-After", QByteArray::number(static_cast<qint64>(seconds)));
        response.close = true;
        return response;
    }
    Response response = errorResponse(
        401, {call.request.method.toStdString(), call.pathText(),
              presented ? "the token isn't known here" : "no token was shown",
              "Send the header \"Authorization: Bearer TOKEN\" with a token whose SHA-256 stands in the service's tokens "
              "file (`dyad` reads it from --token-file; `dyad token add` makes one)"});
    response.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"dyad\"");
    return response;
}

} // namespace dyad::control
