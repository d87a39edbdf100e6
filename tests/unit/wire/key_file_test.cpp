// SPDX-License-Identifier: Apache-2.0
#include "wire/key_file.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::wire;

class KeyFileTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_directory;

    std::string written(const QByteArray& text, mode_t mode) {
        const QString path = m_directory.filePath("key");
        QFile::remove(path);
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly)) return {};
        file.write(text);
        file.close();
        ::chmod(path.toLocal8Bit().constData(), mode);
        return path.toStdString();
    }

private Q_SLOTS:
    void aGoodKeyIsRead() {
        const QByteArray digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        for (const QByteArray& text : {digits, digits + "\n"}) {
            const auto key = loadClusterKey(written(text, 0600));
            QVERIFY2(key.ok(), key.ok() ? "" : key.error().text().c_str());
            for (std::size_t i = 0; i < 32; ++i)
                QCOMPARE(key.value().bytes[i], static_cast<std::uint8_t>(i));
        }
        QVERIFY(loadClusterKey(written(digits, 0400)).ok());
    }

    void aKeyThatOthersCanReadIsRefused() {
        for (const mode_t mode : {0640u, 0604u, 0644u, 0660u, 0700u}) {
            const auto key = loadClusterKey(written(QByteArray(64, 'a'), mode));
            QVERIFY(!key.ok());
            QVERIFY(key.error().remedy.find("chmod 0600") != std::string::npos);
        }
    }

    void aKeyOfAnotherUserIsRefused() {
        if (::geteuid() != 0) QSKIP("needs root to give a file away");
        const std::string path = written(QByteArray(64, 'a'), 0600);
        QCOMPARE(::chown(path.c_str(), 12345, 12345), 0);
        const auto key = loadClusterKey(path);
        QVERIFY(!key.ok());
        QVERIFY(key.error().text().find("12345") != std::string::npos);
    }

    void nonsenseIsRefusedAndNeverQuoted() {
        const QByteArray secret(63, 'b');
        for (const QByteArray& text :
             {QByteArray(), secret, secret + "bb", secret + "g", secret + "\n", QByteArray(100000, 'b')}) {
            const auto key = loadClusterKey(written(text, 0600));
            QVERIFY(!key.ok());
            QVERIFY(key.error().text().find("bbbb") == std::string::npos);
        }
        const auto column = loadClusterKey(written(secret + "g", 0600));
        QVERIFY(column.error().text().find("column 64") != std::string::npos);
    }

    void whatIsNoFileIsRefused() {
        QVERIFY(!loadClusterKey(m_directory.filePath("none").toStdString()).ok());
        QVERIFY(!loadClusterKey(m_directory.path().toStdString()).ok());
        const std::string fifo = m_directory.filePath("fifo").toStdString();
        QCOMPARE(::mkfifo(fifo.c_str(), 0600), 0);
        QVERIFY(!loadClusterKey(fifo).ok()); // and doesn't wait for a writer
    }
};

QTEST_GUILESS_MAIN(KeyFileTest)
#include "key_file_test.moc"
