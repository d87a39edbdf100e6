// SPDX-License-Identifier: Apache-2.0
// What a path of the control server is made of. An area of the outside surface is a function that gives its routes
// (control/server/routes/); Server::addRoutes() puts them into the one table.
#pragma once

#include "control/protocol/access_role.h"
#include "control/protocol/json.h"
#include "control/server/http.h"

#include <QJsonObject>
#include <QUrlQuery>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dyad::control {

// Who asks. An order that the peer passes on names the operator who gave it there, with his role and his address.
struct Caller {
    std::string name; // of the token; of the node, where the peer asks for itself
    AccessRole role = AccessRole::None;
    std::string address; // numeric; of the operator
    std::string node;    // the peer that asks or passes on; empty: an operator speaks to this node himself
};

// One request on its way to its answer. A copy may be kept to answer later; the connection may be gone by then, and the
// answer is dropped.
struct Call {
    Request request;
    std::vector<std::string> names; // what stood in the place of each * of the route
    QUrlQuery query;
    Caller caller;
    std::function<void(Response)> answered;

    void answer(Response response) const { answered(std::move(response)); }
    void answer(const QJsonObject& object, unsigned status = 200) const;
    void refuse(unsigned status, const Error& error) const;

    // The number in a query field; `fallback` where it is absent; none where it is no number.
    [[nodiscard]] std::optional<std::uint64_t> number(const char* field, std::uint64_t fallback) const;
    [[nodiscard]] std::string text(const char* field) const; // of a query field, decoded
    [[nodiscard]] std::string pathText() const;              // for errors
};

struct Route {
    const char* method;
    std::string pattern; // * is one segment
    AccessRole needs = AccessRole::Admin;
    // `answered` is called once, from within the call or later.
    std::function<void(const Call&)> run;
    // The longest body; 0: Bounds::bodyBytes. At most Bounds::largestBodyBytes, and only for a caller who may use the route.
    std::size_t bodyBytes = 0;
};

using Routes = std::vector<Route>;

// An answer that says what was wrong, as {"error": …}.
[[nodiscard]] Response errorResponse(unsigned status, const Error& error);
[[nodiscard]] Response jsonResponse(const QJsonObject& object, unsigned status = 200);

} // namespace dyad::control
