// SPDX-License-Identifier: Apache-2.0
// The screen of `dyad status`, compared with pictures that a person has looked at. DYAD_GOLDEN_WRITE=1 draws them anew.
#include "sample_views.h"

#include "cli/journal_line.h"
#include "cli/status_screen.h"
#include "cli/words.h"

#include <QFile>
#include <QTest>

using namespace dyad;
using namespace dyad::test;
using cli::Paint;

class CliScreenTest : public QObject {
    Q_OBJECT

    static model::ClusterView standbyView() {
        model::ClusterView view = healthyView();
        view.node = "beta";
        view.nodes[0].self = false;
        view.nodes[1].self = true;
        model::GroupView& group = view.groups[0];
        std::swap(group.ownRole, group.peerRole);
        group.why = "alpha is active";
        for (model::ResourceView& resource : group.resources)
            resource = {resource.name, resource.type, model::ResourceState::Stopped, "", 0};
        view.luns[0].gateOpen = false;
        view.luns[0].readAt = viewAt - 25s;
        view.links[0].report.peerHearsUs = false;
        return view;
    }

    static model::ClusterView movingView() {
        model::ClusterView view = healthyView();
        model::GroupView& group = view.groups[0];
        group.activeNode.clear();
        group.ownRole = model::Role::Starting;
        group.why = "the reservation is won: the group starts";
        group.since = viewAt - 700ms;
        group.resources[1].state = model::ResourceState::Starting;
        group.resources[1].detail = "recovery: redo at 0/5A3F1C8";
        group.resources[2].state = model::ResourceState::Stopped;
        group.resources[2].detail.clear();
        return view;
    }

private Q_SLOTS:
    void initTestCase() {
        qputenv("TZ", "UTC");
        tzset();
    }

    void theScreenIsAsSeen_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"healthy", "split", "failed", "standby", "moving", "plain"})
            QTest::newRow(name) << QString(name);
    }
    void theScreenIsAsSeen() {
        QFETCH(QString, name);
        model::ClusterView view = healthyView();
        if (name == "split" || name == "plain") view = splitView();
        if (name == "failed") view = failedView();
        if (name == "standby") view = standbyView();
        if (name == "moving") view = movingView();
        const QByteArray drawn = QByteArray::fromStdString(cli::statusScreen(view, Paint(false, name != "plain")));
        QFile file(QStringLiteral(DYAD_GOLDEN "/%1.txt").arg(name));
        if (qEnvironmentVariableIsSet("DYAD_GOLDEN_WRITE")) {
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(drawn);
            return;
        }
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        const QByteArray golden = file.readAll();
        if (drawn != golden) qWarning("%s", drawn.constData());
        QCOMPARE(drawn, golden);
    }

    void plainMeansAscii() {
        for (const model::ClusterView& view : {healthyView(), splitView(), failedView(), standbyView(), movingView()})
            for (const char each : cli::statusScreen(view, Paint(false, false)))
                QVERIFY(each > 0 && (each >= ' ' || each == '\n'));
    }

    // Colours only add to what is there: without them the text is the same.
    void coloursSayNothingAlone() {
        for (const model::ClusterView& view : {healthyView(), splitView(), failedView()}) {
            const std::string coloured = cli::statusScreen(view, Paint(true, true));
            QByteArray stripped;
            for (std::size_t i = 0; i < coloured.size(); ++i) {
                if (coloured[i] == '\x1b')
                    while (coloured[i] != 'm')
                        ++i;
                else
                    stripped += coloured[i];
            }
            QVERIFY(coloured.find('\x1b') != std::string::npos);
            QCOMPARE(stripped, QByteArray::fromStdString(cli::statusScreen(view, Paint(false, true))));
        }
    }

    void aSmallPairFitsOneScreen() {
        for (const model::ClusterView& view : {healthyView(), splitView(), failedView()}) {
            const std::string screen = cli::statusScreen(view, Paint(false, true));
            QVERIFY(std::count(screen.begin(), screen.end(), '\n') <= 40);
        }
    }

    void agesAreForPeople() {
        QCOMPARE(age(40ms), std::string("0.0 s"));
        QCOMPARE(age(4200ms), std::string("4.2 s"));
        QCOMPARE(age(95s), std::string("95 s"));
        QCOMPARE(age(38min), std::string("38 min"));
        QCOMPARE(age(3h + 12min), std::string("3 h 12 min"));
        QCOMPARE(age(75h), std::string("3 days 3 h"));
        QCOMPARE(age(-5s), std::string("0 s"));
    }

    void journalLinesNameTheirSubject() {
        const model::JournalEntry entry{.sequence = 1,
                                        .wallClockMs = viewWallMs,
                                        .severity = model::Severity::Warning,
                                        .group = "erp",
                                        .resource = "data",
                                        .text = "mount failed"};
        QCOMPARE(cli::journalLine(entry, Paint(false, true), true),
                 std::string("2026-11-22 16:40:03.000  WARNING   erp/data: mount failed"));
        QCOMPARE(cli::journalLine({.wallClockMs = viewWallMs, .text = "x"}, Paint(false, true), false),
                 std::string("16:40:03.000            x"));
    }
};

QTEST_APPLESS_MAIN(CliScreenTest)
#include "cli_screen_test.moc"
