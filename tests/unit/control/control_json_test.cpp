// SPDX-License-Identifier: Apache-2.0
// What goes into JSON comes out of it again; what is missing is named.
#include "sample_views.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

#include <QJsonArray>
#include <QTest>

using namespace dyad;
using namespace dyad::test;

class ControlJsonTest : public QObject {
    Q_OBJECT

    // Through bytes, as it travels.
    static QJsonObject travelled(const QJsonObject& object) {
        return control::objectFromBytes(control::toLine(object), "test").value();
    }

private Q_SLOTS:
    void viewsSurviveTheJourney() {
        for (const model::ClusterView& view : {healthyView(), splitView(), failedView(), model::ClusterView{}}) {
            const auto back = control::viewFromJson(travelled(control::toJson(view)));
            QVERIFY2(back.ok(), back.ok() ? "" : back.error().text().c_str());
            // Every field is in the JSON, so equal JSON means equal views where the fields below hold.
            QCOMPARE(control::toJson(back.value()), control::toJson(view));
            QCOMPARE(back.value().at.nanoseconds(), view.at.nanoseconds());
            QCOMPARE(back.value().wallClockMs, view.wallClockMs);
            QCOMPARE(back.value().luns.size(), view.luns.size());
            for (std::size_t i = 0; i < view.luns.size(); ++i)
                QVERIFY(back.value().luns[i].snapshot == view.luns[i].snapshot);
            for (std::size_t i = 0; i < view.links.size(); ++i)
                QVERIFY(back.value().links[i].report == view.links[i].report);
            for (std::size_t i = 0; i < view.groups.size(); ++i) {
                QCOMPARE(int(back.value().groups[i].ownRole), int(view.groups[i].ownRole));
                QCOMPARE(int(back.value().groups[i].peerRole), int(view.groups[i].peerRole));
                QVERIFY(back.value().groups[i].since == view.groups[i].since);
                QCOMPARE(back.value().groups[i].resources.size(), view.groups[i].resources.size());
            }
            for (std::size_t i = 0; i < view.alarms.size(); ++i) {
                QCOMPARE(back.value().alarms[i].remedy, view.alarms[i].remedy);
                QCOMPARE(back.value().alarms[i].sinceWallClockMs, view.alarms[i].sinceWallClockMs);
            }
        }
    }

