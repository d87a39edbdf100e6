// SPDX-License-Identifier: Apache-2.0
// `dyad replay` as a program: what it ends with, and that it needs no service.
#include "recorded_life.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTest>

#include <fstream>

using namespace dyad;
using namespace dyad::test;
using model::NodeId;

class CliReplayTest : public QObject {
    Q_OBJECT

    std::unique_ptr<RecordedLife> m_life;
    QString m_file;

    struct Ended {
        int code = -1;
        QString out;
        QString err;
    };
    static Ended run(const QStringList& words) {
        QProcess program;
        program.start(DYAD_PROGRAM, QStringList{"replay"} + words);
        if (!program.waitForFinished(120000)) return {};
        return {program.exitCode(), QString::fromUtf8(program.readAllStandardOutput()),
                QString::fromUtf8(program.readAllStandardError())};
    }
    static QJsonObject json(const Ended& ended) {
        return QJsonDocument::fromJson(ended.out.trimmed().split('\n').last().toUtf8()).object();
    }

private Q_SLOTS:
    void initTestCase() {
        m_life = std::make_unique<RecordedLife>(pairOfGroups());
        for (const NodeId node : model::bothNodes)
            m_life->world().host(node).powerOn();
        m_life->go(4s);
        m_life->world().host(NodeId::First).powerOff();
        m_life->go(3s);
        m_file = QString::fromStdString(m_life->file(NodeId::Second).string());
    }

    void aRecordingReplays() {
        const Ended ended = run({m_file});
        QCOMPARE(ended.code, 0);
        QVERIFY(ended.out.contains("same actions"));
        QVERIFY(json(run({m_file, "--json"}))["same"].toBool());
    }

    void itEndsWhereItIsTold() {
        const QJsonArray all = json(run({m_file, "--json"}))["runs"].toArray();
        const QJsonArray some = json(run({m_file, "--json", "--until", "10"}))["runs"].toArray();
        QCOMPARE(some.first()["steps"].toInt(), 9);
        const QJsonArray timed = json(run({m_file, "--json", "--until", "+2"}))["runs"].toArray();
        QVERIFY(timed.first()["steps"].toInt() > 9);
        QVERIFY(timed.first()["steps"].toInt() < all.first()["steps"].toInt());
        QVERIFY(run({m_file, "--steps", "--until", "10"}).out.contains("the service starts"));
    }

    void whatIfTellsBoth() {
        const Ended ended = run({m_file, "--what-if", "profile=relaxed"});
        QCOMPARE(ended.code, 0);
        QVERIFY2(ended.out.contains("recorded: taken erp over at +0.161 s"), qPrintable(ended.out));
        QVERIFY2(ended.out.contains("would have taken erp over at +7.0"), qPrintable(ended.out));
        const QJsonObject object = json(run({m_file, "--json", "--what-if", "lost_after_ms=400"}));
        QCOMPARE(object["runs"].toArray().first()["incidents"].toArray().size(), 1);
    }

    void wrongWordsAndWrongFiles() {
        QCOMPARE(run({m_file, "--what-if", "profile=quick"}).code, 2);
        QCOMPARE(run({m_file, "--until", "noon"}).code, 2);
        QCOMPARE(run({m_file, "--from", "99"}).code, 2);
        const Ended missing = run({m_file + ".missing"});
        QCOMPARE(missing.code, 1);
        QVERIFY(missing.err.contains(".missing"));
        QCOMPARE(run({"/dev/null"}).code, 1);
        QCOMPARE(run({"/"}).code, 1);
    }

    void damageHasAStatusOfItsOwn() {
        const QString damaged = m_file + ".damaged";
        QVERIFY(QFile::copy(m_file, damaged));
        QFile file(damaged);
        QVERIFY(file.open(QIODevice::ReadWrite));
        file.seek(4096 + 6000);
        file.write("spoilt");
        file.close();
        const Ended ended = run({damaged});
        QCOMPARE(ended.code, 5);
        QVERIFY(ended.out.contains("used up to here: the recording is damaged"));
    }
};

QTEST_GUILESS_MAIN(CliReplayTest)
#include "cli_replay_test.moc"
