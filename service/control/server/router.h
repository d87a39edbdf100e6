// SPDX-License-Identifier: Apache-2.0
// From a request to its answer: which path, which method, which token, then what the service says. No socket here.
#pragma once

#include "control/server/bounds.h"
#include "control/server/counters.h"
#include "control/server/http.h"
#include "control/server/tokens.h"
#include "ports/outside.h"

#include <functional>

namespace dyad::control {

class Router {
public:
    using Answered = std::function<void(Response, bool trusted)>; // trusted: a good token was shown

    Router(ports::ServicePort& service, const Bounds& bounds, Counters& counters)
        : m_service(service), m_bounds(bounds), m_counters(counters), m_lastSequence(findLastSequence()) {}

    void setTokens(TokenTable tokens) { m_tokens = std::move(tokens); }

    // `answered` is called once, from within the call except for orders: there when the service has answered.
    void handle(const Request& request, Answered answered);

    // The newest entry of the journal; 0: none.
    [[nodiscard]] std::uint64_t lastSequence() const { return m_lastSequence; }
    void entryWritten(std::uint64_t sequence) { m_lastSequence = sequence; }

private:
    struct Call;
    struct Route;
    [[nodiscard]] static const std::vector<Route>& routes();
    // The port has no such question, so the journal's end is found by halving, once.
    [[nodiscard]] std::uint64_t findLastSequence() const;
    void dispatch(const Route& route, Call& call);

    void state(Call& call);
    void events(Call& call);
    void journal(Call& call);
    void groupActive(Call& call);
    void groupOrder(Call& call, model::OrderKind kind);
    void maintenance(Call& call);
    void metrics(Call& call);
    void give(Call& call, model::Order order);

    ports::ServicePort& m_service;
    const Bounds& m_bounds;
    Counters& m_counters;
    TokenTable m_tokens;
    std::uint64_t m_lastSequence;
};

// An answer that says what was wrong, as {"error": …}.
[[nodiscard]] Response errorResponse(unsigned status, const Error& error);

} // namespace dyad::control
