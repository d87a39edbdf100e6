// SPDX-License-Identifier: Apache-2.0
#include "running_server.h"

#include "control/server/tokens.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace dyad;
using namespace dyad::test;
using control::AccessRole;

class ControlTokensTest : public QObject {
    Q_OBJECT

    static QString errorOf(const std::string& text) {
        const auto table = control::tokensFromText(text, "tokens");
        return table.ok() ? QStringLiteral("accepted") : QString::fromStdString(table.error().text());
    }

private Q_SLOTS:
    void eachTokenHasItsRole() {
        const control::TokenTable table = threeTokens();
        QCOMPARE(table.size(), std::size_t{3});
        QCOMPARE(int(table.find("view")->role), int(AccessRole::Viewer));
        QCOMPARE(int(table.find("operate")->role), int(AccessRole::Operator));
        QCOMPARE(int(table.find("administer")->role), int(AccessRole::Admin));
        QCOMPARE(table.find("operate")->name, std::string("otto"));
        QVERIFY(!table.find("Operate"));
        QVERIFY(!table.find(""));
        QVERIFY(!table.find(
            QCryptographicHash::hash("operate", QCryptographicHash::Sha256).toHex())); // the digest is no token
    }

    void commentsAndEmptyLinesArePassedOver() {
        const auto table =
            control::tokensFromText("# who\n\n  \n" + tokenLine("otto", "operator", "operate") + "\r\n", "tokens");
        QVERIFY(table.ok());
        QCOMPARE(table.value().size(), std::size_t{1});
    }

    void wrongLinesAreNamed() {
        QVERIFY(errorOf("otto operator").startsWith("read the tokens file tokens:1: it has 2 words instead of 3"));
        QVERIFY(errorOf("# a\notto king " + std::string(64, 'a')).contains("tokens:2: unknown role \"king\""));
        QVERIFY(errorOf("otto operator operate").contains("no SHA-256"));
        QVERIFY(errorOf("otto operator " + std::string(63, 'a')).contains("no SHA-256"));
        QVERIFY(errorOf("otto operator " + std::string(63, 'a') + "g").contains("no SHA-256"));
    }

    void theFileMustBelongToItsOwnerAlone() {
        QTemporaryDir folder;
        const QString path = folder.filePath("tokens");
        QVERIFY(!control::loadTokens(path.toStdString()).ok()); // not there
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(tokenLine("otto", "operator", "operate").c_str());
        file.close();
        QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        QVERIFY(control::loadTokens(path.toStdString()).ok());
        QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::WriteOther));
        const auto open = control::loadTokens(path.toStdString());
        QVERIFY(!open.ok());
        QVERIFY(open.error().remedy.find("chmod 0600") != std::string::npos);
    }

    void anOversizeFileIsRefused() {
        QTemporaryDir folder;
        QFile file(folder.filePath("tokens"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(control::maxTokensFileBytes + 1, '#'));
        file.close();
        QVERIFY(!control::loadTokens(file.fileName().toStdString()).ok());
    }

    void theServersKeyMustBeSecret() {
        const Certificate certificate;
        QVERIFY(certificate.made());
        QVERIFY(control::loadServerTls(certificate.folder()).ok());
        QVERIFY(QFile::setPermissions(certificate.path("key.pem"), QFile::ReadOwner | QFile::ReadOther));
        const auto open = control::loadServerTls(certificate.folder());
        QVERIFY(!open.ok());
        QVERIFY(open.error().text().find("chmod 0600") != std::string::npos);
        QVERIFY(QFile::remove(certificate.path("key.pem")));
        QVERIFY(!control::loadServerTls(certificate.folder()).ok());
    }
};

QTEST_GUILESS_MAIN(ControlTokensTest)
#include "control_tokens_test.moc"
