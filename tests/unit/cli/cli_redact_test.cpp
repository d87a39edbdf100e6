// SPDX-License-Identifier: Apache-2.0
// What leaves the host in a support bundle: planted secrets are gone, the rest is there, and tar reads the archive.
#include "cli/redact.h"
#include "cli/tar_gz.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace dyad::cli;

class CliRedactTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plantedSecretsAreRemoved_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("secret");
        QTest::newRow("toml") << QByteArray("password = \"hunter22\"\nname = \"erp\"") << QByteArray("hunter22");
        QTest::newRow("toml, bare") << QByteArray("chap_secret=hunter22") << QByteArray("hunter22");
        QTest::newRow("json") << QByteArray(R"({"api_key": "hunter22", "n": 1})") << QByteArray("hunter22");
        QTest::newRow("yaml") << QByteArray("token: hunter22\n") << QByteArray("hunter22");
        QTest::newRow("iscsi") << QByteArray("iscsi = \"iscsi://erp%hunter22@10.77.2.9:3260/iqn.x/1\"")
                               << QByteArray("hunter22");
        QTest::newRow("url") << QByteArray("postgresql://erp:hunter22@db/erp") << QByteArray("hunter22");
        QTest::newRow("libpq") << QByteArray("connection = \"host=/run user=erp password=hunter22 dbname=x\"")
                               << QByteArray("hunter22");
        QTest::newRow("header") << QByteArray("Authorization: Bearer hunter22") << QByteArray("hunter22");
        QTest::newRow("upper case") << QByteArray("PGPASSWORD=hunter22") << QByteArray("hunter22");
        QTest::newRow("escaped quote") << QByteArray(R"(password = "hun\"ter22")") << QByteArray("ter22");
        QTest::newRow("pem") << QByteArray("-----BEGIN PRIVATE KEY-----\nhunter22\n-----END PRIVATE KEY-----\n")
                             << QByteArray("hunter22");
        QTest::newRow("torn pem") << QByteArray("x\n-----BEGIN EC PRIVATE KEY-----\nhunter22")
                                  << QByteArray("hunter22");
    }
    void plantedSecretsAreRemoved() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, secret);
        const QByteArray cleaned = Redactor().clean(text);
        QVERIFY2(!cleaned.contains(secret), cleaned.constData());
        QVERIFY2(cleaned.contains("[removed]"), cleaned.constData());
    }

    void whatIsNoSecretStays() {
        const QByteArray text =
            "name = \"erp\"\nchap_secret_file = \"/etc/dyad/chap\"\niscsi://10.77.2.9:3260/iqn.x/1\n"
            "LUN array refuses our writes; keys were read\n";
        QCOMPARE(Redactor().clean(text), text);
    }

    void aKnownSecretIsFoundAnywhere() {
        Redactor redactor;
        redactor.know("0123456789abcdef\n");
        redactor.learnFrom("password = \"s3cretword\"");
        QCOMPARE(redactor.clean("the peer said s3cretword and 0123456789abcdef!"),
                 QByteArray("the peer said [removed] and [removed]!"));
        QVERIFY(redactor.finds(QByteArray("\0\x01s3cretword\0", 13)));
        QVERIFY(!redactor.finds("nothing"));
        redactor.know("ab"); // too short to be told from a word
        QCOMPARE(redactor.clean("cab"), QByteArray("cab"));
    }

    void tarReadsTheArchive() {
        QTemporaryDir folder;
        TarGz archive;
        const QByteArray long1(1500, 'a');
        archive.add("dyad-support/one.txt", long1, 1'790'000'000'000);
        archive.add("dyad-support/alpha/empty", {}, 1'790'000'000'000);
        archive.add("dyad-support/two", QByteArray(512, 'b'), 0);
        QFile file(folder.filePath("a.tar.gz"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(archive.finish());
        file.close();
        QProcess tar;
        tar.setWorkingDirectory(folder.path());
        tar.start("tar", {"xzvf", "a.tar.gz"});
        QVERIFY(tar.waitForFinished());
        QCOMPARE(tar.exitCode(), 0);
        QCOMPARE(tar.readAllStandardOutput(),
                 QByteArray("dyad-support/one.txt\ndyad-support/alpha/empty\ndyad-support/two\n"));
        QFile one(folder.filePath("dyad-support/one.txt"));
        QVERIFY(one.open(QIODevice::ReadOnly));
        QCOMPARE(one.readAll(), long1);
    }
};

QTEST_GUILESS_MAIN(CliRedactTest)
#include "cli_redact_test.moc"
