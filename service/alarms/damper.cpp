// SPDX-License-Identifier: Apache-2.0
#include "alarms/damper.h"

#include <algorithm>

namespace dyad::alarms {

namespace {

constexpr const char* root = "peer.lost";
constexpr const char* followers[] = {"link.lost:", "link.one-way:", "peer.service"};

} // namespace

void Damper::note(Instant now, const Notice& change) {
    const auto [place, isNew] = m_alarms.try_emplace(change.alarm);
    Alarm& alarm = place->second;
    if (!isNew && now - alarm.changedAt > longestQuiet) { // a new story
        alarm.quiet = {};
        alarm.changes = 0;
    }
    const bool worse = alarm.told && alarm.told->raised && change.raised && change.severity > alarm.told->severity;
    alarm.now = change;
    alarm.changedAt = now;
    if (worse) {
        alarm.quiet = {};
        alarm.quietUntil = now;
    }
    ++alarm.changes;
    forgetOld();
}

void Damper::recall(Instant now, const std::vector<Notice>& told) {
    for (const Notice& each : told) {
        Alarm alarm{.now = each, .told = each, .changedAt = now + recallGrace, .quietUntil = now};
        alarm.now.raised = false;
        alarm.changes = 1;
        m_alarms.insert_or_assign(each.alarm, std::move(alarm));
    }
}

bool Damper::follows(const std::string& id) const {
    const auto peer = m_alarms.find(root);
    if (peer == m_alarms.end() || !peer->second.now.raised) return false;
    return std::any_of(std::begin(followers), std::end(followers),
                       [&](const char* each) { return id.starts_with(each); });
}

std::optional<Instant> Damper::dueAt(const Alarm& alarm) const {
    const bool asTold = alarm.told ? alarm.told->raised == alarm.now.raised &&
                                         (!alarm.now.raised || alarm.told->severity >= alarm.now.severity)
                                   : !alarm.now.raised;
    if (asTold || (alarm.now.raised && follows(alarm.now.alarm))) return {};
    const bool critical = alarm.now.raised && alarm.now.severity == model::Severity::Critical;
    const Duration hold = critical || alarm.changes >= changesThatTell ? Duration(0) : noticeHold;
    const Duration settle =
        std::max(hold, std::min(alarm.quiet / settleShare, critical ? longestCriticalSettle : longestSettle));
    return std::min(alarm.changedAt + settle, std::max(alarm.quietUntil, alarm.changedAt + hold));
}

std::vector<Notice> Damper::due(Instant now) {
    std::vector<Notice> notices;
    for (auto& [id, alarm] : m_alarms) {
        const auto at = dueAt(alarm);
        if (!at || *at > now) continue;
        Notice notice = alarm.now;
        // Whoever was told of the beginning is told of the end, also where it was less by then.
        if (!notice.raised) notice.severity = alarm.told->severity;
        notice.changes = alarm.changes;
        alarm.quiet = alarm.quiet == Duration(0) ? firstQuiet : std::min(alarm.quiet * 4, longestQuiet);
        alarm.quietUntil = now + alarm.quiet;
        alarm.changes = 0;
        alarm.told = notice;
        notices.push_back(std::move(notice));
    }
    return notices;
}

std::optional<Instant> Damper::next() const {
    std::optional<Instant> first;
    for (const auto& [id, alarm] : m_alarms)
        if (const auto at = dueAt(alarm); at && (!first || *at < *first)) first = at;
    return first;
}

std::vector<Notice> Damper::told() const {
    std::vector<Notice> notices;
    for (const auto& [id, alarm] : m_alarms)
        if (alarm.told && alarm.told->raised) notices.push_back(*alarm.told);
    return notices;
}

void Damper::forgetOld() {
    if (m_alarms.size() <= maxDamped) return;
    auto oldest = m_alarms.end();
    for (auto each = m_alarms.begin(); each != m_alarms.end(); ++each)
        if (!each->second.now.raised && (oldest == m_alarms.end() || each->second.changedAt < oldest->second.changedAt))
            oldest = each;
    if (oldest == m_alarms.end()) oldest = m_alarms.begin(); // all of them stand: somebody invents ids without end
    m_alarms.erase(oldest);
}

} // namespace dyad::alarms