    void largeNumbersKeepEveryDigit() {
        model::ClusterView view = healthyView();
        view.at = Instant::fromNanoseconds(9'007'199'254'740'993); // 2^53 + 1: no double has it
        view.luns[0].snapshot.registrants[0].value = 0xfedcba9876543210u;
        const auto back = control::viewFromJson(travelled(control::toJson(view)));
        QVERIFY(back.ok());
        QCOMPARE(back.value().at.nanoseconds(), std::int64_t{9'007'199'254'740'993});
        QCOMPARE(back.value().luns[0].snapshot.registrants[0].value, std::uint64_t{0xfedcba9876543210u});
    }

    void theNamesStandFast() {
        const QJsonObject view = control::toJson(healthyView());
        for (const char* name :
             {"cluster", "profile", "node", "at_ns", "wall_ms", "nodes", "links", "luns", "groups", "alarms"})
            QVERIFY2(view.contains(QLatin1String(name)), name);
        const QJsonObject link = view["links"].toArray()[1].toObject();
        QCOMPARE(link["round_trip_ns"].toInteger(), qint64{1'300'000});
        QCOMPARE(link["loss_ratio"].toDouble(), 0.02);
        const QJsonObject holder = view["luns"].toArray()[0].toObject()["reservation"].toObject()["holder"].toObject();
        QCOMPARE(holder["key"].toString(), QStringLiteral("0x5d2a1000a3000301"));
        QCOMPARE(holder["epoch"].toInt(), 3);
        QCOMPARE(view["groups"].toArray()[0].toObject()["own_role"].toString(), QStringLiteral("active"));
    }

    void whatANewerServiceSaysMoreIsPassedOver() {
        QJsonObject view = control::toJson(healthyView());
        view["weather"] = "fine";
        QJsonArray groups = view["groups"].toArray();
        QJsonObject group = groups[0].toObject();
        group["colour"] = 7;
        groups[0] = group;
        view["groups"] = groups;
        QVERIFY(control::viewFromJson(view).ok());
    }

    void everyMissingFieldIsNamed() {
        const QJsonObject view = control::toJson(healthyView());
        for (const QString& name : view.keys()) {
            QJsonObject less = view;
            less.remove(name);
            const auto back = control::viewFromJson(less);
            QVERIFY2(!back.ok(), qPrintable(name));
            QCOMPARE(QString::fromStdString(back.error().on), "view." + name);
            QCOMPARE(back.error().cameBack, std::string("is missing"));
        }
    }

    void theWrongKindIsNamedWithItsPath() {
        QJsonObject view = control::toJson(healthyView());
        QJsonArray groups = view["groups"].toArray();
        QJsonObject group = groups[0].toObject();
        const auto with = [&](const char* name, const QJsonValue& value) {
            QJsonObject changed = group;
            changed[QLatin1String(name)] = value;
            groups[0] = changed;
            view["groups"] = groups;
            const auto back = control::viewFromJson(view);
            return back.ok() ? QStringLiteral("accepted")
                             : QString::fromStdString(back.error().on + " " + back.error().cameBack);
        };
        QCOMPARE(with("own_role", "asleep"), QStringLiteral("view.groups[0].own_role unknown word \"asleep\""));
        QCOMPARE(with("epoch", 1.5), QStringLiteral("view.groups[0].epoch must be a whole number"));
        QCOMPARE(with("epoch", -1), QStringLiteral("view.groups[0].epoch -1 is out of range"));
        QCOMPARE(with("name", 3), QStringLiteral("view.groups[0].name must be a text"));
        QCOMPARE(with("peer_role_fresh", 1), QStringLiteral("view.groups[0].peer_role_fresh must be true or false"));
        QCOMPARE(with("resources", QJsonObject()), QStringLiteral("view.groups[0].resources must be a list"));
        QCOMPARE(with("resources", QJsonArray{1}), QStringLiteral("view.groups[0].resources[0] must be an object"));
    }

    void journalEntriesSurviveTheJourney() {
        const model::JournalEntry entry{.sequence = 42,
                                        .at = Instant::fromNanoseconds(123456789),
                                        .wallClockMs = 1795365603000,
                                        .severity = model::Severity::Warning,
                                        .kind = "peer_suspect",
                                        .group = "erp",
                                        .resource = "data",
                                        .text = "zwölf\nlines \"quoted\""};
        const QByteArray line = control::toLine(control::toJson(entry));
        QVERIFY(!line.contains('\n')); // fit for a server-sent event
        const auto back = control::journalEntryFromJson(control::objectFromBytes(line, "test").value());
        QVERIFY(back.ok());
        QCOMPARE(control::toJson(back.value()), control::toJson(entry));
        QCOMPARE(back.value().text, entry.text);
        for (const char* name : {"sequence", "at_ns", "wall_ms", "severity", "kind", "group", "resource", "text"})
            QVERIFY2(control::toJson(entry).contains(QLatin1String(name)), name);
    }

    void ordersAndAnswersSurviveTheJourney() {
        using Kind = model::OrderKind;
        for (const Kind kind :
             {Kind::Switchover, Kind::Switchback, Kind::MaintenanceOn, Kind::MaintenanceOff, Kind::ClearFailure}) {
            const auto back =
                control::orderFromJson(travelled(control::toJson(model::Order{kind, "erp", "beta", "otto"})));
            QVERIFY(back.ok());
            QCOMPARE(int(back.value().kind), int(kind));
            QCOMPARE(back.value().group, std::string("erp"));
            QCOMPARE(back.value().node, std::string("beta"));
            QCOMPARE(back.value().who, std::string("otto"));
        }
        const auto answer = control::orderAnswerFromJson(travelled(control::toJson(model::OrderAnswer{true, "moves"})));
        QVERIFY(answer.ok() && answer.value().accepted);
        QCOMPARE(answer.value().text, std::string("moves"));
        const auto error = control::errorFromJson(travelled(control::toJson(Error{"a", "b", "c", "d"})));
        QVERIFY(error.has_value());
        QCOMPARE(error->text(), std::string("a b: c. d"));
        QVERIFY(!control::errorFromJson(QJsonObject{{"message", "other program"}}).has_value());
    }

    void noJsonIsToldWithItsPlace() {
        const auto broken = control::objectFromBytes("{\"on\": ", "the body");
        QVERIFY(!broken.ok());
        QVERIFY(broken.error().text().find("the body: byte") != std::string::npos);
        QVERIFY(!control::objectFromBytes("[1]", "the body").ok());
    }
};

QTEST_APPLESS_MAIN(ControlJsonTest)
#include "control_json_test.moc"
