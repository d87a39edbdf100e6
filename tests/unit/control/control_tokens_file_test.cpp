// SPDX-License-Identifier: Apache-2.0
// The tokens file as `dyad token` changes it, and what a revoked token can still do: nothing.
#include "raw_client.h"
#include "running_server.h"

#include "control/server/tokens_file.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace dyad;
using namespace dyad::test;
using control::AccessRole;

class ControlTokensFileTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    [[nodiscard]] std::filesystem::path file() const { return m_folder->filePath("tokens").toStdString(); }
    [[nodiscard]] QByteArray text() const {
        QFile tokens(QString::fromStdString(file().string()));
        return tokens.open(QIODevice::ReadOnly) ? tokens.readAll() : QByteArray();
    }
    void write(const QByteArray& text) const {
        QFile tokens(QString::fromStdString(file().string()));
        QVERIFY(tokens.open(QIODevice::WriteOnly) && tokens.write(text) == text.size());
        tokens.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    }
    static control::Token token(const char* name, AccessRole role = AccessRole::Viewer) {
        return {name, role, control::digestOfToken(QByteArray("secret of ") + name)};
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void tokensAreRandomAndLong() {
        const QByteArray one = control::newToken();
        QCOMPARE(one.size(), qsizetype{64});
        QVERIFY(one != control::newToken());
    }

    void addedAndFound() {
        QVERIFY(control::addToken(file(), token("vera")).ok()); // the file isn't there yet
        QVERIFY(control::addToken(file(), token("otto", AccessRole::Operator)).ok());
        const auto table = control::loadTokens(file());
        QVERIFY(table.ok());
        QCOMPARE(table.value().size(), std::size_t{2});
        const auto otto = table.value().find("secret of otto");
        QVERIFY(otto && otto->role == AccessRole::Operator);
        QVERIFY(!text().contains("secret"));
        const auto permissions = QFileInfo(QString::fromStdString(file().string())).permissions();
        QVERIFY(!(permissions & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther)));
    }

    void commentsAndOtherLinesStay() {
        write("# who may do what\n\nvera viewer " + token("vera").digest.toHex() + "\n# otto is on holiday\n");
        QVERIFY(control::addToken(file(), token("ada", AccessRole::Admin)).ok());
        QVERIFY(control::revokeToken(file(), "vera").ok());
        QCOMPARE(text(), "# who may do what\n\n# otto is on holiday\nada admin " + token("ada").digest.toHex() + "\n");
    }

    void aNameIsTakenOnce() {
        QVERIFY(control::addToken(file(), token("vera")).ok());
        const QByteArray before = text();
        const auto again = control::addToken(file(), {"vera", AccessRole::Admin, control::digestOfToken("other")});
        QVERIFY(!again.ok());
        QVERIFY(again.error().remedy.find("dyad token revoke vera") != std::string::npos);
        const auto sameToken = control::addToken(file(), {"eva", AccessRole::Admin, token("vera").digest});
        QVERIFY(!sameToken.ok());
        QCOMPARE(text(), before);
    }

    void badNames_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"", "two words", "line\nend", "node:beta", "#vera", "ä"})
            QTest::newRow(*name ? name : "nothing") << QString::fromUtf8(name);
        QTest::newRow("long") << QString(65, 'x');
    }
    void badNames() {
        QFETCH(QString, name);
        QVERIFY(!control::addToken(file(), {name.toStdString(), AccessRole::Viewer, control::digestOfToken("x")}).ok());
        QVERIFY(!QFile::exists(QString::fromStdString(file().string())));
    }

    void nobodyToRevoke() {
        QVERIFY(control::addToken(file(), token("vera")).ok());
        const auto gone = control::revokeToken(file(), "otto");
        QVERIFY(!gone.ok());
        QVERIFY(gone.error().remedy.find("vera") != std::string::npos);
    }

    void aFileThatIsWrongIsLeftAlone() {
        write("vera viewer nonsense\n");
        QVERIFY(!control::addToken(file(), token("otto")).ok());
        QCOMPARE(text(), QByteArray("vera viewer nonsense\n"));
    }

    void aFullFileTakesNoMore() {
        QByteArray many;
        for (std::size_t i = 0; i < control::maxTokens; ++i)
            many += "t" + QByteArray::number(static_cast<qulonglong>(i)) + " viewer " +
                    control::digestOfToken(QByteArray::number(static_cast<qulonglong>(i))).toHex() + "\n";
        write(many);
        QVERIFY(!control::addToken(file(), token("otto")).ok());
        QVERIFY(control::revokeToken(file(), "t7").ok());
        QVERIFY(control::addToken(file(), token("otto")).ok());
    }

    void aRevokedTokensStreamEnds() {
        const Certificate certificate;
        QVERIFY(certificate.made());
        FakeService service;
        service.shown = healthyView();
        RunningServer server(service, certificate);
        QVERIFY(server.started());
        RawClient vera(server.port());
        RawClient otto(server.port());
        QVERIFY(vera.encrypted() && otto.encrypted());
        vera.send("GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer view\r\n\r\n");
        otto.send("GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer operate\r\n\r\n");
        QVERIFY(vera.waitFor("event: state") && otto.waitFor("event: state"));
        server.server().setTokens(control::tokensFromText(tokenLine("otto", "operator", "operate"), "tokens").value());
        QVERIFY(vera.waitClosed());
        otto.forget();
        service.write("order", "erp", "something else");
        QVERIFY(otto.waitFor("something else"));
    }
};

QTEST_GUILESS_MAIN(ControlTokensFileTest)
#include "control_tokens_file_test.moc"
