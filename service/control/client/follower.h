// SPDX-License-Identifier: Apache-2.0
// Follows the events of a node: connects, resumes where it stopped, connects again after a loss, for ever. Each node
// has a journal of its own, so the place to resume from is kept per node; the URLs may belong to both.
#pragma once

#include "control/client/client.h"
#include "control/client/event_parser.h"

#include <map>

namespace dyad::control {

struct FollowerSettings {
    ClientSettings service;
    Duration connect = 3s;  // until the stream's header is there; then the next URL
    Duration silence = 15s; // the server sends a comment every 5 s; nothing at all means the path is dead
    Duration firstRetry = 200ms;
    Duration lastRetry = 2s; // doubles up to this
};

class Follower : public QObject {
    Q_OBJECT
public:
    explicit Follower(FollowerSettings settings, QObject* parent = nullptr);

    // From the entry after `after`; none: from now on. A view comes first of all, or right after the entries due.
    void start(std::optional<std::uint64_t> after);
    void stop();
    [[nodiscard]] const QUrl& current() const { return m_url; }

Q_SIGNALS:
    void connected(const QUrl& url);
    void entryReceived(const dyad::model::JournalEntry& entry);
    void viewReceived(const dyad::model::ClusterView& view);
    void gapReceived(quint64 from, quint64 to);         // entries that the journal no longer has
    void lost(const dyad::control::Failure& failure);   // tried again by itself
    void gaveUp(const dyad::control::Failure& failure); // refused: a further try would end the same way

private:
    void connectNext();
    void readable();
    void ended();
    void tryAgain(const Failure& failure);
    void take(const ServerEvent& event);
    [[nodiscard]] std::optional<std::uint64_t> resumeFrom() const;

    FollowerSettings m_settings;
    PinnedNetwork m_network;
    QNetworkReply* m_reply = nullptr;
    QTimer m_watch; // connect, then silence
    QTimer m_retry;
    Duration m_retryAfter;
    std::size_t m_next = 0;
    QUrl m_url;
    EventParser m_parser;
    bool m_open = false;
    std::optional<std::uint64_t> m_startAfter;
    std::optional<std::uint64_t> m_last;     // of this connection
    std::map<QString, std::string> m_nodeAt; // by URL, once its first view came
    std::map<std::string, std::uint64_t> m_lastOfNode;
};

} // namespace dyad::control
