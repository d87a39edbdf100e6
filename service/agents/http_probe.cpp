// SPDX-License-Identifier: Apache-2.0
#include "agents/http_probe.h"

#include <QNetworkProxy>
#include <QNetworkRequest>
#include <utility>

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {

constexpr int firstGood = 200;
constexpr int firstBad = 400;

} // namespace

HttpProbeRunner::HttpProbeRunner(model::HttpProbe settings)
    : m_settings(std::move(settings)), m_network(new QNetworkAccessManager), m_deadline([this] {
          finish({Verdict::Failed, "no answer in time"});
      }) {
    m_network->setProxy(QNetworkProxy::NoProxy); // the way of the check is the one that is written
}

HttpProbeRunner::~HttpProbeRunner() { drop(); }

void HttpProbeRunner::drop() {
    if (!m_reply) return;
    QNetworkReply* const reply = std::exchange(m_reply, nullptr);
    QObject::disconnect(reply, nullptr, &m_context, nullptr); // not Qt's own: by them it is aborted
    reply->abort();
    reply->deleteLater();
}

void HttpProbeRunner::run(Duration timeout, Done done) {
    drop(); // an earlier run that nobody waits for any more
    m_done = std::move(done);
    m_body.clear();
    QNetworkRequest request(QUrl(QString::fromStdString(m_settings.url)));
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request.setRawHeader("User-Agent", "dyad");
    request.setRawHeader("Connection", "close"); // each check finds out anew whether it can be reached
    m_reply = m_network->get(request);
    if (!m_settings.verify) m_reply->ignoreSslErrors();
    QNetworkReply* const reply = m_reply;
    QObject::connect(reply, &QNetworkReply::readyRead, &m_context, [this] {
        m_body += m_reply->read(maxProbeBody - m_body.size());
        if (m_body.size() >= maxProbeBody) finish(judge());
    });
    QObject::connect(
        reply, &QNetworkReply::finished, &m_context,
        [this, reply] {
            if (m_reply == reply) look();
        },
        Qt::QueuedConnection);
    m_deadline.start(timeout);
}

void HttpProbeRunner::look() {
    m_body += m_reply->read(maxProbeBody - m_body.size());
    finish(judge());
}

ProbeResult HttpProbeRunner::judge() const {
    const QVariant status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute);
    if (!status.isValid()) {
        using Error = QNetworkReply::NetworkError;
        const Error error = m_reply->error();
        // Neither a name that can't be looked up nor a certificate says anything of the application.
        const bool unable = error == Error::HostNotFoundError || error == Error::SslHandshakeFailedError ||
                            error == Error::ProtocolUnknownError;
        return {unable ? Verdict::CouldNotRun : Verdict::Failed, m_reply->errorString().toStdString()};
    }
    // Everything above is said by the answer itself (QNetworkReply names a status of 400 and more an error, too).
    const bool brokeOff = m_body.size() < maxProbeBody && m_reply->error() > QNetworkReply::NoError &&
                          m_reply->error() < QNetworkReply::ProxyConnectionRefusedError;
    if (brokeOff) return {Verdict::Failed, "it broke off in the middle of its answer: " + m_reply->errorString().toStdString()};
    const int code = status.toInt();
    const std::string words = "status " + std::to_string(code);
    const bool good = m_settings.status ? code == *m_settings.status : code >= firstGood && code < firstBad;
    if (!good)
        return {Verdict::Failed, words + (m_settings.status ? ", not " + std::to_string(*m_settings.status) : "")};
    if (!m_body.contains(QByteArray::fromStdString(m_settings.body)))
        return {Verdict::Failed, words + ", but \"" + m_settings.body + "\" is not in what it sent"};
    return {Verdict::Well, words};
}

void HttpProbeRunner::finish(const ProbeResult& result) {
    m_deadline.stop();
    drop();
    const Done done = std::exchange(m_done, nullptr);
    done({result.verdict, m_settings.url + ": " + result.detail});
}

} // namespace dyad::agents
