// SPDX-License-Identifier: Apache-2.0
// Where things are on the control server, for both sides.
#pragma once

#include <QString>
#include <QUrl>

#include <string>

namespace dyad::control::path {

inline constexpr const char* state = "/v1/state";
inline constexpr const char* events = "/v1/events";   // ?after=N, or the header Last-Event-ID: N
inline constexpr const char* journal = "/v1/journal"; // ?after=N&limit=M
inline constexpr const char* metrics = "/metrics";
inline constexpr const char* alarms = "/v1/alarms";
inline constexpr const char* alarmChannels = "/v1/alarms/channels";
inline constexpr const char* alarmTest = "/v1/alarms/test";
inline constexpr const char* ordersUnderWay = "/v1/orders";
inline constexpr const char* preview = "/v1/orders/preview"; // ?kind=switchover&group=erp&node=&resource=
inline constexpr const char* recorder = "/v1/recorder";
inline constexpr const char* version = "/v1/version";

// Names of server-sent events.
inline constexpr const char* journalEvent = "journal"; // data: one journal entry; id: its sequence
inline constexpr const char* stateEvent = "state";     // data: the whole view; no id
inline constexpr const char* gapEvent = "gap";         // data: {"from", "to"}: entries that the journal no longer has

[[nodiscard]] inline QString segment(const std::string& name) {
    return QString::fromLatin1(QUrl::toPercentEncoding(QString::fromStdString(name)));
}

} // namespace dyad::control::path
