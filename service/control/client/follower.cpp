// SPDX-License-Identifier: Apache-2.0
#include "control/client/follower.h"

#include "control/protocol/object_reader.h"
#include "control/protocol/paths.h"

#include <algorithm>

namespace dyad::control {
Follower::Follower(FollowerSettings settings, QObject* parent)
    : QObject(parent), m_settings(std::move(settings)), m_network(m_settings.service.pin, m_settings.service.token),
      m_retryAfter(m_settings.firstRetry) {
    m_watch.setSingleShot(true);
    m_retry.setSingleShot(true);
    connect(&m_watch, &QTimer::timeout, this, [this] {
        const QString what =
            m_open ? QStringLiteral("nothing has come for a while") : QStringLiteral("no answer in time");
        tryAgain(unreachable(m_url, what));
    });
    connect(&m_retry, &QTimer::timeout, this, &Follower::connectNext);
}

void Follower::start(std::optional<std::uint64_t> after) {
    m_startAfter = after;
    m_next = 0;
    m_retry.start(0);
}

void Follower::stop() {
    m_watch.stop();
    m_retry.stop();
    if (!m_reply) return;
    m_reply->disconnect(this);
    m_reply->abort();
    m_reply->deleteLater();
    m_reply = nullptr;
}

std::optional<std::uint64_t> Follower::resumeFrom() const {
    const auto node = m_nodeAt.find(m_url.toString());
    if (node == m_nodeAt.end()) return m_startAfter;
    const auto last = m_lastOfNode.find(node->second);
    return last == m_lastOfNode.end() ? m_startAfter : std::optional(last->second);
}

void Follower::connectNext() {
    const std::vector<QUrl>& urls = m_settings.service.urls;
    if (urls.empty()) {
        Q_EMIT gaveUp(unreachable({}, QStringLiteral("no address is known")));
        return;
    }
    m_url = urls[m_next % urls.size()];
    m_parser = {};
    m_open = false;
    m_last = resumeFrom();
    QUrl url(m_url);
    url.setPath(QString::fromLatin1(path::events));
    QByteArray lastEventId;
    if (m_last) lastEventId = QByteArray::number(static_cast<qulonglong>(*m_last));
    m_reply = m_network.get(url, "text/event-stream", lastEventId);
    m_watch.start(wholeMilliseconds(m_settings.connect));
    connect(m_reply, &QNetworkReply::readyRead, this, &Follower::readable);
    connect(m_reply, &QNetworkReply::finished, this, &Follower::ended);
}

void Follower::readable() {
    if (m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt() != 200) return; // ended() reads why
    m_watch.start(wholeMilliseconds(m_settings.silence));
    if (!m_open) {
        m_open = true;
        m_retryAfter = m_settings.firstRetry;
        Q_EMIT connected(m_url);
    }
    const std::optional<std::vector<ServerEvent>> events = m_parser.feed(m_reply->readAll());
    if (!events)
        return tryAgain({Failure::Kind::Unreadable,
                         Error{"follow the events of", m_url.toString().toStdString(),
                               "an event is longer than " + std::to_string(maxEventBytes) + " bytes", ""}});
    for (const ServerEvent& event : *events) {
        if (!m_reply) return; // stopped by who listens
        take(event);
    }
}

void Follower::take(const ServerEvent& event) {
    const Result<QJsonObject> object = objectFromBytes(event.data, "an event");
    if (!object) return tryAgain({Failure::Kind::Unreadable, object.error()});
    if (event.name == path::stateEvent) {
        const Result<model::ClusterView> view = viewFromJson(object.value());
        if (!view) return tryAgain({Failure::Kind::Unreadable, view.error()});
        m_nodeAt[m_url.toString()] = view.value().node;
        if (m_last) m_lastOfNode[view.value().node] = *m_last;
        Q_EMIT viewReceived(view.value());
    } else if (event.name == path::journalEvent) {
        const Result<model::JournalEntry> entry = journalEntryFromJson(object.value());
        if (!entry) return tryAgain({Failure::Kind::Unreadable, entry.error()});
        m_last = entry.value().sequence;
        const auto node = m_nodeAt.find(m_url.toString());
        if (node != m_nodeAt.end()) m_lastOfNode[node->second] = *m_last;
        Q_EMIT entryReceived(entry.value());
    } else if (event.name == path::gapEvent) {
        Q_EMIT gapReceived(static_cast<quint64>(object.value()[QStringLiteral("from")].toInteger()),
                           static_cast<quint64>(object.value()[QStringLiteral("to")].toInteger()));
    }
}

void Follower::ended() {
    const std::optional<Failure> failure = PinnedNetwork::failureOf(m_reply);
    if (failure && failure->kind == Failure::Kind::Refused) {
        stop();
        Q_EMIT gaveUp(*failure);
        return;
    }
    tryAgain(failure.value_or(unreachable(m_url, QStringLiteral("the stream has ended"))));
}

void Follower::tryAgain(const Failure& failure) {
    stop();
    // The other URLs at once, then a rest.
    ++m_next;
    const bool wholeRound = m_next % m_settings.service.urls.size() == 0;
    m_retry.start(wholeRound ? wholeMilliseconds(m_retryAfter) : std::chrono::milliseconds(0));
    if (wholeRound) m_retryAfter = std::min(m_retryAfter * 2, m_settings.lastRetry);
    Q_EMIT lost(failure);
}

} // namespace dyad::control
