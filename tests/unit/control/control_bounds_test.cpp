// SPDX-License-Identifier: Apache-2.0
// What a stranger, a slow one or a greedy one may cost the service: never more than the bounds.
#include "raw_client.h"
#include "running_server.h"

#include <QTcpSocket>
#include <QTest>

#include <algorithm>
#include <memory>
#include <vector>

using namespace dyad;
using namespace dyad::test;

class ControlBoundsTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    FakeService m_service;

    static constexpr const char* question = "GET /v1/groups/erp/active HTTP/1.1\r\nHost: a\r\n\r\n";
    static constexpr const char* trustedQuestion =
        "GET /v1/state HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer view\r\n\r\n";

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made()); }
    void init() {
        m_service = FakeService();
        m_service.shown = healthyView();
    }

    void anOversizeHeaderIsRefused() {
        RunningServer server(m_service, m_certificate);
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send("GET / HTTP/1.1\r\nX: " + QByteArray(64 * 1024, 'a'));
        QVERIFY(client.waitFor("HTTP/1.1 431"));
        QVERIFY(client.waitClosed());
        QVERIFY(client.received().contains("\"remedy\""));
    }

    void anOversizeBodyIsRefusedBeforeItIsRead() {
        RunningServer server(m_service, m_certificate);
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send("POST /v1/groups/erp/switchover HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
        QVERIFY(client.waitFor("HTTP/1.1 413"));
        QVERIFY(m_service.orders.empty());
    }

    void aSlowRequestIsEnded() {
        RunningServer server(m_service, m_certificate, control::Bounds{.request = 200ms});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send("GET /v1/state HTTP/1.1\r\nHost:");
        // A byte now and then doesn't buy time.
        QTimer drip;
        connect(&drip, &QTimer::timeout, this, [&client] { client.send("a"); });
        drip.start(20);
        QVERIFY(client.waitFor("HTTP/1.1 408"));
        QVERIFY(client.waitClosed());
        QCOMPARE(server.server().counters().badRequests, std::uint64_t{1});
    }

    void anIdleConnectionIsClosed() {
        RunningServer server(m_service, m_certificate, control::Bounds{.request = 100ms});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send(question);
        QVERIFY(client.waitFor("HTTP/1.1 200"));
        QVERIFY(client.waitClosed());
        QCOMPARE(server.server().counters().badRequests, std::uint64_t{0});
    }

    void aHandshakeThatNeverComesIsEnded() {
        RunningServer server(m_service, m_certificate, control::Bounds{.handshake = 100ms});
        QTcpSocket silent;
        silent.connectToHost("127.0.0.1", server.port());
        QVERIFY(QTest::qWaitFor([&] { return server.server().counters().connections == 1; }, guardMs));
        QVERIFY(QTest::qWaitFor([&] { return silent.state() == QAbstractSocket::UnconnectedState; }, guardMs));
        QCOMPARE(server.server().counters().connections, std::size_t{0});
    }

    void whoSpeaksNoTlsIsDropped() {
        RunningServer server(m_service, m_certificate);
        QTcpSocket plain;
        plain.connectToHost("127.0.0.1", server.port());
        plain.write(question);
        QVERIFY(QTest::qWaitFor(
            [&] {
                return plain.state() == QAbstractSocket::UnconnectedState &&
                       server.server().counters().connections == 0;
            },
            guardMs));
        QVERIFY(!plain.readAll().contains("HTTP"));
    }

    void theOldestStrangerGivesWay() {
        RunningServer server(m_service, m_certificate, control::Bounds{.connections = 3, .connectionsPerAddress = 3});
        std::vector<std::unique_ptr<RawClient>> strangers;
        for (int i = 0; i < 3; ++i) {
            strangers.push_back(std::make_unique<RawClient>(server.port()));
            QVERIFY(strangers.back()->encrypted());
        }
        RawClient late(server.port());
        QVERIFY(late.encrypted());
        late.send(question);
        QVERIFY(late.waitFor("HTTP/1.1 200"));
        QVERIFY(strangers[0]->waitClosed());
        QVERIFY(!strangers[1]->closed());
        QVERIFY(!strangers[2]->closed());
        QCOMPARE(server.server().counters().connections, std::size_t{3});
        QCOMPARE(server.server().counters().turnedAway, std::uint64_t{1});
    }

    void whoShowedATokenStays() {
        RunningServer server(m_service, m_certificate, control::Bounds{.connections = 8, .connectionsPerAddress = 2});
        std::vector<std::unique_ptr<RawClient>> known;
        for (int i = 0; i < 2; ++i) {
            known.push_back(std::make_unique<RawClient>(server.port()));
            QVERIFY(known.back()->encrypted());
            known.back()->send(trustedQuestion);
            QVERIFY(known.back()->waitFor("erp-pair"));
        }
        RawClient stranger(server.port());
        QVERIFY(stranger.waitClosed());
        QVERIFY(!stranger.received().contains("HTTP"));
        for (const auto& client : known) {
            client->forget();
            client->send(trustedQuestion);
            QVERIFY(client->waitFor("erp-pair"));
        }
    }

    void eventStreamsAreCounted() {
        RunningServer server(m_service, m_certificate, control::Bounds{.eventStreams = 1});
        const QByteArray follow = "GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer view\r\n\r\n";
        auto first = std::make_unique<RawClient>(server.port());
        QVERIFY(first->encrypted());
        first->send(follow);
        QVERIFY(first->waitFor("event: state"));
        RawClient second(server.port());
        QVERIFY(second.encrypted());
        second.send(follow);
        QVERIFY(second.waitFor("HTTP/1.1 503"));
        first.reset();
        QVERIFY(QTest::qWaitFor([&] { return server.server().counters().eventStreams == 0; }, guardMs));
        second.forget();
        second.send(follow);
        QVERIFY(second.waitFor("event: state"));
    }

    void aReaderThatTakesNothingIsDropped() {
        // Enough that no socket buffer swallows it all.
        for (int i = 0; i < 20000; ++i)
            m_service.journal.push_back(
                {.sequence = std::uint64_t(i) + 1, .kind = "x", .text = std::string(1000, 'x')});
        RunningServer server(m_service, m_certificate, control::Bounds{.outputBytes = 64 * 1024, .stalled = 300ms});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.socket().setReadBufferSize(1024);
        client.send("GET /v1/events?after=0 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer view\r\n\r\n");
        QVERIFY(QTest::qWaitFor([&] { return server.server().counters().droppedSlowReaders == 1; }, guardMs));
        QCOMPARE(server.server().counters().connections, std::size_t{0});
    }

    void anOrderThatIsNeverAnsweredEnds() {
        m_service.answerNever = true;
        RunningServer server(m_service, m_certificate, control::Bounds{.order = 100ms});
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        client.send("POST /v1/groups/erp/switchover HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer operate\r\n\r\n");
        QVERIFY(client.waitFor("HTTP/1.1 504"));
        QVERIFY(client.waitClosed());
    }

    void anAddressThatIsNotThereYetIsTriedAgain() {
        control::Server server(m_service,
                               control::ServerSettings{.addresses = {"192.0.2.77", "127.0.0.1"},
                                                       .tls = control::loadServerTls(m_certificate.folder()).value(),
                                                       .bounds = {.bindRetry = 20ms}});
        std::vector<std::string> troubles;
        server.onTrouble = [&](const Error& error) { troubles.push_back(error.text()); };
        QVERIFY(server.start().ok());
        QCOMPARE(server.ports().size(), std::size_t{1});
        QTest::qWait(100); // some tries later it has still been told only once
        QCOMPARE(troubles.size(), std::size_t{1});
        QVERIFY(troubles[0].find("192.0.2.77") != std::string::npos);
    }

    // --- wrong tokens, floods ---------------------------------------------------------------------------------------

    void tooManyWrongTokensAreToldToWait() {
        RunningServer server(m_service, m_certificate, control::Bounds{.wrongTokenBurst = 3, .wrongTokenRefill = 1h});
        const QByteArray guess = "GET /v1/state HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer guess\r\n\r\n";
        RawClient client(server.port());
        QVERIFY(client.encrypted());
        for (int i = 0; i < 3; ++i)
            client.send(guess);
        QVERIFY(QTest::qWaitFor([&] { return client.received().count("HTTP/1.1 401") == 3; }, guardMs));
        client.send(guess + guess); // the second one finds the connection closed
        QVERIFY(client.waitClosed());
        QCOMPARE(client.received().count("HTTP/1.1 429"), qsizetype{1});
        QVERIFY(client.received().contains("Retry-After: 3600"));
        QCOMPARE(server.server().counters().limited, std::uint64_t{1});
        // A good token of the same address doesn't wait, and who shows none is told what to do, as ever.
        RawClient good(server.port());
        QVERIFY(good.encrypted());
        good.send(trustedQuestion);
        QVERIFY(good.waitFor("HTTP/1.1 200"));
        RawClient nobody(server.port());
        QVERIFY(nobody.encrypted());
        nobody.send("GET /v1/state HTTP/1.1\r\nHost: a\r\n\r\n");
        QVERIFY(nobody.waitFor("HTTP/1.1 401"));
        QCOMPARE(m_service.audited.size(), std::size_t{1}); // told once, however many there are
        QCOMPARE(m_service.audited[0].what, std::string("wrong tokens"));
    }

    void handshakesHaveABudget() {
        RunningServer server(m_service, m_certificate,
                             control::Bounds{.handshakeBurst = 3, .handshakeRefill = 1h, .handshake = 1h});
        for (int i = 0; i < 3; ++i) {
            RawClient client(server.port());
            QVERIFY(client.encrypted());
        }
        RawClient fourth(server.port());
        QVERIFY(!fourth.encrypted());
        QCOMPARE(server.server().counters().turnedAway, std::uint64_t{1});
    }

    // Thousands who only knock: the server holds no more than its bounds, and an operator's stream goes on.
    void aFloodOfIdleConnections() {
        RunningServer server(m_service, m_certificate);
        RawClient operatorsStream(server.port());
        QVERIFY(operatorsStream.encrypted());
        operatorsStream.send("GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer operate\r\n\r\n");
        QVERIFY(operatorsStream.waitFor("event: state"));
        std::vector<std::unique_ptr<QTcpSocket>> flood;
        std::size_t most = 0;
        for (int i = 0; i < 3000; ++i) {
            flood.push_back(std::make_unique<QTcpSocket>());
            flood.back()->connectToHost(QHostAddress::LocalHost, server.port());
            if (flood.size() == 200) flood.erase(flood.begin(), flood.begin() + 100); // our own descriptors
            if (i % 20 == 0) QCoreApplication::processEvents();
            most = std::max(most, server.server().counters().connections);
        }
        QVERIFY(most <= control::Bounds().connections);
        // Many have left before the listener, which takes a few at a time, came round to them.
        const std::uint64_t turnedAway = server.server().counters().turnedAway;
        QVERIFY2(turnedAway > 0, qPrintable(QString::number(turnedAway)));
        qInfo("turned away: %llu", static_cast<unsigned long long>(turnedAway));
        operatorsStream.forget();
        m_service.write("order", "erp", "still told");
        QVERIFY(operatorsStream.waitFor("still told"));
    }

    void aLargeBodyIsForThoseWhoMayUseTheRoute() {
        RunningServer server(m_service, m_certificate);
        qsizetype got = -1;
        server.server().addRoutes({{"POST", "/v1/test/large", control::AccessRole::Admin,
                                    [&](const control::Call& call) {
                                        got = call.request.body.size();
                                        call.answer(QJsonObject{{"ok", true}});
                                    },
                                    100'000}});
        const auto send = [&](const char* token, qsizetype bytes) {
            RawClient client(server.port());
            if (!client.encrypted()) return QByteArray();
            client.send("POST /v1/test/large HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer " +
                        QByteArray(token) + "\r\nContent-Length: " + QByteArray::number(bytes) + "\r\n\r\n" +
                        QByteArray(bytes, ' '));
            static_cast<void>(client.waitClosed());
            return client.received().left(12);
        };
        QCOMPARE(send("administer", 90'000), QByteArray("HTTP/1.1 200"));
        QCOMPARE(got, qsizetype{90'000});
        QCOMPARE(send("administer", 100'001), QByteArray("HTTP/1.1 413"));
        QCOMPARE(send("operate", 90'000), QByteArray("HTTP/1.1 413")); // before any of it is kept
        QCOMPARE(send("guess", 90'000), QByteArray("HTTP/1.1 413"));
        QCOMPARE(send("operate", 1'000), QByteArray("HTTP/1.1 403"));
    }

    void aNameIsNoAddress() {
        control::Server server(m_service,
                               control::ServerSettings{.addresses = {"localhost"},
                                                       .tls = control::loadServerTls(m_certificate.folder()).value()});
        QVERIFY(!server.start().ok());
    }
};

QTEST_GUILESS_MAIN(ControlBoundsTest)
#include "control_bounds_test.moc"
