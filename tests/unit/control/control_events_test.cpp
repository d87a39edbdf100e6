// SPDX-License-Identifier: Apache-2.0
// The event stream: what is told, from where it goes on, and how often.
#include "raw_client.h"
#include "running_server.h"

#include "control/client/event_parser.h"
#include "control/server/event_stream.h"

#include <QTest>

using namespace dyad;
using namespace dyad::test;

class ControlEventsTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    FakeService m_service;

    static QByteArray follow(const QByteArray& query = {}, const QByteArray& field = {}) {
        return "GET /v1/events" + query + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer view\r\n" + field + "\r\n";
    }
    static std::vector<control::ServerEvent> eventsOf(const QByteArray& received) {
        control::EventParser parser;
        return parser.feed(received.mid(received.indexOf("\r\n\r\n") + 4)).value();
    }
    static QByteArray idsOf(const QByteArray& received) {
        QByteArray ids;
        for (const control::ServerEvent& event : eventsOf(received))
            if (event.name == "journal") ids += event.id + " ";
        return ids.trimmed();
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made()); }
    void init() {
        m_service = FakeService();
        m_service.shown = healthyView();
        for (int i = 0; i < 5; ++i)
            m_service.write("order", "erp", "before");
    }

    void withoutAPlaceItStartsNow() {
        RunningServer server(m_service, m_certificate);
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow());
        QVERIFY(client.waitFor("event: state")); // a view comes first, unasked
        m_service.write("order", "erp", "now");
        QVERIFY(client.waitFor("\"now\""));
        QCOMPARE(idsOf(client.received()), QByteArray("6"));
    }

    void itResumesAfterAnEntry_data() {
        QTest::addColumn<QByteArray>("query");
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("ids");
        QTest::newRow("query") << QByteArray("?after=3") << QByteArray() << QByteArray("4 5 6");
        QTest::newRow("header") << QByteArray() << QByteArray("Last-Event-ID: 4\r\n") << QByteArray("5 6");
        QTest::newRow("the header is newer than the query")
            << QByteArray("?after=1") << QByteArray("Last-Event-ID: 5\r\n") << QByteArray("6");
        QTest::newRow("all") << QByteArray("?after=0") << QByteArray() << QByteArray("1 2 3 4 5 6");
    }
    void itResumesAfterAnEntry() {
        QFETCH(QByteArray, query);
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, ids);
        RunningServer server(m_service, m_certificate);
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow(query, field));
        QVERIFY(client.waitFor("event: state"));
        m_service.write("order", "erp", "now");
        QVERIFY(client.waitFor("\"now\""));
        QCOMPARE(idsOf(client.received()), ids);
    }

    void aPlaceThatIsNoneIsRefused() {
        RunningServer server(m_service, m_certificate);
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow("?after=yesterday"));
        QVERIFY(client.waitFor("HTTP/1.1 400"));
    }

    void forgottenEntriesAreToldAsAGap() {
        m_service.journal.erase(m_service.journal.begin(), m_service.journal.begin() + 3);
        RunningServer server(m_service, m_certificate);
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow("?after=1"));
        QVERIFY(client.waitFor("event: state"));
        const auto events = eventsOf(client.received());
        QCOMPARE(events[0].name, QByteArray("gap"));
        QCOMPARE(events[0].data, QByteArray("{\"from\":2,\"to\":3}"));
        QCOMPARE(idsOf(client.received()), QByteArray("4 5"));
    }

    void manyChangesMakeFewViews() {
        RunningServer server(m_service, m_certificate, control::Bounds{.stateInterval = 100ms, .viewRefresh = 1h});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow());
        QVERIFY(client.waitFor("event: state"));
        client.forget();
        for (int i = 0; i < 500; ++i) {
            m_service.shown.groups[0].epoch = 1000u + static_cast<unsigned>(i);
            m_service.changed();
        }
        QVERIFY(client.waitFor("\"epoch\":1499")); // the newest always arrives
        QVERIFY(client.received().count("event: state") <= 3);
    }

    void aQuietStreamIsKeptAlive() {
        RunningServer server(m_service, m_certificate, control::Bounds{.keepAlive = 20ms});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow());
        QVERIFY(client.waitFor(": keep-alive\n\n: keep-alive\n\n"));
    }

    void roundTripsStayFreshWithoutAnEvent() {
        RunningServer server(m_service, m_certificate, control::Bounds{.viewRefresh = 20ms});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(follow());
        QVERIFY(client.waitFor("event: state"));
        m_service.shown.links[0].report.roundTrip = 777us; // and nobody says so
        QVERIFY(client.waitFor("\"round_trip_ns\":777000"));
    }

    // A reader without room gets nothing more; when there is room, it gets everything that it missed, once, in order,
    // and only the newest view.
    void aSlowReaderMissesNothing() {
        const control::Bounds bounds{.outputBytes = 1, .streamBatch = 2};
        std::size_t waiting = 0;
        QByteArray out;
        control::EventStream stream(m_service, bounds, 5,
                                    {[&] { return waiting; }, [&](const QByteArray& bytes) { out += bytes; }});
        int views = 0;
        const auto viewLine = [&] { return "{\"view\":" + QByteArray::number(++views) + "}"; };
        stream.pump(viewLine);
        QCOMPARE(views, 1);
        waiting = 1;
        m_service.onJournal = [&](const model::JournalEntry& entry) {
            stream.entryWritten(entry);
            stream.viewChanged();
            stream.pump(viewLine);
            stream.keepAlive();
        };
        out.clear();
        for (int i = 0; i < 7; ++i)
            m_service.write("order", "erp", "busy");
        QVERIFY(out.isEmpty());
        waiting = 0;
        stream.pump(viewLine);
        QCOMPARE(idsOf("\r\n\r\n" + out), QByteArray("6 7 8 9 10 11 12"));
        QCOMPARE(views, 2);
        out.clear();
        m_service.write("order", "erp", "again");
        QCOMPARE(idsOf("\r\n\r\n" + out), QByteArray("13"));
    }

    void eventsAreReadInAnyPieces() {
        const QByteArray bytes = ": hello\n\nid: 7\r\nevent: journal\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nevent: "
                                 "state\ndata:{}\n\nevent: none\n\n";
        for (qsizetype step = 1; step <= bytes.size(); ++step) {
            control::EventParser parser;
            std::vector<control::ServerEvent> all;
            for (qsizetype i = 0; i < bytes.size(); i += step) {
                const auto events = parser.feed(bytes.mid(i, step));
                all.insert(all.end(), events->begin(), events->end());
            }
            QCOMPARE(all.size(), std::size_t{2});
            QCOMPARE(all[0].id, QByteArray("7"));
            QCOMPARE(all[0].data, QByteArray("{\"a\":\n1}"));
            QCOMPARE(all[1].name, QByteArray("state"));
            QVERIFY(all[1].id.isEmpty());
        }
    }

    void anEndlessEventIsGivenUp() {
        control::EventParser parser;
        QVERIFY(!parser.feed("data: " + QByteArray(control::maxEventBytes + 1, 'a')).has_value());
    }
};

QTEST_GUILESS_MAIN(ControlEventsTest)
#include "control_events_test.moc"
