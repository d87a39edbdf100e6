// SPDX-License-Identifier: Apache-2.0
// The orders an operator can give: one row each. Path, body, place, role, and the words of the command line all come from
// here, so that a further order is one further row.
#pragma once

#include "control/protocol/access_role.h"
#include "model/view.h"

#include <QByteArray>
#include <QString>

#include <optional>
#include <span>
#include <string>

namespace dyad::control {

enum class OrderSubject { Group, Node, Resource };

// On which of the two nodes an order is carried out, whichever was asked.
enum class OrderPlace {
    Owner,  // where the group is active; where that is not known, or can't be asked, on the node that was asked
    Named,  // on the node that the order names
    Failed, // where the group has failed; on the node that was asked where it failed there, too
    Asked,  // on the node that was asked
};

struct OrderRow {
    model::OrderKind kind;
    OrderSubject subject;
    const char* segment;           // last part of the path that it is POSTed to
    std::optional<bool> on;        // {"on": …} in the body tells two orders on one path apart
    const char* confirmation;      // what must be written out, as {"confirmation": …}; %1 is the subject. nullptr: nothing
    OrderPlace place;
    AccessRole needs;
    bool moves;                    // the group leaves its node: under way until it has settled again
    const char* command;           // the word of the command line
    const char* help;              // of the command line
    const char* effect;            // what will happen, for the preview; %1 is the subject
    bool asks = false;             // a person at a terminal is asked before, as for every one that moves or is confirmed
};

[[nodiscard]] std::span<const OrderRow> orderTable();
[[nodiscard]] const OrderRow& rowOf(model::OrderKind kind);

// Where an order is POSTed, and what.
[[nodiscard]] QString pathOf(const model::Order& order);
[[nodiscard]] QByteArray bodyOf(const model::Order& order);
// "erp", "erp/database", "beta"
[[nodiscard]] std::string subjectOf(const model::Order& order);
// "switchover of erp", "maintenance on of beta"
[[nodiscard]] std::string sentenceOf(const model::Order& order);
// What must be written out before the order is given; empty: nothing.
[[nodiscard]] std::string confirmationOf(const model::Order& order);

} // namespace dyad::control
