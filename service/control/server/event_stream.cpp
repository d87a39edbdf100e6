// SPDX-License-Identifier: Apache-2.0
#include "control/server/event_stream.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"
#include "control/protocol/paths.h"

namespace dyad::control {

void EventStream::entryWritten(const model::JournalEntry& entry) {
    // The usual case: the reader has everything else, and needn't go through the journal.
    if (!m_behind && entry.sequence == m_after + 1 && room()) return write(entry);
    m_behind = true;
}

void EventStream::keepAlive() {
    if (room()) m_sink.write(": keep-alive\n\n");
}

void EventStream::pump(const std::function<QByteArray()>& viewLine) {
    while (m_behind && room()) {
        const auto entries = m_service.journalAfter(m_after, m_bounds.streamBatch);
        for (const model::JournalEntry& entry : entries)
            write(entry);
        m_behind = entries.size() == m_bounds.streamBatch;
    }
    if (m_viewDue && room()) {
        m_viewDue = false;
        m_sink.write(QByteArray("event: ") + path::stateEvent + "\ndata: " + viewLine() + "\n\n");
    }
}

void EventStream::write(const model::JournalEntry& entry) {
    if (entry.sequence > m_after + 1) {
        const QJsonObject gap{{"from", static_cast<qint64>(m_after + 1)},
                              {"to", static_cast<qint64>(entry.sequence - 1)}};
        m_sink.write(QByteArray("event: ") + path::gapEvent + "\ndata: " + toLine(gap) + "\n\n");
    }
    m_after = entry.sequence;
    m_sink.write("id: " + QByteArray::number(static_cast<qulonglong>(entry.sequence)) +
                 "\nevent: " + path::journalEvent + "\ndata: " + toLine(toJson(entry)) + "\n\n");
}

} // namespace dyad::control
