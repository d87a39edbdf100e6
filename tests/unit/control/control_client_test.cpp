// SPDX-License-Identifier: Apache-2.0
// The client against real servers: finding one, trusting it, ordering, following.
#include "raw_client.h"
#include "running_server.h"

#include "control/client/client.h"
#include "control/client/follower.h"

#include <QSignalSpy>
#include <QTcpServer>
#include <QTest>

#include <memory>

using namespace dyad;
using namespace dyad::test;
using control::Failure;

namespace {

// A port of loopback on which nobody listens (any more).
QUrl deadUrl() {
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    return QUrl(QStringLiteral("https://127.0.0.1:%1").arg(server.serverPort()));
}

} // namespace

class ControlClientTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    Certificate m_otherCertificate;
    FakeService m_alpha;
    FakeService m_beta;

    control::ClientSettings settings(std::vector<QUrl> urls, const QByteArray& token = "operate") const {
        return {.urls = std::move(urls),
                .token = token,
                .pin = control::loadPin(m_certificate.folder() / "certificate.pem").value()};
    }

    static control::Reply<model::ClusterView> stateOf(control::Client& client) {
        std::optional<control::Reply<model::ClusterView>> got;
        client.fetchState([&](const control::Reply<model::ClusterView>& reply) { got = reply; });
        if (!QTest::qWaitFor([&] { return got.has_value(); }, guardMs)) qFatal("no answer");
        return *got;
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made() && m_otherCertificate.made()); }
    void init() {
        m_alpha = FakeService();
        m_alpha.shown = healthyView();
        m_beta = FakeService();
        m_beta.shown = healthyView();
        m_beta.shown.node = "beta";
    }

    void theStateArrives() {
        RunningServer server(m_alpha, m_certificate);
        control::Client client(settings({server.url()}));
        const auto state = stateOf(client);
        QVERIFY(state.ok());
        QCOMPARE(control::toJson(state.value()), control::toJson(m_alpha.shown));
        QCOMPARE(client.current(), server.url());
    }

    void aDeadNodeIsPassedOver() {
        RunningServer server(m_beta, m_certificate);
        control::Client client(settings({deadUrl(), server.url()}));
        const auto state = stateOf(client);
        QVERIFY(state.ok());
        QCOMPARE(state.value().node, std::string("beta"));
    }

    void aNodeThatNeverAnswersDoesNotHoldItUp() {
        QTcpServer mute;
        QVERIFY(mute.listen(QHostAddress::LocalHost)); // accepts, and says nothing
        RunningServer server(m_beta, m_certificate);
        control::ClientSettings patient =
            settings({QUrl(QStringLiteral("https://127.0.0.1:%1").arg(mute.serverPort())), server.url()});
        patient.tryNext = 20ms;
        patient.answer = 1h;
        control::Client client(patient);
        QVERIFY(stateOf(client).ok());
    }

    void nobodyThereIsUnreachable() {
        control::Client client(settings({deadUrl(), deadUrl()}));
        const auto state = stateOf(client);
        QVERIFY(!state.ok());
        QCOMPARE(int(state.failure().kind), int(Failure::Kind::Unreachable));
        QVERIFY(state.failure().error.remedy.find("dyadd") != std::string::npos);
        control::Client nowhere(settings({}));
        QCOMPARE(int(stateOf(nowhere).failure().kind), int(Failure::Kind::Unreachable));
    }

    void anotherCertificateIsMistrusted() {
        RunningServer impostor(m_alpha, m_otherCertificate);
        control::Client client(settings({impostor.url()}));
        const auto state = stateOf(client);
        QVERIFY(!state.ok());
        QCOMPARE(int(state.failure().kind), int(Failure::Kind::Mistrusted));
        QCOMPARE(impostor.server().counters().requests, std::uint64_t{0}); // the token never left
    }

    void aRefusalIsToldInTheServicesWords() {
        RunningServer server(m_alpha, m_certificate);
        control::Client client(settings({server.url()}, "guess"));
        const auto state = stateOf(client);
        QVERIFY(!state.ok());
        QCOMPARE(int(state.failure().kind), int(Failure::Kind::Refused));
        QVERIFY(state.failure().error.text().find("the token isn't known here") != std::string::npos);
    }

    void ordersAndTheirAnswers() {
        RunningServer server(m_alpha, m_certificate);
        control::Client client(settings({server.url()}));
        const auto give = [&](const model::Order& order) {
            std::optional<control::Reply<model::OrderAnswer>> got;
            client.order(order, [&](const control::Reply<model::OrderAnswer>& reply) { got = reply; });
            if (!QTest::qWaitFor([&] { return got.has_value(); }, guardMs)) qFatal("no answer");
            return *got;
        };
        QVERIFY(give({model::OrderKind::Switchover, "erp", "", ""}).value().accepted);
        QVERIFY(give({model::OrderKind::MaintenanceOff, "", "beta", ""}).value().accepted);
        m_alpha.shown.groups[0].activeNode = "beta"; // the first order is over
        m_alpha.answer = {false, "not now"};
        const auto refused = give({model::OrderKind::Switchback, "erp", "", ""});
        QVERIFY(refused.ok()); // an answer like any other
        QVERIFY(!refused.value().accepted);
        QCOMPARE(refused.value().text, std::string("not now"));
        QCOMPARE(m_alpha.orders.size(), std::size_t{3});
        const auto unknown = give({model::OrderKind::Switchover, "no such/group", "", ""});
        QCOMPARE(int(unknown.failure().kind), int(Failure::Kind::Refused));
        QCOMPARE(m_alpha.orders.size(), std::size_t{3});
    }

    void theJournalIsRead() {
        for (int i = 0; i < 5; ++i)
            m_alpha.write("order", "erp", "entry");
        RunningServer server(m_alpha, m_certificate);
        control::Client client(settings({server.url()}));
        std::optional<control::Reply<control::JournalPage>> got;
        client.fetchJournal(3, 10, [&](const control::Reply<control::JournalPage>& reply) { got = reply; });
        QVERIFY(QTest::qWaitFor([&] { return got.has_value(); }, guardMs));
        QCOMPARE(got->value().entries.size(), std::size_t{2});
        QCOMPARE(got->value().lastSequence, std::uint64_t{5});
    }

    void aFollowerGoesOnWhereItStopped() {
        auto server = std::make_unique<RunningServer>(m_alpha, m_certificate);
        QVERIFY(server->started());
        control::Follower follower({.service = settings({server->url()}), .firstRetry = 10ms, .lastRetry = 50ms});
        QByteArray ids;
        int views = 0;
        QSignalSpy lost(&follower, &control::Follower::lost);
        connect(&follower, &control::Follower::entryReceived, this,
                [&](const model::JournalEntry& entry) { ids += QByteArray::number(qulonglong(entry.sequence)) + " "; });
        connect(&follower, &control::Follower::viewReceived, this, [&] { ++views; });
        follower.start(std::nullopt);
        QVERIFY(QTest::qWaitFor([&] { return views > 0; }, guardMs));
        m_alpha.write("order", "erp", "one");
        QVERIFY(QTest::qWaitFor([&] { return ids == "1 "; }, guardMs));

        const std::uint16_t port = server->port();
        server.reset();
        QVERIFY(QTest::qWaitFor([&] { return !lost.isEmpty(); }, guardMs));
        m_alpha.write("order", "erp", "two"); // while nobody listened
        m_alpha.write("order", "erp", "three");
        views = 0;
        control::Server again(m_alpha,
                              control::ServerSettings{.addresses = {"127.0.0.1"},
                                                      .port = port,
                                                      .tls = control::loadServerTls(m_certificate.folder()).value(),
                                                      .tokens = threeTokens(),
                                                      .bounds = {.bindRetry = 20ms}});
        QVERIFY(again.start().ok());
        QVERIFY(QTest::qWaitFor([&] { return views > 0; }, guardMs));
        m_alpha.write("order", "erp", "four");
        QVERIFY(QTest::qWaitFor([&] { return ids.contains("4"); }, guardMs));
        QCOMPARE(ids, QByteArray("1 2 3 4 ")); // nothing twice, nothing missing
    }

    // Each node counts its own journal: what was read on alpha says nothing of where to go on at beta.
    void aFollowerKeepsTheJournalsApart() {
        for (int i = 0; i < 9; ++i)
            m_beta.write("order", "erp", "old");
        auto alpha = std::make_unique<RunningServer>(m_alpha, m_certificate);
        RunningServer beta(m_beta, m_certificate);
        control::Follower follower(
            {.service = settings({alpha->url(), beta.url()}), .firstRetry = 10ms, .lastRetry = 50ms});
        std::vector<std::string> seen;
        std::string node;
        connect(&follower, &control::Follower::entryReceived, this,
                [&](const model::JournalEntry& entry) { seen.push_back(entry.text); });
        connect(&follower, &control::Follower::viewReceived, this,
                [&](const model::ClusterView& view) { node = view.node; });
        follower.start(std::nullopt);
        QVERIFY(QTest::qWaitFor([&] { return node == "alpha"; }, guardMs));
        m_alpha.write("order", "erp", "on alpha");
        QVERIFY(QTest::qWaitFor([&] { return seen.size() == 1; }, guardMs));
        alpha.reset();
        QVERIFY(QTest::qWaitFor([&] { return node == "beta"; }, guardMs));
        m_beta.write("order", "erp", "on beta");
        QVERIFY(QTest::qWaitFor([&] { return seen.size() == 2; }, guardMs));
        QCOMPARE(seen[1], std::string("on beta"));
    }

    void aFollowerThatIsRefusedGivesUp() {
        RunningServer server(m_alpha, m_certificate);
        control::Follower follower({.service = settings({server.url()}, "guess")});
        QSignalSpy gaveUp(&follower, &control::Follower::gaveUp);
        follower.start(std::nullopt);
        QVERIFY(QTest::qWaitFor([&] { return !gaveUp.isEmpty(); }, guardMs));
    }

    void aFollowerTrustsOnlyThePin() {
        RunningServer impostor(m_alpha, m_otherCertificate);
        control::Follower follower({.service = settings({impostor.url()})});
        std::optional<Failure::Kind> kind;
        connect(&follower, &control::Follower::lost, this, [&](const Failure& failure) { kind = failure.kind; });
        follower.start(std::nullopt);
        QVERIFY(QTest::qWaitFor([&] { return kind.has_value(); }, guardMs));
        QCOMPARE(int(*kind), int(Failure::Kind::Mistrusted));
        QCOMPARE(impostor.server().counters().requests, std::uint64_t{0});
    }
};

QTEST_GUILESS_MAIN(ControlClientTest)
#include "control_client_test.moc"
