// SPDX-License-Identifier: Apache-2.0
// One reader of GET /v1/events (server-sent events, HTML standard 9.2). It has no queue of its own: what the reader
// hasn't got yet stays in the journal, and of views only the newest matters.
#pragma once

#include "control/server/bounds.h"
#include "ports/outside.h"

#include <QByteArray>

#include <functional>

namespace dyad::control {

class EventStream {
public:
    struct Sink {
        std::function<std::size_t()> waiting; // bytes given to write() and not yet taken by the reader
        std::function<void(const QByteArray&)> write;
    };

    // Starts with the entries after `after`, and a view.
    EventStream(ports::ServicePort& service, const Bounds& bounds, std::uint64_t after, Sink sink)
        : m_service(service), m_bounds(bounds), m_after(after), m_sink(std::move(sink)) {}

    void entryWritten(const model::JournalEntry& entry);
    void viewChanged() { m_viewDue = true; }
    void keepAlive();
    // Writes what is due as far as the reader has room. Called after each of the above and when room was made.
    // `viewLine` gives the view as one line of JSON; it is shared by all streams.
    void pump(const std::function<QByteArray()>& viewLine);

private:
    [[nodiscard]] bool room() const { return m_sink.waiting() < m_bounds.outputBytes; }
    void write(const model::JournalEntry& entry);

    ports::ServicePort& m_service;
    const Bounds& m_bounds;
    std::uint64_t m_after; // the last entry that was written
    bool m_behind = true;  // the journal holds entries after that one
    bool m_viewDue = true;
    Sink m_sink;
};

} // namespace dyad::control
