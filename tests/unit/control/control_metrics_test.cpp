// SPDX-License-Identifier: Apache-2.0
// /metrics by the conventions of Prometheus, and what is built on it in resources/: every name there must be one here.
#include "control/server/metrics.h"
#include "sample_views.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTest>
#include <map>
#include <set>

using namespace dyad;
using namespace dyad::control;

namespace {

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// A pair with one of everything that is told.
QByteArray fullPage() {
    model::ClusterView view = test::healthyView();
    model::ResourceView& pool = view.groups[0].resources[2];
    pool.checks.probes.push_back({.name = "page",
                                  .what = "http http://10.77.0.100/",
                                  .asked = true,
                                  .counts = {40, 2, 1},
                                  .failing = 1,
                                  .limit = 3,
                                  .of = 5,
                                  .mean = 2ms,
                                  .deviation = 500us,
                                  .total = 90ms,
                                  .last = {}});
    pool.checks.servers = {{.name = "web1", .address = "10.77.0.11:80", .state = "in", .counts = {10, 0, 0}},
                           {.name = "web2", .address = "10.77.0.12:80", .state = "out", .counts = {4, 5, 1}}};
    ports::ChannelState mail{.name = "people", .type = "mail", .waiting = 2, .deliveredWallClockMs = 1'795'365'603'500};
    mail.delivered = 7;
    mail.failed = 3;
    return metricsText(view, {}, 12, {mail});
}

// Family by its type; and every name that a sample has.
struct Page {
    std::map<QString, QString> types;
    std::set<QString> samples;
};

Page pageOf(const QByteArray& text) {
    Page page;
    for (const QString& line : QString::fromUtf8(text).split('\n', Qt::SkipEmptyParts)) {
        const QStringList words = line.split(' ');
        if (line.startsWith("# TYPE ")) page.types[words.at(2)] = words.at(3);
        if (!line.startsWith('#')) page.samples.insert(line.section(QRegularExpression("[{ ]"), 0, 0));
    }
    return page;
}

std::set<QString> namesIn(const QString& text) {
    static const QRegularExpression name("\\bdyad_[a-z_]+\\b");
    std::set<QString> names;
    for (auto each = name.globalMatch(text); each.hasNext();)
        names.insert(each.next().captured());
    return names;
}

} // namespace

class ControlMetricsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everySampleIsThere_data() {
        QTest::addColumn<QByteArray>("line");
        for (const char* line :
             {"dyad_probe_results_total{group=\"erp\",resource=\"address\",probe=\"page\",result=\"well\"} 40",
              "dyad_probe_results_total{group=\"erp\",resource=\"address\",probe=\"page\",result=\"failed\"} 2",
              "dyad_probe_results_total{group=\"erp\",resource=\"address\",probe=\"page\",result=\"could_not_run\"} 1",
              "dyad_probe_duration_seconds_sum{group=\"erp\",resource=\"address\",probe=\"page\"} 0.089999999999999997",
              "dyad_probe_duration_seconds_count{group=\"erp\",resource=\"address\",probe=\"page\"} 40",
              "dyad_probe_failing{group=\"erp\",resource=\"address\",probe=\"page\"} 1",
              "dyad_probe_failures_limit{group=\"erp\",resource=\"address\",probe=\"page\"} 3",
              "dyad_pool_server_up{group=\"erp\",resource=\"address\",server=\"web1\"} 1",
              "dyad_pool_server_up{group=\"erp\",resource=\"address\",server=\"web2\"} 0",
              "dyad_pool_server_checks_total{group=\"erp\",resource=\"address\",server=\"web2\"} 10",
              "dyad_pool_server_check_failures_total{group=\"erp\",resource=\"address\",server=\"web2\"} 5",
              "dyad_alarm_channel_delivered_total{channel=\"people\",type=\"mail\"} 7",
              "dyad_alarm_channel_failed_total{channel=\"people\",type=\"mail\"} 3",
              "dyad_alarm_channel_queued{channel=\"people\",type=\"mail\"} 2",
              "dyad_alarm_channel_last_success_timestamp_seconds{channel=\"people\",type=\"mail\"} 1795365603.5"})
            QTest::newRow(line) << QByteArray(line);
    }
    void everySampleIsThere() {
        QFETCH(QByteArray, line);
        const QByteArray page = fullPage();
        QVERIFY2(page.contains("\n" + line + "\n"), page.constData());
    }

    // A pool that runs on the other node is checked there.
    void aPoolThatDoesNotRunTellsNothingOfItsServers() {
        model::ClusterView view = test::healthyView();
        view.groups[0].resources[2].checks.servers = {{.name = "web1", .state = "unknown"}};
        view.groups[0].resources[2].state = model::ResourceState::Stopped;
        QVERIFY(!metricsText(view, {}, 1).contains("server=\"web1\""));
    }

    void namesFollowTheConventions() {
        const Page page = pageOf(fullPage());
        for (const auto& [name, type] : page.types) {
            QVERIFY2(QRegularExpression("^dyad_[a-z]+(_[a-z]+)*$").match(name).hasMatch(), qPrintable(name));
            QCOMPARE(name.endsWith("_total"), type == "counter");
            QVERIFY2(!QRegularExpression("_(ms|milliseconds|percent|kb)\\b").match(name).hasMatch(), qPrintable(name));
            QVERIFY2(QStringList({"counter", "gauge", "summary"}).contains(type), qPrintable(type));
        }
        for (const QString& sample : page.samples) {
            QString family = sample;
            if (!page.types.contains(family)) family.remove(QRegularExpression("_(sum|count)$"));
            QVERIFY2(page.types.contains(family), qPrintable(sample + " has no # TYPE"));
        }
    }

    void resourcesNameOnlyWhatIsTold_data() {
        QTest::addColumn<QString>("path");
        QTest::newRow("dashboard") << QStringLiteral(DYAD_RESOURCES "/grafana-dashboard.json");
        QTest::newRow("alert rules") << QStringLiteral(DYAD_RESOURCES "/prometheus-alerts.yml");
    }
    void resourcesNameOnlyWhatIsTold() {
        QFETCH(QString, path);
        const std::set<QString> told = pageOf(fullPage()).samples;
        const std::set<QString> named = namesIn(contentOf(path));
        QVERIFY(named.size() > 5);
        for (const QString& each : named)
            QVERIFY2(told.contains(each), qPrintable(each + " is not in /metrics"));
    }

    void everyFamilyIsDescribed() {
        const QByteArray text = contentOf(DYAD_DOCS "/METRICS.md");
        for (const auto& [name, type] : pageOf(fullPage()).types)
            QVERIFY2(text.contains(("| `" + name + "` | " + type + " |").toUtf8()), qPrintable(name));
    }

    void dashboardIsWhole() {
        QJsonParseError error;
        const QJsonDocument document =
            QJsonDocument::fromJson(contentOf(DYAD_RESOURCES "/grafana-dashboard.json"), &error);
        QVERIFY2(error.error == QJsonParseError::NoError, qPrintable(error.errorString()));
        const QJsonArray panels = document.object()["panels"].toArray();
        QVERIFY(!panels.isEmpty());
        std::set<int> ids;
        std::set<QString> shown;
        for (const QJsonValue& each : panels) {
            const QJsonObject panel = each.toObject();
            QVERIFY(ids.insert(panel["id"].toInt()).second);
            QVERIFY(!panel["title"].toString().isEmpty() && !panel["targets"].toArray().isEmpty());
            for (const QJsonValue& target : panel["targets"].toArray()) {
                const QString expression = target.toObject()["expr"].toString();
                QVERIFY2(!namesIn(expression).empty(), qPrintable(panel["title"].toString()));
                shown.merge(namesIn(expression));
            }
        }
        // What is told of groups, links, probes, pools and channels is shown.
        for (const QString& each : pageOf(fullPage()).samples) {
            static const QRegularExpression wanted("^dyad_(link|probe|pool|alarm_channel|resource)_");
            QVERIFY2(!wanted.match(each).hasMatch() || shown.contains(each), qPrintable(each + " is on no panel"));
        }
    }

    void promtoolFindsNothing_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("alert rules") << QStringList{"check", "rules", DYAD_RESOURCES "/prometheus-alerts.yml"};
        QTest::newRow("the page") << QStringList{"check", "metrics"};
    }
    void promtoolFindsNothing() {
        QFETCH(QStringList, arguments);
        const QString promtool = QStandardPaths::findExecutable("promtool");
        if (promtool.isEmpty()) QSKIP("promtool is not installed (Debian: prometheus)");
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(promtool, arguments);
        process.write(fullPage());
        process.closeWriteChannel();
        QVERIFY(process.waitForFinished(120'000));
        QVERIFY2(process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0,
                 process.readAll().constData());
    }
};

QTEST_GUILESS_MAIN(ControlMetricsTest)
#include "control_metrics_test.moc"
