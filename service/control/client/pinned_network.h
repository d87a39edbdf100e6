// SPDX-License-Identifier: Apache-2.0
// HTTPS requests that go only to who shows the pinned certificate: exactly that one, whatever name or address it was
// asked under. The token is sent after the certificate was compared, never before.
#pragma once

#include "control/client/errors.h"

#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QSslCertificate>
#include <QSslConfiguration>

#include <filesystem>
#include <utility>
#include <vector>

namespace dyad::control {

class PinnedNetwork : public QObject {
    Q_OBJECT
public:
    PinnedNetwork(QSslCertificate pin, QByteArray token, QObject* parent = nullptr);

    // The caller owns the reply (deleteLater). Neither blocks.
    [[nodiscard]] QNetworkReply* get(const QUrl& url, const QByteArray& accept = "application/json",
                                     const QByteArray& lastEventId = {});
    [[nodiscard]] QNetworkReply* post(const QUrl& url, const QByteArray& body);
    using Fields = std::vector<std::pair<QByteArray, QByteArray>>; // of the header
    // Any method; a body is JSON.
    [[nodiscard]] QNetworkReply* send(const QByteArray& method, const QUrl& url, const QByteArray& body,
                                      const Fields& fields);

    // Of a finished reply: why it is no success, or none. Reads the body of a refusal.
    [[nodiscard]] static std::optional<Failure> failureOf(QNetworkReply* reply);
    // Who answered doesn't show the pinned certificate.
    [[nodiscard]] static bool mistrusted(QNetworkReply* reply);

private:
    void check(QNetworkReply* reply);
    [[nodiscard]] QNetworkRequest request(const QUrl& url) const;

    QSslCertificate m_pin;
    QByteArray m_token;
    QNetworkAccessManager m_network;
};

// The certificate to pin, from a PEM file.
[[nodiscard]] Result<QSslCertificate> loadPin(const std::filesystem::path& file);

} // namespace dyad::control
