// SPDX-License-Identifier: Apache-2.0
// What a person is told of an alarm: that it was raised, or that it is over.
#pragma once

#include "base/result.h"
#include "model/names.h"

#include <QByteArray>

#include <cstdint>
#include <string>

namespace dyad::alarms {

inline constexpr qint64 maxNoticeBytes = 64 * 1024; // as JSON; a longer one is not read

struct Notice {
    bool raised = true; // false: over
    std::string alarm;  // its id
    model::Severity severity = model::Severity::Warning;
    std::string text;
    std::string remedy;
    std::int64_t wallClockMs = 0; // of the change that it tells
    unsigned changes = 1;         // since the notice before, this one included: more than 1 where it came and went
    std::string cluster;          // whose
    std::string node;             // who says it

    bool operator==(const Notice&) const = default;
};

// "[erp-pair/alpha] CRITICAL: peer.lost", "[erp-pair/alpha] over: peer.lost"
[[nodiscard]] std::string headlineOf(const Notice& notice);
// Some lines, for people.
[[nodiscard]] std::string bodyOf(const Notice& notice);
// One object in one line: event ("raised" or "cleared"), alarm, severity, text, remedy, wall_ms, changes, cluster,
// node.
[[nodiscard]] QByteArray toJson(const Notice& notice);
[[nodiscard]] Result<Notice> noticeFromJson(const QByteArray& json);
// Error: what couldn't be read, or that it is no notice.
[[nodiscard]] Result<Notice> readNotice(const std::string& file);

} // namespace dyad::alarms
