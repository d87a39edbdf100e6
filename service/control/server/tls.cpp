// SPDX-License-Identifier: Apache-2.0
#include "control/server/tls.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>

namespace dyad::control {
namespace {

constexpr qint64 maxPemBytes = 64 * 1024;
constexpr const char* makeThem = "Make a certificate and its key for the pair, and copy the two files to both hosts";

Result<QByteArray> readPem(const std::filesystem::path& path, bool secret) {
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::ReadOnly))
        return Error{"read", path.string(), file.errorString().toStdString(), makeThem};
    if (secret && (file.permissions() & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther)))
        return Error{"read the private key", path.string(), "others than its owner may read it",
                     "Run: chmod 0600 " + path.string()};
    return file.read(maxPemBytes);
}

} // namespace

Result<QSslConfiguration> loadServerTls(const std::filesystem::path& folder) {
    if (!QSslSocket::supportsSsl())
        return Error{"start TLS", "", "Qt finds no OpenSSL", "Install Qt's OpenSSL backend and libssl3"};
    const Result<QByteArray> certificatePem = readPem(folder / "certificate.pem", false);
    if (!certificatePem) return certificatePem.error();
    const Result<QByteArray> keyPem = readPem(folder / "key.pem", true);
    if (!keyPem) return keyPem.error();

    const QSslCertificate certificate(certificatePem.value(), QSsl::Pem);
    if (certificate.isNull())
        return Error{"read the certificate", (folder / "certificate.pem").string(), "it holds no certificate in PEM",
                     makeThem};
    QSslKey key;
    for (const QSsl::KeyAlgorithm algorithm : {QSsl::Ec, QSsl::Rsa})
        if (key.isNull()) key = QSslKey(keyPem.value(), algorithm, QSsl::Pem, QSsl::PrivateKey);
    if (key.isNull())
        return Error{"read the private key", (folder / "key.pem").string(),
                     "it holds no EC or RSA key in PEM without a password", makeThem};
    if (certificate.publicKey().algorithm() != key.algorithm() || certificate.publicKey().length() != key.length())
        return Error{"use the private key", (folder / "key.pem").string(), "it doesn't belong to certificate.pem",
                     makeThem};

    QSslConfiguration configuration;
    configuration.setProtocol(QSsl::TlsV1_3OrLater);
    configuration.setLocalCertificate(certificate);
    configuration.setPrivateKey(key);
    configuration.setPeerVerifyMode(QSslSocket::VerifyNone); // clients show a token, not a certificate
    return configuration;
}

} // namespace dyad::control
