// SPDX-License-Identifier: Apache-2.0
// The server as a client sees it: paths, methods, tokens, bodies.
#include "raw_client.h"
#include "running_server.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"
#include "control/server/journal_end.h"

#include <QTest>

#include <memory>

using namespace dyad;
using namespace dyad::test;

namespace {

struct Answer {
    int status = 0;
    QByteArray header;
    QByteArray body;
    [[nodiscard]] QJsonObject json() const {
        const auto object = control::objectFromBytes(body, "the answer");
        return object.ok() ? object.value() : QJsonObject();
    }
    [[nodiscard]] QString remedy() const { return json()["error"].toObject()["remedy"].toString(); }
};

} // namespace

class ControlServerTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    FakeService m_service;
    std::unique_ptr<RunningServer> m_server;

    Answer ask(const QByteArray& method, const QByteArray& target, const QByteArray& token = {},
               const QByteArray& body = {}) {
        RawClient client(m_server->port());
        if (!client.encrypted()) return {};
        QByteArray request = method + " " + target + " HTTP/1.1\r\nHost: dyad\r\nConnection: close\r\n";
        if (!token.isEmpty()) request += "Authorization: Bearer " + token + "\r\n";
        if (!body.isEmpty()) request += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
        client.send(request + "\r\n" + body);
        if (!client.waitClosed()) return {};
        const QByteArray all = client.received();
        const qsizetype end = all.indexOf("\r\n\r\n");
        return {all.mid(9, 3).toInt(), all.left(end), all.mid(end + 4)};
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_certificate.made(), "openssl makes a certificate"); }

    void init() {
        m_service = FakeService();
        m_service.shown = healthyView();
        m_server = std::make_unique<RunningServer>(m_service, m_certificate);
        QVERIFY(m_server->started());
    }
    void cleanup() { m_server.reset(); }

    void theStateComesBackAsItIs() {
        const Answer answer = ask("GET", "/v1/state", "view");
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.json(), control::toJson(m_service.shown));
    }

    void withoutATokenThereIsNoState() {
        const Answer answer = ask("GET", "/v1/state");
        QCOMPARE(answer.status, 401);
        QVERIFY(answer.header.contains("WWW-Authenticate: Bearer"));
        QVERIFY(answer.remedy().contains("Authorization: Bearer TOKEN"));
        QVERIFY(!answer.body.contains("alpha"));
    }

    void anUnknownTokenIsRefused() { QCOMPARE(ask("GET", "/v1/state", "guess").status, 401); }

    void aViewerMayNotOrder() {
        const Answer answer = ask("POST", "/v1/groups/erp/switchover", "view");
        QCOMPARE(answer.status, 403);
        QVERIFY(answer.remedy().contains("operator"));
        QVERIFY(m_service.orders.empty());
    }

    void ordersReachTheServiceWithTheirAuthor_data() {
        QTest::addColumn<QByteArray>("target");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("token");
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("group");
        QTest::addColumn<QString>("node");
        QTest::addColumn<QString>("who");
        using Kind = model::OrderKind;
        QTest::newRow("switchover") << QByteArray("/v1/groups/erp/switchover") << QByteArray() << QByteArray("operate")
                                    << int(Kind::Switchover) << "erp"
                                    << ""
                                    << "otto";
        QTest::newRow("switchback") << QByteArray("/v1/groups/erp/switchback") << QByteArray("{}")
                                    << QByteArray("administer") << int(Kind::Switchback) << "erp"
                                    << ""
                                    << "ada";
        QTest::newRow("clear") << QByteArray("/v1/groups/erp/clear-failure") << QByteArray() << QByteArray("operate")
                               << int(Kind::ClearFailure) << "erp"
                               << ""
                               << "otto";
        QTest::newRow("on") << QByteArray("/v1/nodes/beta/maintenance") << QByteArray("{\"on\":true}")
                            << QByteArray("operate") << int(Kind::MaintenanceOn) << ""
                            << "beta"
                            << "otto";
        QTest::newRow("off") << QByteArray("/v1/nodes/beta/maintenance") << QByteArray("{\"on\":false}")
                             << QByteArray("operate") << int(Kind::MaintenanceOff) << ""
                             << "beta"
                             << "otto";
    }
    void ordersReachTheServiceWithTheirAuthor() {
        QFETCH(QByteArray, target);
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, token);
        QFETCH(int, kind);
        QFETCH(QString, group);
        QFETCH(QString, node);
        QFETCH(QString, who);
        const Answer answer = ask("POST", target, token, body);
        QCOMPARE(answer.status, 202);
        QCOMPARE(answer.json()["accepted"], QJsonValue(true));
        QCOMPARE(m_service.orders.size(), std::size_t{1});
        QCOMPARE(int(m_service.orders[0].kind), kind);
        QCOMPARE(QString::fromStdString(m_service.orders[0].group), group);
        QCOMPARE(QString::fromStdString(m_service.orders[0].node), node);
        QCOMPARE(QString::fromStdString(m_service.orders[0].who), who);
    }

    void aRefusedOrderSaysWhy() {
        m_service.answer = {false, "beta is lost: there is nowhere to go"};
        const Answer answer = ask("POST", "/v1/groups/erp/switchover", "operate");
        QCOMPARE(answer.status, 409);
        QCOMPARE(answer.json()["text"].toString(), "beta is lost: there is nowhere to go");
    }

    void badBodiesAreRefused_data() {
        QTest::addColumn<QByteArray>("body");
        QTest::newRow("no JSON") << QByteArray("{\"on\":");
        QTest::newRow("no object") << QByteArray("[true]");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("other name") << QByteArray("{\"off\":true}");
        QTest::newRow("text instead of truth") << QByteArray("{\"on\":\"yes\"}");
    }
    void badBodiesAreRefused() {
        QFETCH(QByteArray, body);
        const Answer answer = ask("POST", "/v1/nodes/beta/maintenance", "operate", body);
        QCOMPARE(answer.status, 400);
        QVERIFY(answer.remedy().contains("{\"on\": true}"));
        QVERIFY(m_service.orders.empty());
    }

    void unknownPathsAndNames_data() {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("target");
        QTest::newRow("path") << QByteArray("GET") << QByteArray("/v2/state");
        QTest::newRow("root") << QByteArray("GET") << QByteArray("/");
        QTest::newRow("slash behind") << QByteArray("GET") << QByteArray("/v1/state/");
        QTest::newRow("empty name") << QByteArray("POST") << QByteArray("/v1/groups//switchover");
        QTest::newRow("slash in name") << QByteArray("POST") << QByteArray("/v1/groups/a%2fb/switchover");
        QTest::newRow("group") << QByteArray("POST") << QByteArray("/v1/groups/crm/switchover");
        QTest::newRow("group of active") << QByteArray("GET") << QByteArray("/v1/groups/crm/active");
        QTest::newRow("node") << QByteArray("POST") << QByteArray("/v1/nodes/gamma/maintenance");
    }
    void unknownPathsAndNames() {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, target);
        const Answer answer = ask(method, target, "operate", method == "POST" ? "{\"on\":true}" : "");
        QCOMPARE(answer.status, 404);
        QVERIFY(!answer.remedy().isEmpty());
        QVERIFY(m_service.orders.empty());
    }

    void aWrongMethodIsToldTheRightOne() {
        const Answer get = ask("GET", "/v1/groups/erp/switchover", "operate");
        QCOMPARE(get.status, 405);
        QVERIFY(get.header.contains("Allow: POST"));
        const Answer put = ask("DELETE", "/v1/state", "administer");
        QCOMPARE(put.status, 405);
        QVERIFY(put.header.contains("Allow: GET, HEAD"));
        QVERIFY(m_service.orders.empty());
    }

    void aLoadBalancerNeedsNoToken() {
        QCOMPARE(ask("GET", "/v1/groups/erp/active").status, 200);
        m_service.shown.groups[0].ownRole = model::Role::Standby;
        QCOMPARE(ask("GET", "/v1/groups/erp/active").status, 503);
        m_service.shown.groups[0].ownRole = model::Role::Starting; // not before it serves
        QCOMPARE(ask("GET", "/v1/groups/erp/active").status, 503);
    }

    void headIsGetWithoutABody() {
        const Answer answer = ask("HEAD", "/v1/groups/erp/active");
        QCOMPARE(answer.status, 200);
        QVERIFY(answer.header.contains("Content-Length: "));
        QVERIFY(answer.body.isEmpty());
    }

    void theJournalComesInPages() {
        for (int i = 0; i < 5; ++i)
            m_service.write("order", "erp", "entry");
        const Answer first = ask("GET", "/v1/journal?after=1&limit=2", "view");
        QCOMPARE(first.status, 200);
        const auto page = control::journalPageFromJson(first.json());
        QVERIFY(page.ok());
        QCOMPARE(page.value().entries.size(), std::size_t{2});
        QCOMPARE(page.value().entries[0].sequence, std::uint64_t{2});
        QCOMPARE(page.value().lastSequence, std::uint64_t{5});
        QCOMPARE(ask("GET", "/v1/journal?after=x", "view").status, 400);
        QCOMPARE(ask("GET", "/v1/journal?limit=0", "view").status, 400);
        QCOMPARE(ask("GET", "/v1/journal?after=-1", "view").status, 400);
    }

    void theEndOfAnOldJournalIsFound() {
        m_server.reset(); // it was there before the server was
        for (const std::uint64_t first : {1u, 2u, 3u, 900u}) {
            for (const std::uint64_t count : {1u, 2u, 7u, 64u}) {
                m_service.journal.clear();
                for (std::uint64_t i = 0; i < count; ++i)
                    m_service.journal.push_back({.sequence = first + i});
                QCOMPARE(control::lastSequenceOf(m_service), first + count - 1);
            }
        }
    }

    void metricsNeedAToken() {
        QCOMPARE(ask("GET", "/metrics").status, 401);
        const Answer answer = ask("GET", "/metrics", "view");
        QCOMPARE(answer.status, 200);
        QVERIFY(answer.header.contains("Content-Type: text/plain; version=0.0.4"));
        QVERIFY(answer.body.contains("dyad_group_active{group=\"erp\"} 1\n"));
        QVERIFY(answer.body.contains("dyad_control_refused_tokens_total 1\n"));
    }

    void requestsMayBePipelined() {
        RawClient client(m_server->port());
        QVERIFY(client.encrypted());
        client.send("GET /v1/groups/erp/active HTTP/1.1\r\nHost: a\r\n\r\n"
                    "POST /v1/groups/erp/switchover HTTP/1.1\r\nHost: a\r\nAuthorization: bearer "
                    "operate\r\nContent-Length: 2\r\n\r\n{}"
                    "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        QVERIFY(client.waitClosed());
        const QByteArray all = client.received();
        const qsizetype first = all.indexOf("HTTP/1.1 200");
        const qsizetype second = all.indexOf("HTTP/1.1 202");
        const qsizetype third = all.indexOf("HTTP/1.1 404");
        QVERIFY(first == 0 && second > first && third > second);
    }

    void aRequestMayComeByteByByte() {
        RawClient client(m_server->port());
        QVERIFY(client.encrypted());
        for (const char each : QByteArray("GET /v1/groups/erp/active HTTP/1.1\r\nHost: a\r\n\r\n")) {
            client.send(QByteArray(1, each));
            QCoreApplication::processEvents();
        }
        QVERIFY(client.waitFor("HTTP/1.1 200"));
    }

    void anOlderTlsIsRefused() {
        RawClient client(m_server->port(), QSsl::TlsV1_2);
        QVERIFY(!client.encrypted());
        QCOMPARE(ask("GET", "/v1/groups/erp/active").status, 200); // and nobody else suffers
    }

    void tokensCanBeExchanged() {
        m_server->server().setTokens(control::TokenTable());
        QCOMPARE(ask("GET", "/v1/state", "view").status, 401);
    }
};

QTEST_GUILESS_MAIN(ControlServerTest)
#include "control_server_test.moc"
