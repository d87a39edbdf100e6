// SPDX-License-Identifier: Apache-2.0
// A self-signed certificate with its key in a folder that goes away with the object.
#pragma once

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include <filesystem>

namespace dyad::test {

class Certificate {
public:
    Certificate() {
        // EC, because a key of that kind is made in no time.
        QProcess openssl;
        openssl.start(QStringLiteral("openssl"),
                      {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"), QStringLiteral("ec"),
                       QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:prime256v1"),
                       QStringLiteral("-nodes"), QStringLiteral("-days"), QStringLiteral("2"), QStringLiteral("-subj"),
                       QStringLiteral("/CN=dyad"), QStringLiteral("-addext"),
                       QStringLiteral("subjectAltName=DNS:dyad,IP:127.0.0.1"), QStringLiteral("-keyout"), path("key.pem"), QStringLiteral("-out"),
                       path("certificate.pem")});
        m_made =
            openssl.waitForFinished(60000) && openssl.exitStatus() == QProcess::NormalExit && openssl.exitCode() == 0;
        QFile::setPermissions(path("key.pem"), QFile::ReadOwner | QFile::WriteOwner);
    }

    [[nodiscard]] bool made() const { return m_made; }
    [[nodiscard]] QString path(const char* file) const { return m_folder.filePath(QString::fromLatin1(file)); }
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }

private:
    QTemporaryDir m_folder;
    bool m_made = false;
};

} // namespace dyad::test
