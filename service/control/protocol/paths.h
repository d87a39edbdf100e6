// SPDX-License-Identifier: Apache-2.0
// Where things are on the control server, for both sides.
#pragma once

#include "model/view.h"

#include <QByteArray>
#include <QString>
#include <QUrl>

namespace dyad::control::path {

inline constexpr const char* state = "/v1/state";
inline constexpr const char* events = "/v1/events";   // ?after=N, or the header Last-Event-ID: N
inline constexpr const char* journal = "/v1/journal"; // ?after=N&limit=M
inline constexpr const char* metrics = "/metrics";

// Names of server-sent events.
inline constexpr const char* journalEvent = "journal"; // data: one journal entry; id: its sequence
inline constexpr const char* stateEvent = "state";     // data: the whole view; no id
inline constexpr const char* gapEvent = "gap";         // data: {"from", "to"}: entries that the journal no longer has

[[nodiscard]] inline QString segment(const std::string& name) {
    return QString::fromLatin1(QUrl::toPercentEncoding(QString::fromStdString(name)));
}

// Where an order is POSTed.
[[nodiscard]] inline QString of(const model::Order& order) {
    switch (order.kind) {
    case model::OrderKind::Switchover: return QStringLiteral("/v1/groups/%1/switchover").arg(segment(order.group));
    case model::OrderKind::Switchback: return QStringLiteral("/v1/groups/%1/switchback").arg(segment(order.group));
    case model::OrderKind::ClearFailure: return QStringLiteral("/v1/groups/%1/clear-failure").arg(segment(order.group));
    case model::OrderKind::MaintenanceOn:
    case model::OrderKind::MaintenanceOff: return QStringLiteral("/v1/nodes/%1/maintenance").arg(segment(order.node));
    }
    return {};
}

// What is POSTed there.
[[nodiscard]] inline QByteArray bodyOf(const model::Order& order) {
    if (order.kind == model::OrderKind::MaintenanceOn) return "{\"on\":true}";
    if (order.kind == model::OrderKind::MaintenanceOff) return "{\"on\":false}";
    return "{}";
}

} // namespace dyad::control::path
