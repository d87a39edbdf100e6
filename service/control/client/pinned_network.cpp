// SPDX-License-Identifier: Apache-2.0
#include "control/client/pinned_network.h"

#include <QFile>
#include <QNetworkProxy>
#include <QNetworkRequest>

namespace dyad::control {
namespace {

constexpr const char* mistrustedProperty = "dyad_mistrusted"; // a reply's property: another certificate was shown
constexpr qint64 maxPemBytes = 64 * 1024;

} // namespace

PinnedNetwork::PinnedNetwork(QSslCertificate pin, QByteArray token, QObject* parent)
    : QObject(parent), m_pin(std::move(pin)), m_token(std::move(token)) {
    m_network.setProxy(
        QNetworkProxy::NoProxy); // the peer is next door; a proxy of the environment would only be in the way
    m_network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    // No authority is trusted, so every certificate is an error at first, and only the pinned one is let through.
    connect(&m_network, &QNetworkAccessManager::sslErrors, this, [this](QNetworkReply* reply, const QList<QSslError>&) {
        if (reply->sslConfiguration().peerCertificate() == m_pin)
            reply->ignoreSslErrors();
        else
            reply->setProperty(mistrustedProperty, true);
    });
    connect(&m_network, &QNetworkAccessManager::encrypted, this, &PinnedNetwork::check);
}

void PinnedNetwork::check(QNetworkReply* reply) {
    if (reply->sslConfiguration().peerCertificate() == m_pin) return;
    reply->setProperty(mistrustedProperty, true);
    reply->abort();
}

QNetworkRequest PinnedNetwork::request(const QUrl& url) const {
    QNetworkRequest request(url);
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setProtocol(QSsl::TlsV1_3OrLater);
    tls.setCaCertificates({});
    tls.setPeerVerifyMode(QSslSocket::VerifyPeer);
    request.setSslConfiguration(tls);
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    if (!m_token.isEmpty()) request.setRawHeader("Authorization", "Bearer " + m_token);
    return request;
}

QNetworkReply* PinnedNetwork::get(const QUrl& url, const QByteArray& accept, const QByteArray& lastEventId) {
    QNetworkRequest wanted = request(url);
    wanted.setRawHeader("Accept", accept);
    if (!lastEventId.isEmpty()) wanted.setRawHeader("Last-Event-ID", lastEventId);
    return m_network.get(wanted);
}

QNetworkReply* PinnedNetwork::post(const QUrl& url, const QByteArray& body) {
    QNetworkRequest wanted = request(url);
    wanted.setHeader(QNetworkRequest::ContentTypeHeader, QByteArray("application/json"));
    return m_network.post(wanted, body);
}

QNetworkReply* PinnedNetwork::send(const QByteArray& method, const QUrl& url, const QByteArray& body,
                                   const Fields& fields) {
    QNetworkRequest wanted = request(url);
    if (!body.isEmpty()) wanted.setHeader(QNetworkRequest::ContentTypeHeader, QByteArray("application/json"));
    for (const auto& [name, value] : fields)
        wanted.setRawHeader(name, value);
    // Of the two methods in use, Qt repeats a GET by itself after a lost connection, and never another one.
    if (method == "GET" && body.isEmpty()) return m_network.get(wanted);
    return m_network.sendCustomRequest(wanted, method, body);
}

bool PinnedNetwork::mistrusted(QNetworkReply* reply) { return reply->property(mistrustedProperty).toBool(); }

std::optional<Failure> PinnedNetwork::failureOf(QNetworkReply* reply) {
    if (mistrusted(reply))
        return Failure{
            Failure::Kind::Mistrusted,
            Error{"trust the service at", reply->url().toString(QUrl::RemovePath | QUrl::RemoveQuery).toStdString(),
                  "it shows another certificate than the pinned one",
                  "Copy the pair's certificate.pem here (--certificate), or find out who answers at that address"}};
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (status == 0) return unreachable(reply->url(), reply->errorString());
    if (status >= 400 && status != 409) return failureFromStatus(status, reply->readAll(), reply->url());
    if (reply->error() != QNetworkReply::NoError && status != 409)
        return unreachable(reply->url(), reply->errorString());
    return std::nullopt;
}

Result<QSslCertificate> loadPin(const std::filesystem::path& path) {
    QFile file(QString::fromStdString(path.string()));
    const char* remedy = "Copy the pair's certificate.pem from one of the hosts, or name it with --certificate";
    if (!file.open(QIODevice::ReadOnly))
        return Error{"read the service's certificate", path.string(), file.errorString().toStdString(), remedy};
    const QSslCertificate certificate(file.read(maxPemBytes), QSsl::Pem);
    if (certificate.isNull())
        return Error{"read the service's certificate", path.string(), "it holds no certificate in PEM", remedy};
    return certificate;
}

} // namespace dyad::control
