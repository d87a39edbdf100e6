// SPDX-License-Identifier: Apache-2.0
#include "control/client/peer_access.h"

#include <QPointer>
#include <QUrl>

#include <utility>

namespace dyad::control {
namespace {

QByteArray encoded(const std::string& text) { return QUrl::toPercentEncoding(QString::fromStdString(text)); }

} // namespace

struct PeerAccess::Attempt {
    PeerQuestion question;
    Answered answered;
    std::vector<QUrl> urls;
    std::size_t next = 0;
    std::size_t open = 0;
    bool done = false;
    bool sent = false; // over some link the question itself has left this host
    std::string trouble;
    std::vector<QPointer<QNetworkReply>> replies;

    void finish(const PeerAnswer& answer) {
        if (done) return;
        done = true;
        for (const auto& each : replies)
            if (each) each->abort();
        answered(answer);
    }
};

PeerAccess::PeerAccess(PeerAccessSettings settings, QObject* parent)
    : QObject(parent), m_settings(std::move(settings)) {}

PeerAccess::~PeerAccess() = default;

void PeerAccess::ask(const PeerQuestion& question, Answered answered) {
    const auto refuse = [this, &answered](const std::string& why) {
        QTimer::singleShot(0, this, [name = m_settings.peerName, answered = std::move(answered), why] {
            answered({.error = {"ask", name, why, "Look at the links between the two hosts: `dyad status`"}});
        });
    };
    if (m_open == maxOpen) return refuse("too many questions wait for an answer already");
    auto attempt = std::make_shared<Attempt>();
    attempt->urls = m_settings.urls();
    if (attempt->urls.empty()) return refuse("no address of it is known");
    attempt->question = question;
    ++m_open;
    attempt->answered = [this, answered = std::move(answered)](const PeerAnswer& answer) {
        --m_open;
        answered(answer);
    };
    if (!m_network) m_network = std::make_unique<PinnedNetwork>(m_settings.pin, m_settings.token);
    QTimer::singleShot(wholeMilliseconds(question.patience), this, [this, attempt] {
        attempt->finish(
            {.mayHaveArrived = attempt->sent,
             .error = {"ask", m_settings.peerName, attempt->trouble.empty() ? "no answer in time" : attempt->trouble,
                       "Look at the links between the two hosts: `dyad status`"}});
    });
    tryNext(attempt);
}

void PeerAccess::tryNext(const std::shared_ptr<Attempt>& attempt) {
    // A question that has left this host isn't sent over a second link, unless it can be asked twice without harm.
    const bool harmless = attempt->question.method == "GET" || !attempt->question.idempotencyKey.isEmpty();
    if (attempt->done || attempt->next >= attempt->urls.size() || (attempt->sent && !harmless)) return;
    const PeerQuestion& question = attempt->question;
    const QUrl url = QUrl::fromEncoded(attempt->urls[attempt->next++].toEncoded(QUrl::RemovePath) + question.target,
                                       QUrl::StrictMode);
    // A connection of its own for each question: one that was kept open to a host that has died takes a question and
    // keeps it, and then nobody could say whether it has arrived.
    PinnedNetwork::Fields fields{{"Connection", "close"}};
    if (!question.idempotencyKey.isEmpty()) fields.emplace_back("Idempotency-Key", question.idempotencyKey);
    if (!question.operatorName.empty()) {
        fields.emplace_back("Dyad-Operator", encoded(question.operatorName));
        fields.emplace_back("Dyad-Operator-Role", encoded(question.operatorRole));
        fields.emplace_back("Dyad-Operator-Address", encoded(question.operatorAddress));
    }
    QNetworkReply* reply = m_network->send(question.method, url, question.body, fields);
    attempt->replies.emplace_back(reply);
    ++attempt->open;
    connect(reply, &QNetworkReply::requestSent, this, [attempt] { attempt->sent = true; });
    connect(reply, &QNetworkReply::downloadProgress, this, [reply, most = question.largestAnswer](qint64 received) {
        if (received > most) reply->abort();
    });
    connect(reply, &QNetworkReply::finished, this, [this, attempt, reply] { finished(attempt, reply); });
    QTimer::singleShot(wholeMilliseconds(m_settings.tryNext), this, [this, attempt, mine = attempt->next] {
        if (attempt->next == mine) tryNext(attempt); // else a failure has been quicker
    });
}

void PeerAccess::finished(const std::shared_ptr<Attempt>& attempt, QNetworkReply* reply) {
    reply->deleteLater();
    --attempt->open;
    if (attempt->done) return;
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const bool cutShort = reply->error() == QNetworkReply::OperationCanceledError;
    if (status != 0 && !cutShort && !PinnedNetwork::mistrusted(reply))
        return attempt->finish({.status = static_cast<unsigned>(status),
                                .contentType = reply->header(QNetworkRequest::ContentTypeHeader).toByteArray(),
                                .body = reply->readAll()});
    if (attempt->trouble.empty()) {
        attempt->trouble = reply->url().host().toStdString() + ": ";
        if (PinnedNetwork::mistrusted(reply))
            attempt->trouble += "it shows another certificate than the pair's";
        else
            attempt->trouble += cutShort ? "its answer is too long" : reply->errorString().toStdString();
    }
    tryNext(attempt);
    if (attempt->open == 0)
        attempt->finish({.mayHaveArrived = attempt->sent,
                         .error = {"ask", m_settings.peerName, attempt->trouble,
                                   "Look at the links between the two hosts, and whether dyadd runs there"}});
}

} // namespace dyad::control
