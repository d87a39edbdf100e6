// SPDX-License-Identifier: Apache-2.0
// From a request to its answer: which path, which method, which token; then the route answers. No socket here.
#pragma once

#include "control/server/address_budget.h"
#include "control/server/bounds.h"
#include "control/server/counters.h"
#include "control/server/route.h"
#include "control/server/tokens.h"

#include <QHostAddress>

#include <functional>

namespace dyad::control {

class Router {
public:
    // `token`: digest of the good token that was shown; empty: none was.
    using Answered = std::function<void(Response, const QByteArray& token)>;
    using Now = std::function<Instant()>;

    Router(const Bounds& bounds, Counters& counters, Now now)
        : m_bounds(bounds), m_counters(counters), m_now(std::move(now)),
          m_wrongTokens(bounds.wrongTokenBurst, bounds.wrongTokenRefill) {}

    void add(Routes routes);
    [[nodiscard]] const Routes& routes() const { return m_routes; }
    void setTokens(TokenTable tokens) { m_tokens = std::move(tokens); }
    // The token that the peer's service shows, and the peer's name.
    void setPeerToken(const QByteArray& token, std::string peerName);
    // Called for the first of a series of wrong tokens that goes beyond the budget of its address.
    std::function<void(const std::string& address)> onTooManyWrongTokens;

    void handle(const Request& request, const QHostAddress& from, Answered answered);
    // How long the body of this request may be; only a caller who may use the route gets more than the usual.
    [[nodiscard]] std::size_t bodyLimit(const Request& head) const;
    // The token with this digest may still be used.
    [[nodiscard]] bool knows(const QByteArray& tokenDigest) const;

private:
    struct Shown {
        Token token;
        bool peer = false;
    };
    [[nodiscard]] std::optional<Shown> shown(const Request& request) const;
    [[nodiscard]] static Caller callerOf(const Shown& shown, const Request& request, const QHostAddress& from);
    [[nodiscard]] Response wrongToken(const Call& call, const QHostAddress& from, bool presented);
    void dispatch(const Route& route, Call call, const QHostAddress& from, const Answered& answered);

    const Bounds& m_bounds;
    Counters& m_counters;
    Now m_now;
    Routes m_routes;
    TokenTable m_tokens;
    TokenTable m_peerToken; // one at most
    AddressBudget m_wrongTokens;
};

} // namespace dyad::control
