// SPDX-License-Identifier: Apache-2.0
// Which alarms a person is told of, and when. Pure: time is an argument.
//
// Think of a colleague who watches the board for you. What is critical he calls out at once; for the rest he waits a
// moment, and what is over by then he keeps to himself. If an alarm comes and goes, he tells you once and then lets it
// settle, each time a little longer, before he speaks of it again; and if it never settles, he reminds you now and then
// that it still doesn't. What gets worse he tells at once. He never repeats what he said last, so an end is told only
// where the beginning was.
#pragma once

#include "alarms/notice.h"
#include "base/time.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dyad::alarms {

inline constexpr Duration noticeHold = 5s;              // of what isn't critical
inline constexpr unsigned changesThatTell = 8;          // as often it may come and go within that moment unheard
inline constexpr Duration firstQuiet = 1min;            // after a notice, for an alarm that doesn't settle;
inline constexpr Duration longestQuiet = 4h;            // four times as long after each
inline constexpr unsigned settleShare = 4;              // an alarm has settled when it stood still for this part of it,
inline constexpr Duration longestSettle = 30min;        // but never later than so,
inline constexpr Duration longestCriticalSettle = 1min; // and what is critical and stands than so
inline constexpr Duration recallGrace = 60s;            // in which a service that was restarted finds its alarms again
inline constexpr std::size_t maxDamped = 1024; // alarms remembered; then the oldest of those that are over goes

class Damper {
public:
    // `change`: what the alarm is now; raised again with other words or another severity is a change, too. Its
    // `changes` is not looked at.
    void note(Instant now, const Notice& change);
    // What an earlier life of the service has told and not called over: what isn't noted again within recallGrace is.
    void recall(Instant now, const std::vector<Notice>& told);

    // What is to be told now, in the order of the alarms' ids. What follows from a lost peer is not told beside it.
    [[nodiscard]] std::vector<Notice> due(Instant now);
    // When due() should be asked again; none: not before the next note().
    [[nodiscard]] std::optional<Instant> next() const;
    // What was told as raised and not as over since: for recall().
    [[nodiscard]] std::vector<Notice> told() const;

private:
    struct Alarm {
        Notice now;
        std::optional<Notice> told;
        Instant changedAt;
        Instant quietUntil;
        Duration quiet{};
        unsigned changes = 0; // since `told`
    };

    [[nodiscard]] std::optional<Instant> dueAt(const Alarm& alarm) const;
    [[nodiscard]] bool follows(const std::string& id) const;
    void forgetOld();

    std::map<std::string, Alarm> m_alarms; // by id
};

} // namespace dyad::alarms
