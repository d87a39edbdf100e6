// SPDX-License-Identifier: Apache-2.0
#include "control/server/order_memory.h"

namespace dyad::control {

OrderMemory::Found OrderMemory::look(const std::string& who, const QByteArray& key, const QByteArray& digest,
                                     Instant now, const Answered& answered) {
    const Name name{who, key};
    auto known = m_rows.find(name);
    if (known != m_rows.end() && known->second.done && now - known->second.at > kept) {
        m_rows.erase(known);
        known = m_rows.end();
    }
    if (known == m_rows.end()) {
        if (!makeRoom(now)) return Found::Full;
        m_rows.emplace(name, Row{digest, now, false, {}, {}});
        return Found::New;
    }
    Row& row = known->second;
    if (row.digest != digest) return Found::Other;
    if (row.done) {
        answered(Response(row.response)); // a copy: the row may go while it is being answered
        return Found::Known;
    }
    if (row.waiting.size() == maxWaiting) return Found::Full;
    row.waiting.push_back(answered);
    return Found::Waiting;
}

void OrderMemory::remember(const std::string& who, const QByteArray& key, const Response& response, Instant now) {
    const auto known = m_rows.find({who, key});
    if (known == m_rows.end() || known->second.done) return;
    known->second.done = true;
    known->second.response = response;
    known->second.at = now;
    for (const Answered& each : std::exchange(known->second.waiting, {}))
        each(response);
}

// The oldest answered one gives way; one that still waits for its answer never does.
bool OrderMemory::makeRoom(Instant now) {
    std::erase_if(m_rows, [&](const auto& each) { return each.second.done && now - each.second.at > kept; });
    if (m_rows.size() < maxRemembered) return true;
    auto oldest = m_rows.end();
    for (auto each = m_rows.begin(); each != m_rows.end(); ++each)
        if (each->second.done && (oldest == m_rows.end() || each->second.at < oldest->second.at)) oldest = each;
    if (oldest == m_rows.end()) return false;
    m_rows.erase(oldest);
    return true;
}

} // namespace dyad::control
