// SPDX-License-Identifier: Apache-2.0
// Server-sent events (HTML standard 9.2.6) from a byte stream that arrives in pieces. Pure.
#pragma once

#include <QByteArray>

#include <optional>
#include <vector>

namespace dyad::control {

struct ServerEvent {
    QByteArray name; // "journal", "state"
    QByteArray data;
    QByteArray id; // empty: the event has none
};

inline constexpr qsizetype maxEventBytes = 4 * 1024 * 1024;

class EventParser {
public:
    // The events completed by `bytes`. Comments are passed over. None: an event is longer than maxEventBytes.
    [[nodiscard]] std::optional<std::vector<ServerEvent>> feed(const QByteArray& bytes) {
        std::vector<ServerEvent> events;
        m_waiting += bytes;
        qsizetype start = 0;
        for (qsizetype end = m_waiting.indexOf('\n', m_scanned); end >= 0; end = m_waiting.indexOf('\n', start)) {
            QByteArray line = m_waiting.mid(start, end - start);
            start = end + 1;
            if (line.endsWith('\r')) line.chop(1);
            if (line.isEmpty()) {
                if (!m_event.data.isEmpty()) events.push_back(m_event);
                m_event = {};
            } else {
                field(line);
            }
        }
        m_waiting.remove(0, start);
        m_scanned = m_waiting.size();
        if (m_waiting.size() + m_event.data.size() > maxEventBytes) return std::nullopt;
        return events;
    }

private:
    void field(const QByteArray& line) {
        const qsizetype colon = line.indexOf(':');
        const QByteArray name = colon < 0 ? line : line.left(colon);
        QByteArray value = colon < 0 ? QByteArray() : line.mid(colon + 1);
        if (value.startsWith(' ')) value.remove(0, 1);
        if (name == "event")
            m_event.name = value;
        else if (name == "id")
            m_event.id = value;
        else if (name == "data")
            m_event.data += (m_event.data.isEmpty() ? QByteArray() : QByteArray("\n")) + value;
    }

    QByteArray m_waiting;
    qsizetype m_scanned = 0; // no line end before this
    ServerEvent m_event;
};

} // namespace dyad::control
