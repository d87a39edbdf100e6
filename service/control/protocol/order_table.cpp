// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/order_table.h"

#include "base/check.h"
#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"
#include "control/protocol/paths.h"

#include <array>

namespace dyad::control {
namespace {

using Kind = model::OrderKind;
using Subject = OrderSubject;
using Place = OrderPlace;

constexpr std::array table{
    OrderRow{.kind = Kind::Switchover,
             .subject = Subject::Group,
             .segment = "switchover",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Owner,
             .needs = AccessRole::Operator,
             .moves = true,
             .command = "switchover",
             .help = "Move a group to the other node, in order",
             .effect = "%1 is stopped where it runs and started on the other node; clients are cut off meanwhile"},
    OrderRow{.kind = Kind::Switchback,
             .subject = Subject::Group,
             .segment = "switchback",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Owner,
             .needs = AccessRole::Operator,
             .moves = true,
             .command = "switchback",
             .help = "Move a group back to its preferred node, in order",
             .effect = "%1 is stopped where it runs and started on its preferred node; clients are cut off meanwhile"},
    OrderRow{.kind = Kind::MaintenanceOn,
             .subject = Subject::Node,
             .segment = "maintenance",
             .on = true,
             .confirmation = nullptr,
             .place = Place::Named,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "maintenance",
             .help = "Take a node out of takeovers, or back in",
             .effect = "%1 takes no group over any more; what runs there stays. Until it ends, the other node has no "
                       "standby"},
    OrderRow{.kind = Kind::MaintenanceOff,
             .subject = Subject::Node,
             .segment = "maintenance",
             .on = false,
             .confirmation = nullptr,
             .place = Place::Named,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "maintenance",
             .help = "Take a node out of takeovers, or back in",
             .effect = "%1 stands by again"},
    OrderRow{.kind = Kind::ClearFailure,
             .subject = Subject::Group,
             .segment = "clear-failure",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Failed,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "clear-failure",
             .help = "Forget a group's failure after the repair, so that it may run again",
             .effect = "the failure of %1 is forgotten; it may be started there at once where it runs nowhere"},
    OrderRow{.kind = Kind::Freeze,
             .subject = Subject::Group,
             .segment = "freeze",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Asked,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "freeze",
             .help = "Leave a group as it is: nothing is started, stopped, restarted or taken over until `unfreeze`",
             .effect = "%1 is left as it is on both nodes; should its node die, nobody takes it over"},
    OrderRow{.kind = Kind::Unfreeze,
             .subject = Subject::Group,
             .segment = "unfreeze",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Asked,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "unfreeze",
             .help = "Look after a frozen group again",
             .effect = "%1 is looked after again: what has failed meanwhile is restarted"},
    OrderRow{.kind = Kind::Disable,
             .subject = Subject::Group,
             .segment = "disable",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Asked,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "disable",
             .help = "Stop a group in order, and keep it stopped; its configuration stays",
             .effect = "%1 is stopped where it runs and stays stopped until it is enabled; clients are cut off",
             .asks = true},
    OrderRow{.kind = Kind::Enable,
             .subject = Subject::Group,
             .segment = "enable",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Asked,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "enable",
             .help = "Let a disabled group run again",
             .effect = "%1 is started on the node whose turn it is"},
    OrderRow{.kind = Kind::RestartResource,
             .subject = Subject::Resource,
             .segment = "restart",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Owner,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "restart",
             .help = "Stop and start one resource, and what stands on it, where the group runs",
             .effect = "%1 and what stands on it is stopped in order and started again on the same node",
             .asks = true},
    OrderRow{.kind = Kind::StartAlone,
             .subject = Subject::Group,
             .segment = "start-alone",
             .on = {},
             .confirmation = "start %1 alone",
             .place = Place::Asked,
             .needs = AccessRole::Operator,
             .moves = false,
             .command = "start-alone",
             .help = "Start a group on this node without waiting for the other one, which stays away",
             .effect = "%1 is claimed here without waiting for the other node; without a LUN nothing keeps it from running "
                       "there, too"},
    OrderRow{.kind = Kind::ReleaseClaim,
             .subject = Subject::Group,
             .segment = "release-claim",
             .on = {},
             .confirmation = nullptr,
             .place = Place::Asked,
             .needs = AccessRole::Admin,
             .moves = false,
             .command = "release-claim",
             .help = "Remove the key of a stranger that holds a LUN of the group; --key names it",
             .effect = "whoever holds a LUN of %1 with that key can't write to it any more, and the group is claimed",
             .asks = true},
};

std::string filled(const char* text, const std::string& subject) {
    return QString::fromUtf8(text).replace(QLatin1String("%1"), QString::fromStdString(subject)).toStdString();
}

} // namespace

const char* toText(AccessRole role) {
    switch (role) {
    case AccessRole::None: return "none";
    case AccessRole::Viewer: return "viewer";
    case AccessRole::Operator: return "operator";
    case AccessRole::Admin: return "admin";
    }
    return "?";
}

std::span<const OrderRow> orderTable() { return table; }

const OrderRow& rowOf(model::OrderKind kind) {
    for (const OrderRow& row : table)
        if (row.kind == kind) return row;
    DYAD_CHECK(false, "every kind of order has a row in the order table");
    return table.front();
}

QString pathOf(const model::Order& order) {
    const OrderRow& row = rowOf(order.kind);
    const QString segment = QString::fromLatin1(row.segment);
    switch (row.subject) {
    case Subject::Group: return QStringLiteral("/v1/groups/%1/").arg(path::segment(order.group)) + segment;
    case Subject::Node: return QStringLiteral("/v1/nodes/%1/").arg(path::segment(order.node)) + segment;
    case Subject::Resource:
        return QStringLiteral("/v1/groups/%1/resources/%2/")
                   .arg(path::segment(order.group), path::segment(order.resource)) +
               segment;
    }
    return {};
}

QByteArray bodyOf(const model::Order& order) {
    const OrderRow& row = rowOf(order.kind);
    QJsonObject body;
    if (row.on) body["on"] = *row.on;
    if (!order.key.empty()) body["key"] = QString::fromStdString(order.key);
    if (row.confirmation) body["confirmation"] = QString::fromStdString(confirmationOf(order));
    return toLine(body);
}

std::string subjectOf(const model::Order& order) {
    switch (rowOf(order.kind).subject) {
    case Subject::Group: return order.group;
    case Subject::Node: return order.node;
    case Subject::Resource: return order.group + "/" + order.resource;
    }
    return {};
}

std::string sentenceOf(const model::Order& order) { return std::string(toText(order.kind)) + " of " + subjectOf(order); }

std::string confirmationOf(const model::Order& order) {
    const OrderRow& row = rowOf(order.kind);
    return row.confirmation ? filled(row.confirmation, subjectOf(order)) : std::string();
}

} // namespace dyad::control
